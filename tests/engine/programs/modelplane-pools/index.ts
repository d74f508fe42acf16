import { ExistingCluster } from "../../../../components/existing/cluster";
import { InferenceClass, InferenceCluster } from "../../../../components/modelplane";
import * as pulumi from "../../../../sdk/pulumi";

const config = new pulumi.Config();
const controlPlane = new ExistingCluster("modelplane", { kubeconfig: config.requireSecret("controlPlane") });
const l4 = new InferenceClass("l4", {
  controlPlane,
  gpus: { model: "L4", count: 1 },
  provisioning: { eks: { instanceType: "g6.xlarge" } },
});

const served = new InferenceCluster("served", {
  controlPlane,
  eks: { region: "us-west-2" },
  nodePools: config
    .require("pools")
    .split(" ")
    .map((name) => ({ name, class: l4, zones: ["us-west-2a"] })),
});

export const gatewayAddress = served.gatewayAddress;
