import type { Unwrap } from "../../../sdk/pulumi";
import { platformConflict, type PlatformClaimArgs } from "../../../sdk/kubernetes/platform-claim";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../../sdk/message";
import { PartialFailure, type ResourceContext, type ResourceHandler, type ResourceState } from "../../server/resource";
import { isForbidden, KubernetesApiError, type KubernetesApi } from "../api";
import { ClusterAway, forgetOrThrow, isUnanswered } from "../away";
import { kubernetesApi } from "../client";
import { clusterUid, registeredElsewhere, registeredElsewhereAtCheck } from "../cluster-identity";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, unlessRefused, waitFor } from "./wait";

export type PlatformClaimInputs = Unwrap<PlatformClaimArgs>;

export interface PlatformClaimOutputs {
  owner: string;
  clusterUid?: string;
}

/** For a cluster that is there. */
const defaultTimeoutMs = 120_000;
const requestTimeoutMs = 10_000;
const previewTimeoutMs = 5_000;

const mark = { apiVersion: "v1", kind: "ConfigMap", name: "gpu-clusters-platform" };
/** The second where nobody may write to the first, as on GKE Autopilot. */
const namespaces = ["kube-system", "default"];

interface Mark {
  platform: string;
  owner: string;
}

type State = ResourceState<PlatformClaimInputs, PlatformClaimOutputs>;

export const platformClaim: ResourceHandler<PlatformClaimInputs, PlatformClaimOutputs> = {
  async check(inputs, { signal, urn }, before) {
    const failures = checkKubeconfig(inputs);
    const { kubeconfig, platform } = inputs;
    if (failures.length === 0) {
      const reason = await registeredElsewhereAtCheck(before?.kubeconfig, kubeconfig, signal);
      if (reason !== undefined) return [{ property: "kubeconfig", reason }];
    }
    // Whose claim is there already keeps it.
    if (failures.length > 0 || before?.platform === platform) return failures;
    if (typeof kubeconfig !== "string" || typeof platform !== "string") return failures;
    const api = kubernetesApi(kubeconfig, { timeoutMs: previewTimeoutMs });
    // A cluster that does not answer now is asked again before anything is written.
    const found = await markOf(api, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found === undefined || found.owner === urn || before !== undefined) return failures;
    return [{ property: "platform", reason: platformConflict(platform, found.platform) }];
  },

  // A cluster has one mark.
  plan: () => ({ deleteBeforeReplace: true }),

  // Another kubeconfig may be of the cluster that was made anew.
  preview: ({ kubeconfig }, state) =>
    state === undefined || kubeconfig === state.inputs.kubeconfig
      ? (state?.outputs ?? {})
      : { owner: state.outputs.owner },

  async create(inputs, context) {
    return { id: inputs.platform, outputs: await claimed(inputs, context) };
  },

  async read(id, state, { signal, log }) {
    if (state === undefined) throw new Error(`${id}: there is nothing to import, make it in the program`);
    const { inputs, outputs } = state;
    const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: previewTimeoutMs });
    try {
      const found = await markOf(api, signal);
      if (found?.owner !== outputs.owner) return undefined;
      return outputs.clusterUid === undefined ? { inputs, outputs: await identified(outputs, api, signal) } : state;
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`the cluster does not answer, so that its claim is taken to be there: ${messageOf(error)}`);
      return state;
    }
  },

  update: (_id, inputs, before, context) => claimed(inputs, context, before),

  async delete(_id, { inputs, outputs }, context) {
    const attempt = async (api: KubernetesApi) => {
      const found = await markOf(api, context.signal);
      if (found?.owner === outputs.owner) await api.delete({ ...mark, namespace: found.namespace }, {}, context.signal);
      return true as const;
    };
    try {
      await asked(inputs.kubeconfig, context, attempt);
    } catch (error) {
      if (!(error instanceof ClusterAway)) throw error;
      forgetOrThrow(error, "The mark", context.log);
    }
  },
};

