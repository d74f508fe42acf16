import * as pulumi from "@pulumi/pulumi";

/** What an SDK generated from the schema does: the plugin constructs the component. */
class RemoteCluster extends pulumi.ComponentResource {
  readonly status!: pulumi.Output<string>;
  readonly kubeconfig!: pulumi.Output<string>;
  readonly nodeGroups!: pulumi.Output<{ name: string; size: number }[]>;

  constructor(name: string, args: pulumi.Inputs) {
    const outputs = { status: undefined, kubeconfig: undefined, nodeGroups: undefined };
    super("gpu-clusters:cudo:CudoCluster", name, { ...outputs, ...args }, {}, true);
  }
}

const group = {
  name: "workers",
  role: "worker",
  minSize: 1,
  maxSize: 2,
  vcpus: 4,
  memoryGib: 16,
  diskSizeGib: 20,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};

const cluster = new RemoteCluster("remote", {
  cni: "none",
  controlPlane: { size: "sm" },
  noVault: true,
  ...(process.env.SSH_PRIVATE_KEY && {
    sshPublicKey: process.env.SSH_PUBLIC_KEY,
    sshAccessCidrs: ["203.0.113.7/32"],
    sshPrivateKey: process.env.SSH_PRIVATE_KEY,
  }),
  nodeGroups: [{ ...group, ...(process.env.WRONG_ROLE && { role: process.env.WRONG_ROLE }) }],
});

export const { status, kubeconfig, nodeGroups } = cluster;
