import { isDeepStrictEqual } from "node:util";
import type { Unwrap } from "../../../sdk/pulumi";
import { endedCredentials } from "../../../sdk/kubernetes/credentials-end";
import { currentEntries, InvalidKubeconfig, parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { KubeconfigSecretArgs } from "../../../sdk/kubernetes/kubeconfig-secret";
import { looking } from "../../server/looking";
import type { CheckFailure, ResourceContext, ResourceState, UnknowableProperties } from "../../server/resource";
import { messageOf } from "../../../sdk/message";
import type { KubernetesApi, KubernetesObject } from "../api";
import { ClusterAway } from "../away";
import { isNearItsEnd } from "../certificates";
import { kubernetesApi } from "../client";
import { foreignKubeconfig, type ForeignCluster } from "../foreign-kubeconfig";
import { podTrouble, type Pod, type PodEvent } from "../pod-trouble";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, waitForAnswer } from "./wait";

export type KubeconfigSecretInputs = Unwrap<KubeconfigSecretArgs>;

const defaultTimeoutSeconds = 600;
const refreshTimeoutMs = 5_000;
/** How long one that cannot be used may stay: who writes it may be about to write it anew. */
const longestUnusableMs = 60_000;

/** It is there, and nobody could use it. */
class Unusable extends NotYet {}

export const kubeconfigSecret = looking<KubeconfigSecretInputs, ForeignCluster>({
  check: (inputs) => [...checkKubeconfig(inputs), ...checkServer(inputs)],

  // By then whoever wrote it has renewed it.
  plan: ({ outputs }) => (isOld(outputs) ? { outputs: ["clusterKubeconfig"] } : {}),

  preview: (inputs, state) => (state === undefined ? {} : foretoldNow(inputs, state)),

  /** Another cluster has taken the place: what is known of the old one leads nowhere. */
  drifted: async (state, { signal }) => ((await ofAnother(state, signal)) === undefined ? [] : ["clusterKubeconfig"]),

  async foresee(inputs, { signal }, state) {
    if (state === undefined) return {};
    const another = await ofAnother(state, signal);
    if (another === undefined) return foretoldNow(inputs, state);
    // With other inputs it is another place again.
    return isDeepStrictEqual(inputs, state.inputs) ? another : {};
  },

  async create(inputs, context) {
    return { id: `${inputs.namespace}/${inputs.name}`, outputs: await awaited(inputs, context) };
  },

  async again(state, { signal, log }) {
    const { inputs } = state;
    try {
      const found = await look(inputs, kubernetesApi(inputs.kubeconfig, { timeoutMs: refreshTimeoutMs }), signal);
      if (found === "gone") return undefined;
      if (!(found instanceof NotYet)) return { inputs, outputs: found };
      log.warn(`${nameOf(inputs)} cannot be used, so that what was in it is kept: ${found.reason}`);
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`${nameOf(inputs)} cannot be read, so that it is taken to be as it was: ${messageOf(error)}`);
    }
    return state;
  },

  async update(_id, inputs, state, context) {
    const isKept = isSameSecret(inputs, state.inputs) && !isOld(state.outputs);
    const read = isKept && (await ofAnother(state, context.signal)) === undefined;
    return awaited(inputs, context, read ? state.outputs.clusterKubeconfig : undefined);
  },
});

type Given = UnknowableProperties<KubeconfigSecretInputs>;
type State = ResourceState<KubeconfigSecretInputs, ForeignCluster>;

function foretoldNow(inputs: Given, state: State): Partial<ForeignCluster> {
  const { clusterKubeconfig, ...others } = foretold(inputs, state);
  return isOld(state.outputs) || clusterKubeconfig === undefined ? others : { ...others, clusterKubeconfig };
}

