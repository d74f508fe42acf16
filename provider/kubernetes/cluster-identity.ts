/** Which cluster a kubeconfig leads to, whatever its address and its credentials are. */
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { KubernetesApiError, type KubernetesApi } from "./api";
import { kubernetesApi } from "./client";

export interface KnownCluster {
  readonly kubeconfig: string;
  /** Of its namespace kube-system, which it keeps for its life; undefined where that is not known. */
  readonly uid: string | undefined;
}

const timeoutMs = 5_000;

/** Undefined where it may not be read. */
export async function clusterUid(api: KubernetesApi, signal: AbortSignal): Promise<string | undefined> {
  try {
    const found = await api.read({ apiVersion: "v1", kind: "Namespace", name: "kube-system" }, signal);
    return found?.metadata.uid;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.statusCode === 403) return undefined;
    throw error;
  }
}

/** What is said of a cluster so that it is known again. */
export interface Identity {
  /** Its uid at first; undefined where that may not be read. */
  readonly identity?: string | undefined;
}

/**
 * The same word for the same cluster, whatever its address, authority and proxy become; another for another one at another place. A cluster that was made anew
 * at the old one's place keeps its word: what hung on the first is made anew there by a refresh, and nothing is deleted that was just made.
 */
export async function identityOf(
  kubeconfig: string,
  then: (Identity & { readonly kubeconfig: string }) | undefined,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<Identity> {
  if (then?.identity !== undefined && placeOf(then.kubeconfig) === placeOf(kubeconfig))
    return { identity: then.identity };
  const identity = await clusterUid(api, signal);
  return identity === undefined ? {} : { identity };
}

function placeOf(kubeconfig: string): string {
  const { endpoint, certificateAuthority = "" } = parseKubeconfig(kubeconfig);
  return `${endpoint} ${certificateAuthority}`;
}

/**
 * Why one cluster cannot take the other's place; undefined where it is the same, or has been made anew. One that answers no more is taken to be gone:
 * what was in it needs nobody's care.
 */
export async function exchanged(
  then: KnownCluster,
  now: KnownCluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (now.uid === undefined || now.uid === then.uid) return undefined;
  if (!(await isStillThere(then, now.uid, signal))) return undefined;
  const [before, after] = [then, now].map(({ kubeconfig }) => parseKubeconfig(kubeconfig).endpoint);
  return (
    `leads to another cluster, at ${after}: the one that was registered, at ${before}, is still there, and what the registration has put into it ` +
    "would stay behind. Register the other cluster under a name of its own, and take this registration out of the program; or set its cluster back"
  );
}

/** The same for a check, where neither is known to answer: what cannot be told now is seen before anything is written. */
export async function exchangedAtCheck(
  then: string | undefined,
  now: unknown,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (then === undefined || typeof now !== "string" || now === then) return undefined;
  try {
    const uid = await clusterUid(kubernetesApi(now, { timeoutMs }), signal);
    return await exchanged({ kubeconfig: then, uid: undefined }, { kubeconfig: now, uid }, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function isStillThere({ kubeconfig, uid }: KnownCluster, other: string, signal: AbortSignal): Promise<boolean> {
  try {
    const live = await clusterUid(kubernetesApi(kubeconfig, { timeoutMs }), signal);
    // A cluster that was made anew may have the old one's address.
    return live === undefined ? uid !== undefined : live !== other && (uid === undefined || live === uid);
  } catch (error) {
    signal.throwIfAborted();
    // It takes the old credentials no more; but its authority is the old one's.
    return uid !== undefined && error instanceof KubernetesApiError && error.statusCode === 401;
  }
}
