import type { MachinesReturnedArgs } from "../../../sdk/kubernetes/machines-returned";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { CheckFailure, ResourceContext } from "../../server/resource";
import type { KubernetesApi } from "../api";
import { ClusterAway, forgetOrThrow } from "../away";
import { claimant, notReturned, placesOf, readMachines, type Machines } from "../machine-claims";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, unlessRefused, waitFor, waitForAnswer } from "./wait";

export type MachinesReturnedInputs = Unwrap<MachinesReturnedArgs>;

export interface MachinesReturnedOutputs {
  status: "watched";
}

const defaultTimeoutSeconds = 3600;
const firstLookMs = 60_000;

export const machinesReturned = looking<MachinesReturnedInputs, MachinesReturnedOutputs>({
  check: (inputs) => [...checkKubeconfig(inputs), ...checkHostKubeconfig(inputs)],

  preview: (_inputs, state) => state?.outputs ?? { status: "watched" },

  async create(inputs, context) {
    await looked(inputs, context);
    return { id: inputs.clusterName, outputs: { status: "watched" } };
  },

  update: async (_id, _inputs, { outputs }) => outputs,

  async delete(_id, { inputs }, context) {
    await returned(inputs, context);
  },
});

function checkHostKubeconfig({ hostKubeconfig: kubeconfig }: { hostKubeconfig?: unknown }): CheckFailure[] {
  return checkKubeconfig({ kubeconfig }).map((failure) => ({ ...failure, property: "hostKubeconfig" }));
}

/** Whether both kinds can be read. */
async function looked(inputs: MachinesReturnedInputs, context: ResourceContext): Promise<void> {
  const { machines } = claimant(inputs);
  const attempt = (): Promise<Machines> => readMachines(inputs, context.signal);
  await waitFor(unlessRefused(inputs.kubeconfig, attempt), {
    what: `${machines} and Metal3's hosts`,
    timeoutMs: context.timeoutMs ?? firstLookMs,
    signal: context.signal,
    log: context.log,
    timedOut: (reason) =>
      new Error(
        `${machines} and Metal3's BareMetalHosts in ${inputs.hostNamespace} cannot be read in the cluster at ` +
          `${placesOf(inputs)}: ${reason}. Both must run there; nothing of "${inputs.clusterName}" was made yet`,
      ),
  });
}

async function returned(inputs: MachinesReturnedInputs, context: ResourceContext): Promise<void> {
  const { clusterName, hint, timeoutSeconds = defaultTimeoutSeconds } = inputs;
  const endpoint = placesOf(inputs);
  const attempt = async (api: KubernetesApi) => {
    const kept = notReturned(await readMachines(inputs, context.signal, api));
    return kept.length > 0 ? new NotYet(kept.join("; ")) : true;
  };
  try {
    await waitForAnswer(attempt, {
      what: `the servers of "${clusterName}" to be free`,
      subject: claimant(inputs).name,
      kubeconfig: inputs.kubeconfig,
      timeoutMs: context.timeoutMs ?? timeoutSeconds * 1000,
      signal: context.signal,
      log: context.log,
      timedOut: (reason, seconds) =>
        new Error(
          `the servers of "${clusterName}" were not free after ${seconds} s, in the cluster at ${endpoint}:${reason
            .split("; ")
            .map((line) => `\n  ${line}`)
            .join(
              "",
            )}${hint === undefined ? "" : `\n${hint}`}\nThe cluster itself is gone; run the same again to wait on.`,
        ),
    });
  } catch (failure) {
    if (!(failure instanceof ClusterAway)) throw failure;
    forgetOrThrow(failure, `What "${clusterName}" has there`, context.log);
  }
}
