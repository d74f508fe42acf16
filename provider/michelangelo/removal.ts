/** A compute cluster's way out of Michelangelo. */
import { registrationNamespace } from "../../sdk/michelangelo/names";
import { referenceTo, type KubernetesApi, type KubernetesObject } from "../kubernetes/api";
import { forgetOrThrow } from "../kubernetes/away";
import { NotYet } from "../kubernetes/handlers/wait";
import {
  addressOf,
  clusterReference,
  isOf,
  ofSomebodyElse,
  secretReferences,
  type RegistrationInputs,
} from "./cluster-object";
import { finalizer } from "./condition";
import { patiently, type Patience } from "./patience";
import { addressFor, reached, type Sides } from "./sides";
import { removeTokenSecrets, tokenSecrets } from "./tokens";

/**
 * Takes the cluster out of Michelangelo, which first ends what it has there, and then the credentials. Already gone is success, and so is a name that
 * somebody else has by now: what is there is left to him.
 */
export async function deregister(
  sides: Sides,
  inputs: RegistrationInputs,
  owner: string,
  patience: Patience,
): Promise<void> {
  const { clusterName } = inputs;
  const { signal } = patience;
  const { control, compute } = sides;
  let isInUse = false;
  if (await isThere("Michelangelo's control plane", control, inputs.controlPlaneKubeconfig, patience)) {
    const attempt = async () => {
      const found = await control.read(clusterReference(clusterName), signal);
      if (found !== undefined && !isOf(found, owner)) {
        const { host, port } = addressFor(inputs);
        // By its token, which the other one has found there.
        isInUse = addressOf(found) === `${host}:${port}`;
        patience.log.warn(`${ofSomebodyElse(clusterName)}, and stays`);
        return "somebody else's";
      }
      const left = await removed(control, found, signal);
      if (left !== undefined) return left;
      const { token, authority } = secretReferences(clusterName);
      await control.delete(token, undefined, signal);
      await control.delete(authority, undefined, signal);
      return "gone";
    };
    const explain = (reason: string) => `Michelangelo does not let the cluster "${clusterName}" go: ${reason}`;
    await patiently(`Michelangelo to let the cluster "${clusterName}" go`, patience, attempt, explain);
  }
  if (!isInUse && (await isThere("the compute cluster", compute, inputs.kubeconfig, patience))) {
    const attempt = async () => {
      const all = await tokenSecrets(compute, clusterName, signal);
      const names = all.map(({ name }) => name);
      await removeTokenSecrets(compute, names, signal);
      return "gone";
    };
    const explain = (reason: string) => `the token of "${clusterName}" is not taken back: ${reason}`;
    await patiently("the token to be deleted", patience, attempt, explain);
  }
}

/** Throws where it does not answer, unless what is there is to be forgotten then. */
async function isThere(who: string, api: KubernetesApi, kubeconfig: string, patience: Patience): Promise<boolean> {
  try {
    await reached(who, kubeconfig, patience, () => api.text("/version", patience.signal));
    return true;
  } catch (error) {
    patience.signal.throwIfAborted();
    forgetOrThrow(error, "What is registered there", patience.log);
    return false;
  }
}

/** @param found a control plane that has lost the kind has no object of it, too. Undefined: it is gone. */
async function removed(
  control: KubernetesApi,
  found: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<NotYet | undefined> {
  if (found === undefined) return undefined;
  const reference = referenceTo(found);
  const { name: clusterName } = reference;
  if (found.metadata.deletionTimestamp === undefined) await control.delete(reference, undefined, signal);
  const left = await control.read(reference, signal);
  if (left === undefined) return undefined;
  const finalizers = (left.metadata["finalizers"] ?? []) as string[];
  const cause = finalizers.includes(finalizer)
    ? "Michelangelo's controller manager, which alone takes its finalizer away, does not run or is stuck: start it again"
    : "somebody else holds it";
  return new NotYet(
    `the Cluster ${registrationNamespace}/${clusterName} waits for ${finalizers.join(", ")}: ${cause}. Without it: \`kubectl -n ` +
      `${registrationNamespace} patch clusters.michelangelo.api ${clusterName} --type merge -p '{"metadata":{"finalizers":null}}'\``,
  );
}
