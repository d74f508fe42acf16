import * as pulumi from "../../../../sdk/pulumi";
import { Disk, Network, NodeGroup, SecurityGroup, Vm } from "../../../../sdk/cudo";

const dataCenterId = "us-newyork-1";
const shape = {
  dataCenterId,
  machineType: "intel-broadwell-v100",
  image: "ubuntu-2404",
  vcpus: 4,
  memoryGib: 16,
  gpus: 0,
  diskSizeGib: 20,
};

/** As a user who takes into his program what is there already. */
const adopted = (id: string): pulumi.CustomResourceOptions => (process.env.PIECES_ADOPTED ? { import: id } : {});

const network = new Network(
  "network",
  { networkId: "pieces-network", dataCenterId, ipRange: "10.0.0.0/16" },
  adopted("pieces-network"),
);
const securityGroup = new SecurityGroup(
  "security-group",
  {
    securityGroupId: "pieces-nodes",
    dataCenterId,
    description: "Pieces",
    rules: [{ protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_OUTBOUND" }],
  },
  adopted("pieces-nodes"),
);
const disk = new Disk("disk", { diskId: "pieces-disk", dataCenterId, sizeGib: 10 }, adopted("pieces-disk"));
new Vm(
  "vm",
  {
    ...shape,
    vmId: "pieces-vm",
    storageDiskIds: [disk.diskId],
    nics: [{ networkId: network.networkId, assignPublicIp: true, securityGroupIds: [securityGroup.securityGroupId] }],
    sshKeySource: "SSH_KEY_SOURCE_NONE",
  },
  adopted("pieces-vm"),
);
new NodeGroup("group", {
  ...shape,
  clusterName: "pieces",
  name: "group",
  role: "worker",
  minSize: 2,
  maxSize: 3,
  networkId: network.networkId,
  securityGroupIds: [securityGroup.securityGroupId],
  customSshKeys: [],
  labels: {},
  taints: [],
  startScript: "#!/bin/bash\n: @@NODE_NAME@@ @@PROVIDER_ID@@ @@BOOTSTRAP_TOKEN@@\n",
  kubeconfig: pulumi.secret(process.env.PIECES_KUBECONFIG!),
});
