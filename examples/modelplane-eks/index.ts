import * as pulumi from "@pulumi/pulumi";
// In a program of your own: from "pulumi-gpu-clusters" and "pulumi-gpu-clusters/modelplane".
import { ExistingCluster } from "../../components";
import { InferenceClass, InferenceCluster } from "../../components/modelplane";

const config = new pulumi.Config();

// Where Modelplane runs: `kubectl config view --flatten --minify | pulumi config set --secret controlPlane`
const controlPlane = new ExistingCluster("modelplane", { kubeconfig: config.requireSecret("controlPlane") });

const l4 = new InferenceClass("eks-l4", {
  controlPlane,
  gpus: { model: "L4", count: 1 },
  provisioning: { eks: { instanceType: "g6.xlarge" } },
});

// Crossplane's ClusterProviderConfig `default` has the credentials for AWS.
const region = config.get("region") ?? "us-west-2";
const served = new InferenceCluster("eks-us-west", {
  controlPlane,
  eks: { region },
  nodePools: [{ name: "l4", class: l4, minNodeCount: 1, maxNodeCount: 4, zones: [`${region}a`, `${region}b`] }],
  labels: { tier: "test" },
  timeoutMinutes: config.getNumber("timeoutMinutes"),
});

export const gatewayAddress = served.gatewayAddress;