/** @param before of one that is there: another cluster is refused while that one lives */
async function claimed(
  { kubeconfig, platform }: PlatformClaimInputs,
  context: ResourceContext,
  before?: State,
): Promise<PlatformClaimOutputs> {
  // It stays by another name of the resource.
  const owner = before?.outputs.owner ?? context.urn;
  const { signal } = context;
  let mayBeThere = false;
  const claim = async (api: KubernetesApi) => {
    const outputs = await identified({ owner }, api, signal);
    const reason = before && (await exchangedSince(before, kubeconfig, outputs.clusterUid, context));
    if (reason !== undefined) return new Error(`kubeconfig ${reason}`);
    const found = await markOf(api, signal);
    if (found === undefined) {
      mayBeThere = true;
      return (await isMarked(api, { platform, owner }, signal))
        ? outputs
        : new NotYet("another mark has just been made");
    }
    // Ours, from a create whose answer was lost, or whose `up` did not come to write it down.
    if (found.owner === owner && found.platform === platform) {
      if (!mayBeThere && before === undefined) context.log.warn(ownedTwice(platform));
      return outputs;
    }
    mayBeThere = false;
    return new Error(platformConflict(platform, found.platform));
  };
  try {
    return await asked(kubeconfig, context, claim);
  } catch (error) {
    if (!mayBeThere) throw error;
    // An answer may have been lost: whoever deletes this looks for it.
    throw new PartialFailure(platform, { owner }, [messageOf(error)], { cause: error });
  }
}

/** Names of stacks are another's in another backend. */
function ownedTwice(platform: string): string {
  return (
    `the cluster is registered with ${platform} already, by a resource of this very name: if no earlier \`pulumi up\` of this stack was cut off, a stack of ` +
    "the same name in another backend has it, too, and whichever is destroyed first takes the registration away from both"
  );
}

async function exchangedSince(
  { inputs, outputs }: State,
  kubeconfig: string,
  uid: string | undefined,
  { signal, log }: ResourceContext,
): Promise<string | undefined> {
  if (kubeconfig === inputs.kubeconfig) return undefined;
  const then = { kubeconfig: inputs.kubeconfig, uid: outputs.clusterUid };
  const reason = await registeredElsewhere(then, { kubeconfig, uid }, signal);
  if (reason === undefined && then.uid !== undefined && uid !== undefined && uid !== then.uid)
    log.warn(
      `the cluster at ${parseKubeconfig(then.kubeconfig).endpoint} is gone; ${inputs.platform} gets the one that took its place`,
    );
  return reason;
}

async function identified(
  outputs: PlatformClaimOutputs,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<PlatformClaimOutputs> {
  const uid = await clusterUid(api, signal);
  return { ...outputs, ...(uid !== undefined && { clusterUid: uid }) };
}

async function markOf(api: KubernetesApi, signal: AbortSignal): Promise<(Mark & { namespace: string }) | undefined> {
  for (const namespace of namespaces) {
    const found = await api.read({ ...mark, namespace }, signal).catch(undefinedWhereForbidden);
    const { platform = "another platform", owner = "" } = (found?.["data"] ?? {}) as Partial<Mark>;
    if (found !== undefined) return { platform, owner, namespace };
  }
  return undefined;
}

/** False where somebody else was quicker. */
async function isMarked(api: KubernetesApi, data: Mark, signal: AbortSignal): Promise<boolean> {
  const { apiVersion, kind, name } = mark;
  const labels = { "app.kubernetes.io/managed-by": "gpu-clusters" };
  let refusal: unknown;
  for (const namespace of namespaces)
    try {
      await api.create({ apiVersion, kind, metadata: { name, namespace, labels }, data }, signal);
      return true;
    } catch (error) {
      if (error instanceof KubernetesApiError && error.statusCode === 409) return false;
      if (!isForbidden(error)) throw error;
      refusal ??= error;
    }
  throw refusal;
}

function undefinedWhereForbidden(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  throw error;
}

async function asked<T extends object | true>(
  kubeconfig: string,
  context: ResourceContext,
  attempt: (api: KubernetesApi) => Promise<T | Error | NotYet>,
): Promise<T> {
  const api = kubernetesApi(kubeconfig, { timeoutMs: requestTimeoutMs });
  const what = `the mark in the cluster at ${parseKubeconfig(kubeconfig).endpoint}`;
  let last: unknown;
  const taken = unlessRefused(kubeconfig, () => attempt(api));
  const remembering = () => taken().catch((error: unknown) => Promise.reject((last = error) as Error));
  const result = await waitFor(remembering, {
    what,
    timeoutMs: context.timeoutMs ?? defaultTimeoutMs,
    signal: context.signal,
    log: context.log,
    timedOut: (reason, seconds) => {
      const message = `${what}, which keeps it for one platform, was not done after ${seconds} s: ${reason}`;
      return isUnanswered(last) ? new ClusterAway(message) : new Error(message);
    },
  });
  if (result instanceof Error) throw result;
  return result;
}
