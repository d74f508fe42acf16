import * as pulumi from "@pulumi/pulumi";
import { clusterNetwork } from "../../../../components/cudo/network";
import { networkCidr } from "../../../../components/cudo/profiles";
import { sharedFiles } from "../../../../components/cudo/shared-files";
import type { MachineVaultArgs } from "../../../../sdk/vault/machine-vault";

const dataCenterId = "us-newyork-1";
const network = clusterNetwork("safe", { prefix: "safe", dataCenterId }, {});
const vault = new pulumi.Config().getObject<MachineVaultArgs>("vault");
const place = { vmId: "safe-files", diskId: "safe-files", dataCenterId, machineType: "intel-broadwell-v100" };
sharedFiles(
  "safe",
  { sizeGib: 20, protect: false },
  {
    ...place,
    ...network,
    networkCidr,
    authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE me"],
    vault,
  },
  {},
);
