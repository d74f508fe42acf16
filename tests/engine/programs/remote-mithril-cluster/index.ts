import * as pulumi from "@pulumi/pulumi";

/** What an SDK generated from the schema does: the plugin constructs the component. */
class RemoteCluster extends pulumi.ComponentResource {
  readonly status!: pulumi.Output<string>;
  readonly kubeconfig!: pulumi.Output<string>;
  readonly nodeGroups!: pulumi.Output<{ name: string; machines: { orderStatus: string }[] }[]>;

  constructor(name: string, args: pulumi.Inputs) {
    const outputs = { status: undefined, kubeconfig: undefined, nodeGroups: undefined };
    super("gpu-clusters:mithril:MithrilCluster", name, { ...outputs, ...args }, {}, true);
  }
}

const config = new pulumi.Config();
const cluster = new RemoteCluster("remote", {
  region: "us-central5-a",
  // The machines of its test are paper.
  autoscaler: false,
  controlPlane: { instanceType: "cpu.4x" },
  sshPublicKey: config.require("sshPublicKey"),
  sshPrivateKey: config.requireSecret("sshPrivateKey"),
  sshPort: config.requireNumber("sshPort"),
  nodeGroups: [
    {
      name: "gpu",
      instanceType: "h100-80gb.sxm.8x",
      capacity: { spot: { limitPrice: "$20.00" } },
      minSize: 1,
      maxSize: 2,
    },
  ],
});

export const { status, kubeconfig, nodeGroups } = cluster;
