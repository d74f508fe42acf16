/**
 * A compute cluster's way into Michelangelo and out of it. Every step begins with what is there, so that whatever ended the last try is made good by
 * the next: a token is taken away only when Michelangelo has been seen to do without it.
 */
import { createHash } from "node:crypto";
import { durationMs } from "../../sdk/michelangelo/duration";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { referenceTo, type KubernetesApi, type KubernetesObject } from "../kubernetes/api";
import { provenAccess, type Credentials } from "./access";
import {
  clusterObject,
  credentialObjects,
  inUseAnnotation,
  isAsWritten,
  secretReferences,
  sourceAnnotation,
  type RegistrationInputs,
} from "./cluster-object";
import { patiently, type Patience } from "./patience";
import { used } from "./readiness";
import { addressFor, type Sides } from "./sides";
import {
  chosen,
  filled,
  isFilled,
  isOld,
  makeTokenSecret,
  removeTokenSecrets,
  tokenSecrets,
  type FilledTokenSecret,
  type TokenSecret,
} from "./tokens";

const fieldManager = "pulumi-gpu-clusters";

export interface RegistrationOutputs {
  host: string;
  port: string;
  tokenSecret: string;
  tokenIssuedAt: string;
  clusterUid?: string;
  controlPlaneUid?: string;
  owner: string;
  status: string;
}

/** Brings both sides to what the inputs say. Safe to repeat. `begun` is called before anything is written. */
export async function register(
  sides: Sides,
  inputs: RegistrationInputs,
  owner: string,
  patience: Patience,
  begun: () => void,
): Promise<RegistrationOutputs> {
  const { compute, control } = sides;
  const { signal } = patience;
  const { clusterName } = inputs;
  const address = addressFor(inputs);
  begun();
  const secret = await currentToken(sides, inputs, patience);
  const credentials = credentialsOf(inputs, secret);
  const { proxyUrl } = parseKubeconfig(inputs.kubeconfig);
  await provenAccess(address, credentials, inputs.apiServer === undefined && proxyUrl === undefined, patience);
  const inUse = await annotationOf(control, clusterName, inUseAnnotation, signal);
  const mark = fingerprint(credentials);
  for (const object of objectsOf(inputs, owner, secret)) await applied(control, object, patience);
  await used(control, inputs, { address, mustRestart: inUse !== undefined && inUse !== mark }, patience);
  const annotations = { [inUseAnnotation]: mark };
  await control.patch(secretReferences(clusterName).token, { metadata: { annotations } }, signal);
  const all = await tokenSecrets(compute, clusterName, signal);
  const old = all.map(({ name }) => name).filter((name) => name !== secret.name);
  await removeTokenSecrets(compute, old, signal);
  return { ...address, tokenSecret: secret.name, tokenIssuedAt: secret.issuedAt, owner, status: "ready" };
}

/** What somebody has changed or deleted on the control plane, in words; undefined: nothing. */
export async function changedByHand(
  { control }: Sides,
  inputs: RegistrationInputs,
  owner: string,
  secret: TokenSecret,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!isFilled(secret)) return undefined;
  for (const object of objectsOf(inputs, owner, secret)) {
    const what = `the ${nameOf(object)}`;
    const live = await control.read(referenceTo(object), signal);
    if (live === undefined) return `${what} is gone`;
    if (!isAsWritten(live, object)) return `${what} was changed by somebody`;
  }
  return undefined;
}

/** All that the control plane has of a registration, the Cluster last. */
function objectsOf(inputs: RegistrationInputs, owner: string, secret: FilledTokenSecret): KubernetesObject[] {
  return [
    ...credentialObjects(inputs.clusterName, credentialsOf(inputs, secret), secret.name),
    clusterObject(inputs, addressFor(inputs), owner),
  ];
}

function credentialsOf({ kubeconfig }: RegistrationInputs, secret: FilledTokenSecret): Credentials {
  const { certificateAuthority, trustsSystem } = parseKubeconfig(kubeconfig);
  // The cluster's own did not sign for a server that everybody trusts.
  return { token: secret.token, authority: certificateAuthority ?? (trustsSystem ? "" : secret.authority) };
}

/** The token to use, made where there is none or the present one is too old. */
async function currentToken({ compute, control }: Sides, inputs: RegistrationInputs, patience: Patience) {
  const { clusterName, rotateEvery } = inputs;
  const { signal } = patience;
  const all = await tokenSecrets(compute, clusterName, signal);
  const inUse = await annotationOf(control, clusterName, sourceAnnotation, signal);
  const present = all.find(({ name }) => name === inUse);
  const isDue = present !== undefined && isOld(present.issuedAt, everyMs(rotateEvery), Date.now());
  const next: TokenSecret = chosen(all, inUse, isDue) ?? (await makeTokenSecret(compute, clusterName, patience));
  return filled(compute, next.name, patience);
}

export function everyMs(rotateEvery: string | undefined): number | undefined {
  return rotateEvery === undefined ? undefined : durationMs(rotateEvery);
}

/** What the control plane's token Secret says of the token. */
async function annotationOf(
  control: KubernetesApi,
  clusterName: string,
  annotation: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const secret = await control.read(secretReferences(clusterName).token, signal);
  return secret?.metadata.annotations?.[annotation];
}

function fingerprint({ token, authority }: Credentials): string {
  return createHash("sha256").update(`${token}\n${authority}`).digest("hex");
}

async function applied(control: KubernetesApi, object: KubernetesObject, patience: Patience): Promise<void> {
  const what = nameOf(object);
  await patiently(
    what,
    patience,
    () => control.apply(object, { fieldManager, force: true }, patience.signal),
    (reason) => `${what} of Michelangelo's control plane could not be written: ${reason}`,
  );
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
