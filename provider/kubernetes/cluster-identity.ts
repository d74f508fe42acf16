/** Which cluster a kubeconfig leads to, whatever its address and its credentials are. */
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../sdk/message";
import { isForbidden, KubernetesApiError, type KubernetesApi } from "./api";
import { mayForget } from "./away";
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
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** Of the cluster that a kubeconfig leads to. Rejects where nobody answers. */
async function uidAt(kubeconfig: string, signal: AbortSignal): Promise<string | undefined> {
  return clusterUid(kubernetesApi(kubeconfig, { timeoutMs }), signal);
}

/** What is said of a cluster so that it is known again. */
export interface Identity {
  /** Its uid at first; undefined where that may not be read. */
  readonly identity?: string | undefined;
  /** Its uid as it was last seen: another one than `identity` in a cluster that was made anew in the old one's place. */
  readonly clusterUid?: string | undefined;
}

export type Identified = Identity & { readonly kubeconfig: string };

/** The cluster that a kubeconfig leads to, beside the one before. */
export interface Found extends Identity {
  /** `moved`: another one at another place. `anew`: another one at the place of the old one, to which the old kubeconfig leads as well. */
  readonly change?: "moved" | "anew";
}

/**
 * The same word for the same cluster, whatever its address, authority and proxy become; another for another one at another place. A cluster that was made anew
 * at the old one's place keeps its word: with another, all that is made in it would be deleted afterwards by the old kubeconfig, which leads to it.
 */
