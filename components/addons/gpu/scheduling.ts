/** Where the add-on's daemons run. */
import * as pulumi from "../../../sdk/pulumi";
import { leavesLostNodes, onControlPlanes, tolerationOf, type Toleration } from "../in-cluster";
import type { GpuGroup } from "./groups";

const early = ["node.kubernetes.io/not-ready", "node.cloudprovider.kubernetes.io/uninitialized", "nvidia.com/gpu"];

/**
 * Those of the groups' own taints, and of those that nodes have until their network and their cloud are ready: the daemons have the machine's
 * own network, so that GPUs need not wait for either. NVIDIA's usual taint is tolerated whatever its value.
 */
export function tolerationsOf(groups: readonly Pick<GpuGroup, "taints">[]): pulumi.Output<Toleration[]> {
  return pulumi.output(groups.map(({ taints }) => taints)).apply((all) => {
    const own = all
      .flat()
      .filter(({ key }) => !early.includes(key))
      .map(tolerationOf);
    const distinct = new Map(own.map((toleration) => [JSON.stringify(toleration), toleration]));
    return [...early.map((key): Toleration => ({ key, operator: "Exists" })), ...distinct.values()];
  });
}

/** Of what looks after the daemons, which is there once: on the control plane too, which may be all that there is. */
export function alsoOnControlPlane(tolerations: readonly Toleration[]): Toleration[] {
  return [...leavesLostNodes, onControlPlanes, ...tolerations];
}

/** On the groups' nodes and no others. */
export function onNodesOf(groups: readonly GpuGroup[]) {
  const values = groups.map(({ name }) => name);
  const ours = { matchExpressions: [{ key: "gpu-clusters/node-group", operator: "In", values }] };
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [ours] } } },
    tolerations: tolerationsOf(groups),
  };
}
