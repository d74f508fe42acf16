import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters", "pulumi-gpu-clusters/aws" and "pulumi-gpu-clusters/modelplane".
import { ExistingCluster } from "../../components";
import { AwsCluster } from "../../components/aws";
import { InferenceCluster, poolLabels } from "../../components/modelplane";

const config = new pulumi.Config();

// Where Modelplane runs: `kubectl config view --flatten --minify | pulumi config set --secret controlPlane`
const controlPlane = new ExistingCluster("modelplane", { kubeconfig: config.requireSecret("controlPlane") });

const cluster = new AwsCluster("serve", {
  keyPair: "ops",
  cni: "none", // the simulator's machines need no network between pods; leave it out on AWS
  network: { zones: ["us-west-2a", "us-west-2b"] },
  gpu: false, // Modelplane brings its own way to GPUs
  nodeGroups: [
    // Its serving stack runs on a node without one.
    { name: "system", role: "worker", minSize: 1, maxSize: 2, instanceTypes: ["m6i.xlarge"] },
    {
      name: "gpu",
      role: "worker",
      minSize: 1,
      maxSize: 2,
      instanceTypes: ["g6.xlarge"],
      labels: poolLabels("gpu"),
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
    },
  ],
});

// Models with `clusterSelector: { matchLabels: { tier: test } }` are placed on it.
const served = new InferenceCluster("serve", {
  controlPlane,
  existing: { cluster },
  nodePools: [{ name: "gpu" }],
  labels: { tier: "test" },
});

export const kubeconfig = cluster.kubeconfig;
export const gatewayAddress = served.gatewayAddress;
