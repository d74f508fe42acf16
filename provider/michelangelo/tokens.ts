/**
 * The token Secrets of `ray-manager` in the compute cluster. The control plane's Secret says which of them Michelangelo has; one that is newer is
 * of a rotation that did not come to its end, and is taken up.
 */
import { computeNamespace, serviceAccount, tokenSecret as firstName } from "../../sdk/michelangelo/names";
import type { KubernetesApi, KubernetesObject } from "../kubernetes/api";
import { NotYet } from "../kubernetes/handlers/wait";
import { patiently, type Patience } from "./patience";

/** On what belongs to a registration; its value is the cluster's name in Michelangelo. */
export const registrationLabel = "gpu-clusters/michelangelo-cluster";

const secrets = { apiVersion: "v1", kind: "Secret", namespace: computeNamespace };
const tokenType = "kubernetes.io/service-account-token";
const accountAnnotation = "kubernetes.io/service-account.name";
/** The token controller takes a second or two; nobody waits longer without being told. */
const fillSeconds = 60;

export interface TokenSecret {
  name: string;
  /** RFC 3339. */
  issuedAt: string;
  /** Undefined until Kubernetes has filled it. */
  token: string | undefined;
  /** PEM of the cluster's authority. */
  authority: string | undefined;
}

export interface FilledTokenSecret extends TokenSecret {
  token: string;
  authority: string;
}

export function isFilled(secret: TokenSecret): secret is FilledTokenSecret {
  return secret.token !== undefined && secret.authority !== undefined;
}

/** Those of this registration, the oldest first. */
export async function tokenSecrets(
  compute: KubernetesApi,
  clusterName: string,
  signal: AbortSignal,
): Promise<TokenSecret[]> {
  const labelled = await compute.list({ ...secrets, labelSelector: `${registrationLabel}=${clusterName}` }, signal);
  // Where Michelangelo runs in the compute cluster itself, what it reads is there, too.
  const found = labelled.filter((secret) => secret["type"] === tokenType);
  const order = ({ issuedAt, name }: TokenSecret) => `${issuedAt} ${String(name.length).padStart(3, "0")} ${name}`;
  return found.map(parsed).sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Which is to be used: the present one, one that a rotation has left unused, or none: one must be made. Pure. */
export function chosen(
  all: readonly TokenSecret[],
  inUse: string | undefined,
  isDue: boolean,
): TokenSecret | undefined {
  const present = all.findIndex(({ name }) => name === inUse);
  if (present === -1) return all.at(-1);
  return isDue ? all.slice(present + 1).at(-1) : all[present];
}

export function isOld(issuedAt: string, everyMs: number | undefined, now: number): boolean {
  return everyMs !== undefined && now - Date.parse(issuedAt) >= everyMs;
}

export async function makeTokenSecret(
  compute: KubernetesApi,
  clusterName: string,
  patience: Patience,
): Promise<TokenSecret> {
  const metadata = {
    namespace: computeNamespace,
    labels: { [registrationLabel]: clusterName },
    annotations: { [accountAnnotation]: serviceAccount },
  };
  const attempt = async () => {
    const taken = (await compute.list(secrets, patience.signal)).map(({ metadata: { name } }) => name);
    let [name, number] = [firstName, 1];
    while (taken.includes(name)) name = `${firstName}-${++number}`;
    const secret = { ...secrets, metadata: { ...metadata, name }, type: tokenType };
    return parsed(await compute.create(secret, patience.signal));
  };
  return patiently(
    "a token Secret",
    patience,
    attempt,
    (reason) => `no token Secret could be made in the compute cluster: ${reason}`,
  );
}

/** Waits until Kubernetes has filled it, and says why it has not. */
export async function filled(compute: KubernetesApi, name: string, patience: Patience): Promise<FilledTokenSecret> {
  const { signal } = patience;
  const own = { ...patience, until: Math.min(patience.until, Date.now() + fillSeconds * 1000) };
  const attempt = async () => {
    const secret = await compute.read({ ...secrets, name }, signal);
    if (secret === undefined) return new NotYet(await whyDeleted(compute, signal));
    const found = parsed(secret);
    return isFilled(found) ? found : new NotYet(await whyEmpty(compute, secret, signal));
  };
  return patiently(
    `the token Secret ${computeNamespace}/${name} to be populated`,
    own,
    attempt,
    (reason) => `the token Secret ${computeNamespace}/${name} of the compute cluster is not populated: ${reason}`,
  );
}

async function accountExists(compute: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  const reference = { apiVersion: "v1", kind: "ServiceAccount", namespace: computeNamespace, name: serviceAccount };
  return (await compute.read(reference, signal)) !== undefined;
}

const noAccount = `there is no ServiceAccount ${computeNamespace}/${serviceAccount}, whose token it would be`;

async function whyDeleted(compute: KubernetesApi, signal: AbortSignal): Promise<string> {
  return (await accountExists(compute, signal)) ? "it was deleted by somebody" : `it was deleted, because ${noAccount}`;
}

async function whyEmpty(compute: KubernetesApi, secret: KubernetesObject, signal: AbortSignal): Promise<string> {
  const named = secret.metadata.annotations?.[accountAnnotation];
  if (named !== serviceAccount)
    return `its annotation ${accountAnnotation} is "${named ?? ""}" and must be "${serviceAccount}"`;
  if (!(await accountExists(compute, signal))) return noAccount;
  return "Kubernetes' token controller has not filled it: look whether kube-controller-manager runs in the compute cluster";
}

export async function removeTokenSecrets(
  compute: KubernetesApi,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) await compute.delete({ ...secrets, name }, undefined, signal);
}

function parsed(secret: KubernetesObject): TokenSecret {
  const { name = "", creationTimestamp = "" } = secret.metadata;
  const data = (secret["data"] ?? {}) as Record<string, string>;
  const entry = (key: string) => (data[key] ? Buffer.from(data[key], "base64").toString("utf8") : undefined);
  return { name, issuedAt: creationTimestamp, token: entry("token"), authority: entry("ca.crt") };
}
