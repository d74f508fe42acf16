import type { DeploymentStoppedArgs } from "../../../sdk/kubernetes/deployment-stopped";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { Unwrap } from "../../../sdk/pulumi";
import { messageOf } from "../../cloud/message";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import { kubernetesApi } from "../client";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, waitForAnswer } from "./wait";

export type DeploymentStoppedInputs = Unwrap<DeploymentStoppedArgs>;

export interface DeploymentStoppedOutputs {
  status: "running";
}

/** A pod has half a minute to end. An autoscaler that does not reach its cluster changes nothing after one minute. */
const longestWaitMs = 75_000;
/** A Deployment was made just before. */
const longestLookMs = 120_000;

export const deploymentStopped = looking<DeploymentStoppedInputs, DeploymentStoppedOutputs>({
  check: (inputs) => checkKubeconfig(inputs),

  preview: (_inputs, state) => state?.outputs ?? { status: "running" },

  create: async (inputs, context) => ({
    id: `${inputs.namespace}/${inputs.name}`,
    outputs: await seen(inputs, context),
  }),

  update: (_id, inputs, _state, context) => seen(inputs, context),

  async delete(_id, { inputs }, context) {
    const { namespace, name, labelSelector } = inputs;
    try {
      await waiting(inputs, context, context.timeoutMs ?? longestWaitMs, `pods of ${name} to end`, async (api) => {
        // Asked for each time: one that was not heard is asked again.
        await api.delete(referenceTo(inputs), { propagationPolicy: "Foreground" }, context.signal);
        const pods = await api.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, context.signal);
        const left = pods.map(({ metadata }) => metadata.name);
        return left.length === 0 ? undefined : new NotYet(`${left.join(", ")} has not ended`);
      });
    } catch (failure) {
      context.signal.throwIfAborted();
      // A cluster that is lost must not keep its machines in the account.
      context.log.warn(
        `${messageOf(failure)}. Whether ${name} still runs cannot be told: look for machines that it made after this`,
      );
    }
  },
});

/** A destroy that was cut may have stopped it, where the state still has it. */
async function seen(inputs: DeploymentStoppedInputs, context: ResourceContext): Promise<DeploymentStoppedOutputs> {
  const what = `the Deployment ${inputs.namespace}/${inputs.name}`;
  await waiting(inputs, context, context.timeoutMs ?? longestLookMs, what, async (api) => {
    const found = await api.read(referenceTo(inputs), context.signal);
    const gone = `${what} is not there, contrary to the state: pulumi up --refresh makes it again`;
    return found === undefined ? new Error(gone) : found;
  });
  return { status: "running" };
}

function referenceTo({ namespace, name }: DeploymentStoppedInputs) {
  return { apiVersion: "apps/v1", kind: "Deployment", namespace, name };
}

function waiting<T>(
  { kubeconfig, name }: DeploymentStoppedInputs,
  { signal, log }: ResourceContext,
  timeoutMs: number,
  what: string,
  attempt: (api: ReturnType<typeof kubernetesApi>) => Promise<T | NotYet | Error>,
): Promise<T> {
  const api = kubernetesApi(kubeconfig, { timeoutMs: 10_000 });
  return waitForAnswer(() => attempt(api), {
    ...{ what, subject: `the cluster of ${name}`, signal, log, timeoutMs },
    endpoint: parseKubeconfig(kubeconfig).endpoint,
    timedOut: (reason) => new Error(`waited for ${what}: ${reason}`),
  });
}
