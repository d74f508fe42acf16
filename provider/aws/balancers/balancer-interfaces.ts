import { paginateDescribeNetworkInterfaces, type EC2Client, type NetworkInterface } from "@aws-sdk/client-ec2";
import { everyItem } from "../pages";

const pageSize = 1000;

/** The network interfaces that load balancers have in a VPC: their descriptions begin with `ELB` and name the balancer. */
export async function listBalancerInterfaces(
  ec2: EC2Client,
  vpcId: string,
  signal: AbortSignal,
): Promise<NetworkInterface[]> {
  const Filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: "description", Values: ["ELB *"] },
  ];
  const pages = paginateDescribeNetworkInterfaces({ client: ec2, pageSize }, { Filters }, { abortSignal: signal });
  return everyItem(pages, ({ NetworkInterfaces }) => NetworkInterfaces);
}
