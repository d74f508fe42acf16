import * as pulumi from "../../sdk/pulumi";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import { known } from "../inputs";
import { securityGroupName } from "./names";
import { withTags, type Tags } from "./tags";

export interface AccessOptions {
  base: string;
  vpcId: pulumi.Input<string>;
  /** Ranges that may reach the API. */
  api: readonly pulumi.Input<string>[];
  /** Whether machines have Elastic Fabric Adapters. */
  fabric: boolean;
  /** Ranges that may reach port 22. */
  ssh: readonly pulumi.Input<string>[];
  tags: Tags;
  /** Of the one group that the cloud controller manager may find on a machine. */
  kubernetes: Record<string, string>;
}

export interface Access {
  /** Of every machine. */
  nodes: pulumi.Output<string>;
  /** Of the control plane, besides. */
  controlPlane: pulumi.Output<string>;
  /** Without its rules a machine reaches nothing. */
  ready: pulumi.Resource[];
}

/**
 * Machines talk freely among themselves, as pods and kubelets need it, and to the outside. Rules are resources of their own, so that those
 * which a cloud controller adds for load balancers stay.
 */
export function clusterAccess(name: string, options: AccessOptions, child: pulumi.CustomResourceOptions): Access {
  const group = (part: string, description: string, tags: Tags) => {
    const physical = securityGroupName(options.base, part);
    return new SecurityGroup(
      `${name}-${part}`,
      { name: physical, description, vpcId: options.vpcId, tags: withTags(tags, { Name: physical }) },
      child,
    );
  };
  const nodes = group("nodes", "Machines of a Kubernetes cluster", withTags(options.tags, options.kubernetes));
  const controlPlane = group("api", "Kubernetes API", options.tags);
  const { tags } = options;
  const open = (
    part: string,
    securityGroupId: pulumi.Input<string>,
    port: number,
    ranges: readonly pulumi.Input<string>[],
  ) => {
    // Numbered among themselves: another range in hand gives no other a new name, and EC2 refuses a rule that is there under an old one.
    let later = 0;
    return ranges.map(
      (cidrIpv4) =>
        new SecurityGroupIngressRule(
          `${name}-${part}-${known(cidrIpv4) ?? later++}`,
          { securityGroupId, ipProtocol: "tcp", fromPort: port, toPort: port, cidrIpv4, tags },
          child,
        ),
    );
  };
  return {
    nodes: nodes.id,
    controlPlane: controlPlane.id,
    ready: [
      new SecurityGroupIngressRule(
        `${name}-nodes-among-themselves`,
        { securityGroupId: nodes.id, ipProtocol: "-1", referencedSecurityGroupId: nodes.id, tags },
        child,
      ),
      new SecurityGroupEgressRule(
        `${name}-nodes-outside`,
        { securityGroupId: nodes.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", tags },
        child,
      ),
      // Traffic of Elastic Fabric Adapters has no addresses: only a rule for the group itself lets it out.
      ...(options.fabric
        ? [
            new SecurityGroupEgressRule(
              `${name}-nodes-fabric`,
              { securityGroupId: nodes.id, ipProtocol: "-1", referencedSecurityGroupId: nodes.id, tags },
              child,
            ),
          ]
        : []),
      ...open("api-from", controlPlane.id, 6443, options.api),
      ...open("ssh-from", nodes.id, 22, options.ssh),
    ],
  };
}
