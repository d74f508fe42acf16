/** A cluster as add-ons take it, under Pulumi's mocks: what they make depends on its nodes and is made by its provider. */
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster, NodeGroupStatus } from "../../components/cluster";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

class Provider extends pulumi.ProviderResource {
  constructor() {
    super("kubernetes", "to-train", {});
  }
}

class Nodes extends pulumi.CustomResource {
  declare readonly status: pulumi.Output<string>;

  constructor() {
    super("test:index:Nodes", "train-nodes", { status: "ready" });
  }
}

const group: NodeGroupStatus = {
  name: "cpu",
  role: "worker",
  gpus: 0,
  machineTypes: ["cpu-16"],
  minSize: 1,
  maxSize: 3,
  size: 1,
  gpuResources: {},
  taints: [],
  problems: [],
};

const endpoint = "https://192.0.2.7:6443";
const credentials = { token: "ADMIN" };
const kubeconfig = renderKubeconfig({ clusterName: "train", endpoint, certificateAuthority: "CA", credentials });

export function clusterInHand(
  groups: Partial<NodeGroupStatus>[] = [],
  parts: Partial<KubernetesCluster> = {},
): KubernetesCluster {
  return {
    clusterName: pulumi.output("train"),
    endpoint: pulumi.output(endpoint),
    kubeconfig: pulumi.secret(kubeconfig),
    kubeProvider: new Provider(),
    nodeGroups: pulumi.output(groups.map((given) => ({ ...group, ...given }))),
    status: new Nodes().status,
    ...parts,
  } as KubernetesCluster;
}
