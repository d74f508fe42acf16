/** A cluster that does not answer when something in it is to be deleted. */
import type { ResourceLog } from "../server/resource";
import { messageOf } from "../../sdk/message";
import { KubernetesApiError } from "./api";

/** Nobody answered. What an API server itself says is an answer. */
export class ClusterAway extends Error {
  override readonly name = "ClusterAway";
}

/** Whether a request failed because nobody answered it. */
export function isUnanswered(error: unknown): boolean {
  return error !== undefined && !(error instanceof KubernetesApiError);
}

/** Whether the user has said that what does not answer is gone for good. */
export function mayForget(): boolean {
  return process.env.PULUMI_K8S_DELETE_UNREACHABLE === "true";
}

/**
 * Throws it with what to do, unless the user has said that what is in a lost cluster counts as gone, by the same word as `@pulumi/kubernetes` has it.
 * @param what is there: `its mark`
 */
export function forgetOrThrow(error: unknown, what: string, log: Pick<ResourceLog, "warn">): void {
  if (!mayForget())
    throw new Error(
      `${messageOf(error)}. ${what} stays; \`pulumi destroy\` goes on once it answers. If it is gone for good, ` +
        "`PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy --refresh` forgets it",
      { cause: error },
    );
  log.warn(`${messageOf(error)}. ${what} is forgotten`);
}
