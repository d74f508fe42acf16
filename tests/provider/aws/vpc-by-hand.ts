import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeRouteTablesCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { region } from "./scene";

const everywhere = "0.0.0.0/0";

/** A VPC as people have it: its main table leads to the internet gateway, private subnets have a table of their own. */
export async function vpcByHand(ec2: EC2Client, CidrBlock: string) {
  const VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock }))).Vpc!.VpcId!;
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId: GatewayId }));
  const ofVpc = { Filters: [{ Name: "vpc-id", Values: [VpcId] }] };
  const main = (await ec2.send(new DescribeRouteTablesCommand(ofVpc))).RouteTables![0]!.RouteTableId!;
  await ec2.send(new CreateRouteCommand({ RouteTableId: main, DestinationCidrBlock: everywhere, GatewayId }));
  const subnet = async (part: number, zone: string, more = {}) => {
    const range = CidrBlock.replace(/\.0\.0\/16$/, `.${16 * part}.0/20`);
    const place = { VpcId, CidrBlock: range, AvailabilityZone: region + zone };
    return (await ec2.send(new CreateSubnetCommand({ ...place, ...more }))).Subnet!.SubnetId!;
  };
  const table = async (SubnetId: string, route?: { NatGatewayId: string }) => {
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableId = RouteTable!.RouteTableId!;
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    if (route) await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: everywhere, ...route }));
  };
  const open = await subnet(0, "a");
  const hidden = await subnet(1, "a");
  const nat = await ec2.send(new CreateNatGatewayCommand({ SubnetId: open, ConnectivityType: "public" }));
  await table(hidden, { NatGatewayId: nat.NatGateway!.NatGatewayId! });
  return { vpcId: VpcId, open, hidden, subnet, table };
}
