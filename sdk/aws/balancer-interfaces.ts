import { DescribeNetworkInterfacesCommand, type EC2Client, type NetworkInterface } from "@aws-sdk/client-ec2";

const pageSize = 1000;

/** The network interfaces that load balancers have in a VPC: their descriptions begin with `ELB` and name the balancer. */
export async function listBalancerInterfaces(
  ec2: EC2Client,
  vpcId: string,
  signal: AbortSignal,
): Promise<NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  const Filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: "description", Values: ["ELB *"] },
  ];
  let NextToken: string | undefined;
  do {
    const request = new DescribeNetworkInterfacesCommand({ Filters, MaxResults: pageSize, NextToken });
    const page = await ec2.send(request, { abortSignal: signal });
    found.push(...(page.NetworkInterfaces ?? []));
    NextToken = page.NextToken || undefined;
  } while (NextToken);
  return found;
}
