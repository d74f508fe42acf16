import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/michelangelo".
import { ExistingCluster } from "../../components";
import { ComputeCluster } from "../../components/michelangelo";

const config = new pulumi.Config();

// `kubectl config view --flatten | pulumi config set --secret kubeconfig`: a file with both contexts.
const kubeconfig = config.requireSecret("kubeconfig");
const cluster = new ExistingCluster("compute", { kubeconfig, context: config.require("computeContext") });
const controlPlane = new ExistingCluster("michelangelo", {
  kubeconfig,
  context: config.require("michelangeloContext"),
});

const compute = new ComputeCluster("shared", {
  cluster,
  controlPlane,
  clusterName: config.get("clusterName"),
  storage: { fileSystem: "s3://default" }, // pods have an identity of their own
  kubeRay: config.getBoolean("kubeRay"), // false where the operator is there already
});

export const clusterName = compute.clusterName;
export const status = compute.status;
