/** Why a group has fewer machines than it was asked for, and whether some of them may come yet. */
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import type { NodeGroupProblem } from "../node-groups/driver";
import { isCudoError } from "./errors";

/** The group has fewer machines than asked for; those that could be made are kept. */
export class GroupShortfall extends Error {
  override readonly name = "GroupShortfall";
  constructor(
    readonly group: string,
    readonly wanted: number,
    readonly missing: number,
    readonly problems: readonly NodeGroupProblem[],
    options?: ErrorOptions,
  ) {
    const reasons = [...new Set(problems.map(({ message }) => message))].join("; ");
    super(`node group "${group}": ${missing} of ${wanted} machines could not be made: ${reasons}`, options);
  }
}

/** Whether nothing was made, and nothing will come. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof OutcomeUnknown) return false;
  return !isCudoError(error, "unavailable", "alreadyExists") || error.unsent;
}

/** Undefined for errors that are not the cloud's answer to a request for a machine. */
export function problemOf(error: unknown): NodeGroupProblem | undefined {
  if (error instanceof OutcomeUnknown) return { kind: "lost", message: error.message, at: new Date() };
  if (!isCudoError(error, "capacity", "quota", "rateLimit", "invalid", "precondition", "permission", "unavailable")) {
    return undefined;
  }
  const kinds = { capacity: "capacity", quota: "quota", rateLimit: "quota", unavailable: "lost" } as const;
  const kind = error.kind in kinds ? kinds[error.kind as keyof typeof kinds] : "rejected";
  return { kind, message: error.message, at: new Date() };
}
