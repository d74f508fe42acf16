/** What AWS's cloud controller manager leaves where a cluster's machines are gone before its Services. */
import type { EC2, EC2ClientConfig } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancing } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";

export type Connection = Required<Pick<EC2ClientConfig, "endpoint" | "region" | "credentials">>;

export interface ServicePlace {
  clusterName: string;
  vpcId: string;
  subnetIds: string[];
}

/** A classic load balancer and a network load balancer, as it makes them for a Service each. */
export async function makeServiceLeftovers(
  ec2: EC2,
  { clusterName, vpcId, subnetIds }: ServicePlace,
  connection: Connection,
): Promise<void> {
  const tag = { Key: `kubernetes.io/cluster/${clusterName}`, Value: "owned" };
  const Tags = [tag, { Key: "kubernetes.io/service-name", Value: "default/web" }];
  const Filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: `tag:${tag.Key}`, Values: [tag.Value] },
  ];
  const { SecurityGroups: [nodes] = [] } = await ec2.describeSecurityGroups({ Filters });
  const { GroupId: group } = await ec2.createSecurityGroup({
    GroupName: "k8s-elb-a1",
    Description: "Security group for Kubernetes ELB a1 (default/web)",
    VpcId: vpcId,
    TagSpecifications: [{ ResourceType: "security-group", Tags: [tag] }],
  });
  await ec2.authorizeSecurityGroupIngress({
    GroupId: nodes!.GroupId!,
    IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: group! }] }],
  });
  const classic = new ElasticLoadBalancing(connection);
  await classic.createLoadBalancer({
    LoadBalancerName: "a1",
    Listeners: [{ Protocol: "tcp", LoadBalancerPort: 80, InstanceProtocol: "tcp", InstancePort: 30_080 }],
    Subnets: subnetIds,
    SecurityGroups: [group!],
    Tags,
  });
  const current = new ElasticLoadBalancingV2(connection);
  const { LoadBalancers: [balancer] = [] } = await current.createLoadBalancer({
    Name: "a2",
    Type: "network",
    Subnets: subnetIds,
    Tags,
  });
  const { TargetGroups: [targets] = [] } = await current.createTargetGroup({
    Name: "k8s-default-web-1",
    Protocol: "TCP",
    Port: 30_081,
    VpcId: vpcId,
    Tags,
  });
  await current.createListener({
    LoadBalancerArn: balancer!.LoadBalancerArn!,
    Protocol: "TCP",
    Port: 80,
    DefaultActions: [{ Type: "forward", TargetGroupArn: targets!.TargetGroupArn }],
    Tags,
  });
}
