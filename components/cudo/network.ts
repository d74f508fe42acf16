import { cudoId } from "../../sdk/cudo/ids";
import { Network } from "../../sdk/cudo/network";
import { SecurityGroup } from "../../sdk/cudo/security-group";
import type * as pulumi from "../../sdk/pulumi";
import { oldFirst } from "../anew";
import { rangesLater } from "../access-ranges";
import type { CudoClusterArgs } from "./args";
import { networkCidr } from "./profiles";
import { accessRules } from "./rules";

export interface ClusterNetworkArgs extends Pick<CudoClusterArgs, "apiServerAccessCidrs" | "sshAccessCidrs"> {
  /** What the ids begin with. */
  prefix: string;
  dataCenterId: pulumi.Input<string>;
}

/** What all machines of a cluster are in: one network, and one security group, which lets them reach each other and others reach the API. */
export function clusterNetwork(name: string, args: ClusterNetworkArgs, options: pulumi.CustomResourceOptions) {
  const { prefix, dataCenterId } = args;
  const network = new Network(
    `${name}-network`,
    { networkId: cudoId(`${prefix}-network`), dataCenterId, ipRange: networkCidr },
    oldFirst(options),
  );
  const access = (path: "apiServerAccessCidrs" | "sshAccessCidrs", otherwise: string[]) =>
    rangesLater({ component: "CudoCluster", path }, args[path] ?? otherwise);
  const securityGroup = new SecurityGroup(
    `${name}-security-group`,
    {
      securityGroupId: cudoId(`${prefix}-nodes`),
      dataCenterId,
      description: "Nodes of a Kubernetes cluster",
      rules: accessRules({
        network: networkCidr,
        api: access("apiServerAccessCidrs", ["0.0.0.0/0"]),
        ssh: access("sshAccessCidrs", []),
      }),
    },
    oldFirst(options),
  );
  return { networkId: network.networkId, securityGroupId: securityGroup.securityGroupId };
}
