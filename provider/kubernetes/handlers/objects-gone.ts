import type { ObjectsGoneArgs } from "../../../sdk/kubernetes/objects-gone";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import { KubernetesApiError, referenceTo, type KubernetesApi, type KubernetesObject } from "../api";
import { ClusterAway, forgetOrThrow } from "../away";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, waitForAnswer } from "./wait";

export type ObjectsGoneInputs = Unwrap<ObjectsGoneArgs>;

export interface ObjectsGoneOutputs {
  status: "watched";
}

const defaultTimeoutSeconds = 300;
const mostTold = 5;

export const objectsGone = looking<ObjectsGoneInputs, ObjectsGoneOutputs>({
  check: (inputs) => checkKubeconfig(inputs),

  preview: (_inputs, state) => state?.outputs ?? { status: "watched" },

  create: async ({ controller }) => ({ id: controller, outputs: { status: "watched" } }),

  update: async (_id, _inputs, { outputs }) => outputs,

  async delete(_id, { inputs }, context) {
    try {
      await gone(inputs, context);
    } catch (failure) {
      if (!(failure instanceof ClusterAway)) throw failure;
      forgetOrThrow(failure, `What ${inputs.controller} looks after`, context.log);
    }
  },
});

function gone(
  { kubeconfig, controller, kinds, timeoutSeconds = defaultTimeoutSeconds }: ObjectsGoneInputs,
  { signal, log, timeoutMs = timeoutSeconds * 1000 }: ResourceContext,
): Promise<unknown> {
  let left: KubernetesObject[] = [];
  const attempt = async (api: KubernetesApi) => {
    // Looked at again each time: one may make others until it has gone itself.
    left = (await Promise.all(kinds.map((kind) => api.list(kind, signal).catch(noneOfNoKind)))).flat();
    for (const object of left)
      if (object.metadata.deletionTimestamp === undefined) await api.delete(referenceTo(object), undefined, signal);
    return left.length === 0 ? "gone" : new NotYet(`there are ${inWords(left)}`);
  };
  return waitForAnswer(attempt, {
    what: `what ${controller} looks after to go`,
    subject: `the cluster of ${controller}`,
    kubeconfig,
    timeoutMs,
    signal,
    log,
    timedOut: (reason, seconds) =>
      new Error(
        `what ${controller} looks after had not gone after ${seconds} s: ${reason}. It must run to let them go: look at its pods. Without it: ` +
          left.slice(0, mostTold).map(release).join("; "),
      ),
  });
}

function noneOfNoKind(error: unknown): KubernetesObject[] {
  if (error instanceof KubernetesApiError && error.statusCode === 404) return [];
  throw error;
}

function inWords(objects: readonly KubernetesObject[]): string {
  const names = objects.map(
    ({ kind, metadata: { namespace, name } }) => `${kind} ${[namespace, name].filter(Boolean).join("/")}`,
  );
  const more = names.length > mostTold ? ` and ${names.length - mostTold} more` : "";
  return names.slice(0, mostTold).join(", ") + more;
}

function release({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string {
  const place = namespace === undefined ? "" : ` -n ${namespace}`;
  const group = apiVersion.includes("/") ? `.${apiVersion.slice(0, apiVersion.indexOf("/"))}` : "";
  return `\`kubectl patch ${kind.toLowerCase()}${group}${place} ${name} --type merge -p '{"metadata":{"finalizers":null}}'\``;
}