export async function identityOf(
  kubeconfig: string,
  then: Identified | undefined,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<Found> {
  const uid = await clusterUid(api, signal);
  const isSamePlace = then !== undefined && placeOf(then.kubeconfig) === placeOf(kubeconfig);
  if (uid === undefined) return isSamePlace ? wordsOf(then) : {};
  const known = then && uidOf(then);
  if (then === undefined || known === undefined) return { identity: uid, clusterUid: uid };
  if (uid === known) return { identity: then.identity, clusterUid: uid };
  const isAnew = then.kubeconfig === kubeconfig || (await leadsTo(then.kubeconfig, uid, isSamePlace, signal));
  return isAnew
    ? { identity: then.identity, clusterUid: uid, change: "anew" }
    : { identity: uid, clusterUid: uid, change: "moved" };
}

/** Whether a kubeconfig leads to the cluster that was known before; false where that cannot be told. */
export async function isSameCluster(then: KnownCluster, kubeconfig: string, signal: AbortSignal): Promise<boolean> {
  try {
    const uid = await uidAt(kubeconfig, signal);
    const known = then.uid ?? (await uidAt(then.kubeconfig, signal));
    return uid !== undefined && uid === known;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** States of before have the first uid alone. */
export function uidOf({ clusterUid: last, identity }: Identity): string | undefined {
  return last ?? identity;
}

/** Whether the cluster that the kubeconfig leads to is another by now than the state says. Who does not answer, or may not be asked, is the same. */
export async function isAnotherNow(then: Identified, signal: AbortSignal): Promise<boolean> {
  const known = uidOf(then);
  if (known === undefined) return false;
  try {
    const uid = await uidAt(then.kubeconfig, signal);
    return uid !== undefined && uid !== known;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Why what hangs on a cluster cannot be looked after in the one that was made anew in its place. */
export function anewRefusal(kubeconfig: string): string {
  return (
    `kubeconfig: the cluster at ${parseKubeconfig(kubeconfig).endpoint} is another one than before (its namespace kube-system has another uid), in the place of the ` +
    "old one: what this stack has in its state is not in it. `pulumi up --refresh` finds what is missing and makes it there. If the old one should still be " +
    "there, look to whom this address leads"
  );
}

/** What comes of it that a kubeconfig leads to another cluster at another place, for the user. Throws where the old one cannot be asked to delete anything. */
export async function moveTold(then: Identified, now: string, signal: AbortSignal): Promise<string> {
  const [before, after] = [then.kubeconfig, now].map((text) => parseKubeconfig(text).endpoint);
  const leads = `kubeconfig: leads to another cluster than before, at ${after}`;
  const silence = await silenceOf(then.kubeconfig, signal);
  if (silence === undefined)
    return `${leads}: what this stack has put into the one at ${before} is made in it, and then deleted in the old one`;
  const away = `${leads}, and the one at ${before} does not answer (${silence})`;
  if (mayForget()) return `${away}: what this stack had put into that is forgotten, and made in the other`;
  throw new Error(
    `${away}, so that what this stack has put into that could not be deleted. If it is gone for good, ` +
      "`PULUMI_K8S_DELETE_UNREACHABLE=true pulumi up --refresh` forgets that and makes all in the other; else run `pulumi up` again once it answers, or have " +
      "the kubeconfig lead to it again",
  );
}

function wordsOf({ identity, clusterUid: last }: Identity): Identity {
  return { identity, clusterUid: last };
}

/** Whether a kubeconfig leads to the cluster of this uid. */
async function leadsTo(kubeconfig: string, uid: string, isItsPlace: boolean, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await uidAt(kubeconfig, signal);
    return found === undefined ? isItsPlace : found === uid;
  } catch (error) {
    signal.throwIfAborted();
    // Credentials that it does not take delete nothing there either.
    return isItsPlace && !isUnauthorized(error);
  }
}

/** Why nothing can be deleted by this kubeconfig; undefined where somebody answers. */
async function silenceOf(kubeconfig: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await kubernetesApi(kubeconfig, { timeoutMs }).text("/version", signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof KubernetesApiError && !isUnauthorized(error) ? undefined : messageOf(error);
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.statusCode === 401;
}

function placeOf(kubeconfig: string): string {
  const { endpoint, certificateAuthority = "" } = parseKubeconfig(kubeconfig);
  return `${endpoint} ${certificateAuthority}`;
}

/** Addresses of two clusters. */
export interface Exchange {
  readonly before: string;
  readonly after: string;
}

/**
 * Why one cluster cannot take the other's place; undefined where it is the same, or has been made anew. One that answers no more is taken to be gone:
 * what was in it needs nobody's care.
 */
export async function registeredElsewhere(
  then: KnownCluster,
  now: KnownCluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const exchange = await exchangeOf(then, now, signal);
  return exchange && reasonOf(exchange);
}

/** The same for a check, where neither is known to answer: what cannot be told now is seen before anything is written. */
export async function registeredElsewhereAtCheck(
  then: string | undefined,
  now: unknown,
  signal: AbortSignal,
): Promise<string | undefined> {
  const exchange = await exchangeAtCheck(then, now, signal);
  return exchange && reasonOf(exchange);
}

/** Undefined where it is the same cluster, where the one before is not there any more, and where that cannot be told. */
export async function exchangeAtCheck(
  then: string | undefined,
  now: unknown,
  signal: AbortSignal,
): Promise<Exchange | undefined> {
  if (then === undefined || typeof now !== "string" || now === then) return undefined;
  try {
    const uid = await uidAt(now, signal);
    return await exchangeOf({ kubeconfig: then, uid: undefined }, { kubeconfig: now, uid }, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function exchangeOf(then: KnownCluster, now: KnownCluster, signal: AbortSignal): Promise<Exchange | undefined> {
  if (now.uid === undefined || now.uid === then.uid) return undefined;
  if (!(await isStillThere(then, now.uid, signal))) return undefined;
  const [before, after] = [then.kubeconfig, now.kubeconfig].map((text) => parseKubeconfig(text).endpoint);
  return { before: before!, after: after! };
}

function reasonOf({ before, after }: Exchange): string {
  return (
    `leads to another cluster, at ${after}: the one that was registered, at ${before}, is still there, and what the registration has put into it ` +
    "would stay behind. Register the other cluster under a name of its own, and take this registration out of the program; or set its cluster back"
  );
}

async function isStillThere({ kubeconfig, uid }: KnownCluster, other: string, signal: AbortSignal): Promise<boolean> {
  try {
    const live = await uidAt(kubeconfig, signal);
    // A cluster that was made anew may have the old one's address.
    return live === undefined ? uid !== undefined : live !== other && (uid === undefined || live === uid);
  } catch (error) {
    signal.throwIfAborted();
    // It takes the old credentials no more; but its authority is the old one's.
    return uid !== undefined && isUnauthorized(error);
  }
}