/** What the Secret has by now where that is a cluster with another authority: who writes it has made it anew. Undefined where it cannot be asked, too. */
async function ofAnother({ inputs, outputs }: State, signal: AbortSignal): Promise<ForeignCluster | undefined> {
  try {
    const found = await look(inputs, kubernetesApi(inputs.kubeconfig, { timeoutMs: refreshTimeoutMs }), signal);
    if (found instanceof NotYet || found === "gone") return undefined;
    return found.certificateAuthority === outputs.certificateAuthority ? undefined : found;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What was read stays, at another address and by another name too. */
function foretold({ clusterName, server, service, ...inputs }: Given, state: State): Partial<ForeignCluster> {
  const { inputs: then, outputs } = state;
  const now = { ...inputs, clusterName, server, service };
  if (!isSameSecret(now, then)) return {};
  if (isDeepStrictEqual([clusterName, server, service], [then.clusterName, then.server, then.service])) return outputs;
  return typeof clusterName === "string" && typeof server === "string"
    ? foreignKubeconfig(outputs.clusterKubeconfig, clusterName, server)
    : { certificateAuthority: outputs.certificateAuthority };
}

/** Whether what was read need not be read again. A cluster's administrator is renewed now and then: that changes nothing of what is in its Secrets. */
function isSameSecret(now: Given, then: KubeconfigSecretInputs): boolean {
  const place = ({ kubeconfig, namespace, name, key, triggers }: Given) => ({
    namespace,
    name,
    key,
    triggers,
    cluster: typeof kubeconfig === "string" ? clusterOf(kubeconfig) : undefined,
  });
  // The address that stands in the Secret was replaced.
  const isAddressed = now.server !== undefined || now.service !== undefined;
  const wasAddressed = then.server !== undefined || then.service !== undefined;
  return (isAddressed || !wasAddressed) && isDeepStrictEqual(place(now), place(then));
}

/** Of a certificate that is about to end; a token does not say so. */
function isOld({ clusterKubeconfig }: Partial<ForeignCluster>): boolean {
  if (clusterKubeconfig === undefined) return true;
  const { credentials } = parseKubeconfig(clusterKubeconfig);
  if (credentials.kind !== "certificate") return false;
  try {
    return isNearItsEnd(credentials.clientCertificate);
  } catch {
    // It is somebody else's text.
    return false;
  }
}

function clusterOf(kubeconfig: string): object {
  const { endpoint, certificateAuthority } = parseKubeconfig(kubeconfig);
  return { endpoint, certificateAuthority };
}

function checkServer({ server, service }: { server?: unknown; service?: unknown }): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (typeof server === "string" && !/^https:\/\/[^/?#@\s]+\/?$/.test(server))
    failures.push({ property: "server", reason: `"${server}" must be https://host:port` });
  if (server !== undefined && service !== undefined)
    failures.push({ property: "service", reason: "is given in place of server, not besides" });
  return failures;
}

/** `read`: the kubeconfig, where it was read already. */
async function awaited(
  inputs: KubeconfigSecretInputs,
  context: ResourceContext,
  read?: string,
): Promise<ForeignCluster> {
  let unusableSince: number | undefined;
  const attempt = async (api: KubernetesApi) => {
    const found = await look(inputs, api, context.signal, read);
    unusableSince = found instanceof Unusable ? (unusableSince ?? Date.now()) : undefined;
    return found === "gone" ? new NotYet("it does not exist") : found;
  };
  const hint = inputs.hint === undefined ? "" : `\n${inputs.hint}`;
  try {
    return await waitForAnswer(attempt, {
      what: `the kubeconfig in ${nameOf(inputs)}`,
      subject: nameOf(inputs),
      kubeconfig: inputs.kubeconfig,
      timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
      signal: context.signal,
      log: context.log,
      async hopeless(reason) {
        const isLasting = unusableSince !== undefined && Date.now() - unusableSince > longestUnusableMs;
        return isLasting ? new Error(`${nameOf(inputs)} gives no kubeconfig: ${reason}${hint}`) : undefined;
      },
      async timedOut(reason, seconds) {
        const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: refreshTimeoutMs });
        const pods = await troubledPods(inputs, api, context.signal);
        return new Error(
          `${nameOf(inputs)} gave no kubeconfig after ${seconds} s: ${reason}${pods.map((pod) => `\n  ${pod}`).join("")}${hint}`,
        );
      },
    });
  } catch (error) {
    if (!(error instanceof ClusterAway)) throw error;
    throw new Error(`${error.message}. \`pulumi up\` goes on once it answers`, { cause: error });
  }
}

async function look(
  inputs: KubeconfigSecretInputs,
  api: KubernetesApi,
  signal: AbortSignal,
  read?: string,
): Promise<ForeignCluster | NotYet | "gone"> {
  const { key = "config", clusterName } = inputs;
  const text = read ?? (await contentOf(inputs, api, signal));
  if (text === undefined) return "gone";
  if (text === "") return new NotYet(`it has no ${key}`);
  const server = inputs.server ?? (await serverOf(inputs, api, signal));
  if (server instanceof NotYet) return server;
  try {
    const foreign = foreignKubeconfig(text, clusterName, server);
    const ended = endedCredentials(currentEntries(foreign.clusterKubeconfig).user);
    return ended === undefined ? foreign : new Unusable(`in its ${key}, ${ended}: who wrote it has not renewed it`);
  } catch (error) {
    if (!(error instanceof InvalidKubeconfig)) throw error;
    return new Unusable(`its ${key} cannot be used: ${error.message}`);
  }
}

/** Empty where the Secret has no such entry, undefined where there is no Secret. */
async function contentOf(
  { namespace, name, key = "config" }: KubeconfigSecretInputs,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<string | undefined> {
  const secret = await api.read({ apiVersion: "v1", kind: "Secret", namespace, name }, signal);
  const data = secret?.["data"] as Record<string, string> | undefined;
  return secret && Buffer.from(data?.[key] ?? "", "base64").toString("utf8");
}

interface BalancedService extends KubernetesObject {
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

async function serverOf(
  { namespace, service }: KubeconfigSecretInputs,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<string | NotYet | undefined> {
  if (service === undefined) return undefined;
  const found = await api.read({ apiVersion: "v1", kind: "Service", namespace, name: service }, signal);
  if (found === undefined) return new NotYet(`there is no Service ${service}`);
  const { ip, hostname } = (found as BalancedService).status?.loadBalancer?.ingress?.[0] ?? {};
  const host = ip?.includes(":") ? `[${ip}]` : (ip ?? hostname);
  if (!host) return new NotYet(`Service ${service} has no address of a load balancer yet`);
  return /^([\w.-]+|\[[\da-f:.]+\])$/i.test(host)
    ? `https://${host}:443`
    : new NotYet(`Service ${service} has an address that is none: ${JSON.stringify(host)}`);
}

/** Never throws: it explains an error that is there already. */
async function troubledPods(
  { namespace }: KubeconfigSecretInputs,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<string[]> {
  const timely = AbortSignal.any([signal, AbortSignal.timeout(refreshTimeoutMs)]);
  const found = await Promise.all([
    api.list({ apiVersion: "v1", kind: "Pod", namespace }, timely),
    api.list({ apiVersion: "v1", kind: "Event", namespace, fieldSelector: "type=Warning" }, timely),
  ]).catch(() => undefined);
  const [pods, events] = (found ?? [[], []]) as [Pod[], PodEvent[]];
  return pods.flatMap((pod) => {
    const trouble = podTrouble(pod, events);
    return trouble === undefined ? [] : [`pod ${pod.metadata.name} ${trouble}`];
  });
}

function nameOf({ namespace, name }: KubeconfigSecretInputs): string {
  return `Secret ${namespace}/${name}`;
}
