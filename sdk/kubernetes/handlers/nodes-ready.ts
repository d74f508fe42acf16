import type { Unwrap } from "../../pulumi";
import type { ResourceContext, ResourceHandler } from "../../plugin/resource";
import { kubernetesApi } from "../client";
import { parseKubeconfig } from "../kubeconfig";
import { missingNodes, type NodeObject } from "../node-readiness";
import type { NodesReadyArgs } from "../nodes-ready";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, waitFor } from "./wait";

export type NodesReadyInputs = Unwrap<NodesReadyArgs>;

export interface NodesReadyOutputs {
  status: "ready";
}

const defaultTimeoutSeconds = 1800;
const requestTimeoutMs = 10_000;

export const nodesReady: ResourceHandler<NodesReadyInputs, NodesReadyOutputs> = {
  check: checkKubeconfig,

  preview: (_inputs, state) => state?.outputs ?? {},

  async create(inputs, context) {
    return { id: parseKubeconfig(inputs.kubeconfig).clusterName, outputs: await nodes(inputs, context) };
  },

  async read(id, state) {
    if (state === undefined) throw new Error(`${id}: there is nothing to import, because this resource only waits`);
    return state;
  },

  update: (_id, inputs, _state, context) => nodes(inputs, context),

  async delete() {
    // It made nothing.
  },
};

async function nodes(inputs: NodesReadyInputs, context: ResourceContext): Promise<NodesReadyOutputs> {
  const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: requestTimeoutMs });
  const expected = {
    nodeGroups: inputs.nodeGroups,
    controlPlaneNodes: inputs.controlPlaneNodes ?? 1,
    workerNodes: inputs.workerNodes ?? 0,
    condition: inputs.condition ?? "Ready",
  };
  const attempt = async () => {
    const found = (await api.list({ apiVersion: "v1", kind: "Node" }, context.signal)) as NodeObject[];
    const missing = missingNodes(expected, found);
    return missing.length > 0 ? new NotYet(missing.join("; ")) : { status: "ready" as const };
  };
  return waitFor(attempt, {
    what: "nodes",
    timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
    log: context.log,
    timedOut: (reason, seconds) =>
      new Error(
        `the cluster did not have its nodes after ${seconds} s: ${reason}. For a node that is missing, look at the console of its ` +
          `machine and its /var/log/gpu-clusters-bootstrap.log; for one that is not Ready, at \`kubectl describe node\``,
      ),
  });
}
