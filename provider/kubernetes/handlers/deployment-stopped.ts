import type { DeploymentStoppedArgs } from "../../../sdk/kubernetes/deployment-stopped";
import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import type { KubernetesApi } from "../api";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, unlessLost, waitForAnswer } from "./wait";

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
    const unknown = `Whether ${inputs.name} still runs cannot be told: look for machines that it made after this`;
    await unlessLost(stopped(inputs, context), unknown, context);
  },
});

async function stopped(inputs: DeploymentStoppedInputs, context: ResourceContext): Promise<void> {
  const { namespace, name, labelSelector } = inputs;
  const { signal, timeoutMs = longestWaitMs } = context;
  await waiting(inputs, { ...context, timeoutMs }, `pods of ${name} to end`, async (api) => {
    // Asked for each time: one that was not heard is asked again.
    await api.delete(referenceTo(inputs), { propagationPolicy: "Foreground" }, signal);
    const pods = await api.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, signal);
    const left = pods.map(({ metadata }) => metadata.name);
    return left.length === 0 ? undefined : new NotYet(`${left.join(", ")} has not ended`);
  });
}

/** A destroy that was cut may have stopped it, where the state still has it. */
async function seen(inputs: DeploymentStoppedInputs, context: ResourceContext): Promise<DeploymentStoppedOutputs> {
  const what = `the Deployment ${inputs.namespace}/${inputs.name}`;
  const { timeoutMs = longestLookMs } = context;
  await waiting(inputs, { ...context, timeoutMs }, what, async (api) => {
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
  { signal, log, timeoutMs }: Pick<ResourceContext, "signal" | "log"> & { timeoutMs: number },
  what: string,
  attempt: (api: KubernetesApi) => Promise<T | NotYet | Error>,
): Promise<T> {
  return waitForAnswer(attempt, {
    what,
    subject: `the cluster of ${name}`,
    kubeconfig,
    signal,
    log,
    timeoutMs,
    timedOut: (reason) => new Error(`waited for ${what}: ${reason}`),
  });
}
