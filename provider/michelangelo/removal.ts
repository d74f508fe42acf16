/** A compute cluster's way out of Michelangelo. */
import { registrationNamespace } from "../../sdk/michelangelo/names";
import type { KubernetesApi } from "../kubernetes/api";
import { forgetOrThrow } from "../kubernetes/away";
import { NotYet } from "../kubernetes/handlers/wait";
import { clusterReference, secretReferences, type RegistrationInputs } from "./cluster-object";
import { finalizer } from "./condition";
import { patiently, type Patience } from "./patience";
import { reached, type Sides } from "./sides";
import { removeTokenSecrets, tokenSecrets } from "./tokens";

/** Takes the cluster out of Michelangelo, which first ends what it has there, and then the credentials. Already gone is success. */
export async function deregister(sides: Sides, inputs: RegistrationInputs, patience: Patience): Promise<void> {
  const { clusterName } = inputs;
  const { signal } = patience;
  const { control, compute } = sides;
  if (await isThere("Michelangelo's control plane", control, inputs.controlPlaneKubeconfig, patience)) {
    const attempt = async () => {
      const left = await removed(control, clusterName, signal);
      if (left !== undefined) return left;
      const { token, authority } = secretReferences(clusterName);
      await control.delete(token, undefined, signal);
      await control.delete(authority, undefined, signal);
      return "gone";
    };
    const explain = (reason: string) => `Michelangelo does not let the cluster "${clusterName}" go: ${reason}`;
    await patiently(`Michelangelo to let the cluster "${clusterName}" go`, patience, attempt, explain);
  }
  if (await isThere("the compute cluster", compute, inputs.kubeconfig, patience)) {
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

/** Undefined: it is gone. */
async function removed(control: KubernetesApi, clusterName: string, signal: AbortSignal): Promise<NotYet | undefined> {
  const reference = clusterReference(clusterName);
  // A control plane that has lost the kind has no object of it, which reads the same.
  const found = await control.read(reference, signal);
  if (found === undefined) return undefined;
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
