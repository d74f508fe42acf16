/** What Michelangelo says of a registered cluster, and what its silence means. */
import type { ApiServerAddress } from "../../sdk/michelangelo/address";
import { registrationNamespace } from "../../sdk/michelangelo/names";
import type { KubernetesApi } from "../kubernetes/api";
import { NotYet } from "../kubernetes/handlers/wait";
import { clusterReference, type RegistrationInputs } from "./cluster-object";
import { healthOf, type Health } from "./condition";
import { restart, restartCommand } from "./controller-manager";
import { patiently, type Patience } from "./patience";

/** After so long without a word, what Michelangelo has in memory may be of an earlier registration: it asks every 30 s. */
const silenceMs = 75_000;

/** Waits until Michelangelo says of the cluster what it did not say before, and that it is ready. */
export async function used(
  control: KubernetesApi,
  inputs: RegistrationInputs,
  { address, mustRestart }: { address: ApiServerAddress; mustRestart: boolean },
  patience: Patience,
): Promise<void> {
  const { clusterName, controllerManager: manager } = inputs;
  const { signal, log } = patience;
  const look = async () => {
    const cluster = await control.read(clusterReference(clusterName), signal);
    if (cluster === undefined)
      throw new Error(`the Cluster ${registrationNamespace}/${clusterName} was deleted by somebody`);
    return healthOf(cluster);
  };
  let isRestarted = false;
  const begunAnew = async () => {
    isRestarted = true;
    await restart(control, manager!, patience);
  };
  if (mustRestart && manager !== undefined) await begunAnew();
  if (mustRestart && manager === undefined)
    log.warn(`Michelangelo keeps the token that it read first: \`${restartCommand(manager)}\` on its control plane`);
  let before: Health | undefined;
  let since = Date.now();
  let last: Health | undefined;
  const attempt = async () => {
    last = await look();
    before ??= last;
    if (last.saidAtMs > before.saidAtMs) return last.ready ? "ready" : new NotYet(`it says${last.said}`);
    if (manager !== undefined && !isRestarted && last.taken && Date.now() - since > silenceMs) {
      await begunAnew();
      since = Date.now();
    }
    return new NotYet(last.taken ? "it has not reached the cluster yet" : "it has not taken the cluster up yet");
  };
  await patiently(`Michelangelo to use the cluster "${clusterName}"`, patience, attempt, (reason) =>
    explainSilence(inputs, address, last, isRestarted, reason),
  );
}

function explainSilence(
  { clusterName, controllerManager }: RegistrationInputs,
  { host, port }: ApiServerAddress,
  health: Health | undefined,
  isRestarted: boolean,
  reason: string,
): string {
  const what = `Michelangelo does not report the cluster "${clusterName}" as ready: ${reason}`;
  if (health === undefined) return what;
  if (!health.taken)
    return `${what}. Its controller manager does not run, or has no leader: look at its pods and logs on the control plane`;
  const stale = isRestarted
    ? ""
    : `. If ${host}:${port} was registered before, it may still use the token of then: \`${restartCommand(controllerManager)}\``;
  return (
    `${what}. Its controller manager must reach ${host}:${port} from the control plane: look ` +
    `whether the address leads there from its pods, and whether a firewall or the cluster's allowed ranges let it in${stale}`
  );
}
