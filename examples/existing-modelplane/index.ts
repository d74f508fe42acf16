import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/modelplane".
import { ExistingCluster } from "../../components";
import { InferenceCluster } from "../../components/modelplane";

const config = new pulumi.Config();

// `kubectl config view --flatten | pulumi config set --secret kubeconfig`: a file with both contexts.
const kubeconfig = config.requireSecret("kubeconfig");
const cluster = new ExistingCluster("serve", { kubeconfig, context: config.require("clusterContext") });
const controlPlane = new ExistingCluster("modelplane", { kubeconfig, context: config.require("modelplaneContext") });

// `kubectl label node … modelplane.ai/pool=gpu` on each node of the pool.
const served = new InferenceCluster("shared", {
  controlPlane,
  existing: {
    cluster,
    loadBalancers: config.getBoolean("loadBalancers"), // true where something gives addresses that the cluster does not show
  },
  nodePools: [{ name: "gpu", gpus: { model: config.require("gpuModel"), count: 1 }, nodeCount: 1 }],
});

export const clusterName = served.clusterName;
export const gatewayAddress = served.gatewayAddress;
