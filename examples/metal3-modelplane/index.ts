import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters", "pulumi-gpu-clusters/metal3" and "pulumi-gpu-clusters/modelplane".
import { ExistingCluster } from "../../components";
import { BareMetalCluster } from "../../components/metal3";
import { InferenceCluster, poolLabels } from "../../components/modelplane";

const config = new pulumi.Config();

// Where Metal3, Cluster API and Modelplane run: `kubectl config view --flatten --minify | pulumi config set --secret managementCluster`
const management = new ExistingCluster("management", { kubeconfig: config.requireSecret("managementCluster") });

const cluster = new BareMetalCluster("serve", {
  // Servers that are there: examples/metal3-cluster makes some.
  inventory: { cluster: management, namespace: "metal3" },
  endpoint: config.require("endpoint"),
  kubernetesVersion: "1.37.2",
  image: { url: config.require("imageUrl"), checksum: config.require("imageChecksum") },
  controlPlane: { hostLabels: { role: "control" } },
  nodeGroups: [
    // Modelplane's serving stack runs on a node without a GPU.
    { name: "system", count: 1, hostLabels: { role: "cpu" } },
    {
      name: "gpu",
      count: 1,
      hostLabels: { gpu: "h100" },
      gpus: 8,
      gpuModel: "H100",
      labels: poolLabels("gpu"),
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
    },
  ],
  cni: "flannel",
  timeoutMinutes: config.getNumber("timeoutMinutes"),
});

// Modelplane brings its own way to GPUs. Who gives load balancers addresses, MetalLB for example, cannot be seen beforehand.
const served = new InferenceCluster("serve", {
  controlPlane: management,
  existing: { cluster, loadBalancers: true },
  nodePools: [{ name: "gpu" }],
  labels: { tier: "bare-metal" },
});

export const kubeconfig = cluster.kubeconfig;
export const machines = cluster.machines;
export const gatewayAddress = served.gatewayAddress;
