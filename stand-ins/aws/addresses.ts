/** `aws:ec2/eip:Eip`, `eipAssociation`, `natGateway`. */
import type { EipArgs, EipState } from "@pulumi/aws/ec2/eip";
import type { EipAssociationArgs, EipAssociationState } from "@pulumi/aws/ec2/eipAssociation";
import type { NatGatewayArgs, NatGatewayState } from "@pulumi/aws/ec2/natGateway";
import { unlessGone } from "../../provider/aws/errors";
import { removeWhenFree, until, type Cloud } from "./cloud";
import { ec2Object } from "./ec2-object";

const eip = ec2Object<EipArgs, EipState>({
  tagged: "elastic-ip",
  inputs: ["domain"],
  defaults: { domain: "vpc" },
  replaceOn: ["domain"],
  make: async (cloud, { tags }) => {
    const made = await cloud.ec2.allocateAddress({ Domain: "vpc", ...cloud.specifications("elastic-ip", tags) });
    return made.AllocationId!;
  },
  describe: async (cloud, id) => {
    const found = (await unlessGone(cloud.ec2.describeAddresses({ AllocationIds: [id] })))?.Addresses?.[0];
    if (found === undefined) return undefined;
    const state = {
      allocationId: found.AllocationId,
      arn: await cloud.arn("elastic-ip", id),
      associationId: found.AssociationId ?? "",
      domain: found.Domain,
      instance: found.InstanceId ?? "",
      networkInterface: found.NetworkInterfaceId ?? "",
      privateIp: found.PrivateIpAddress ?? "",
      publicIp: found.PublicIp,
      publicDns: `ec2-${found.PublicIp!.replaceAll(".", "-")}.${cloud.region}.compute.amazonaws.com`,
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: async ({ ec2 }, id, _state, subject) => {
    const found = (await unlessGone(ec2.describeAddresses({ AllocationIds: [id] })))?.Addresses?.[0];
    if (found === undefined) return;
    await removeWhenFree(`address ${found.PublicIp}`, () => ec2.releaseAddress({ AllocationId: id }), subject);
  },
});

const eipAssociation = ec2Object<EipAssociationArgs, EipAssociationState>({
  inputs: ["allocationId", "instanceId", "networkInterfaceId", "allowReassociation"],
  required: ["allocationId"],
  defaults: { allowReassociation: true },
  chosen: ["instanceId", "networkInterfaceId"],
  replaceOn: ["allocationId", "instanceId", "networkInterfaceId", "allowReassociation"],
  make: async ({ ec2 }, inputs, subject) => {
    const { allocationId, instanceId, networkInterfaceId, allowReassociation } = inputs;
    if (instanceId !== undefined) {
      // A machine that is not running yet takes no address.
      const isRunning = async () => {
        const answer = await ec2.describeInstances({ InstanceIds: [instanceId] });
        return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name !== "pending" || undefined;
      };
      await until(`start of ${instanceId}`, isRunning, subject);
    }
    const made = await ec2.associateAddress({
      AllocationId: allocationId,
      InstanceId: instanceId,
      NetworkInterfaceId: networkInterfaceId,
      AllowReassociation: allowReassociation,
    });
    return made.AssociationId!;
  },
  describe: async (cloud, id) => {
    const Filters = [{ Name: "association-id", Values: [id] }];
    const found = (await unlessGone(cloud.ec2.describeAddresses({ Filters })))?.Addresses?.[0];
    if (found === undefined) return undefined;
    const state = {
      allocationId: found.AllocationId,
      instanceId: found.InstanceId ?? "",
      networkInterfaceId: found.NetworkInterfaceId ?? "",
      privateIpAddress: found.PrivateIpAddress ?? "",
      publicIp: found.PublicIp,
      region: cloud.region,
    };
    return { state };
  },
  remove: async ({ ec2 }, id) => {
    await unlessGone(ec2.disassociateAddress({ AssociationId: id }));
  },
});

const natGateway = ec2Object<NatGatewayArgs, NatGatewayState>({
  tagged: "natgateway",
  inputs: ["allocationId", "subnetId", "connectivityType"],
  required: ["subnetId"],
  defaults: { connectivityType: "public" },
  replaceOn: ["allocationId", "subnetId", "connectivityType"],
  make: async (cloud, { allocationId, subnetId, connectivityType, tags }) => {
    const made = await cloud.ec2.createNatGateway({
      AllocationId: allocationId,
      SubnetId: subnetId!,
      ConnectivityType: connectivityType as "public",
      ...cloud.specifications("natgateway", tags),
    });
    return made.NatGateway!.NatGatewayId!;
  },
  settle: async (cloud, id, subject) => {
    await until(
      `making NAT gateway ${id}`,
      async () => {
        const found = await describeNat(cloud, id);
        if (found?.State === "failed") throw new Error(`NAT gateway ${id} failed: ${found.FailureMessage}`);
        return found?.State === "available" || undefined;
      },
      subject,
    );
  },
  describe: async (cloud, id) => {
    const found = await describeNat(cloud, id);
    if (found === undefined || found.State === "deleted") return undefined;
    const [address] = found.NatGatewayAddresses ?? [];
    const state = {
      allocationId: address?.AllocationId,
      connectivityType: found.ConnectivityType,
      networkInterfaceId: address?.NetworkInterfaceId,
      privateIp: address?.PrivateIp,
      publicIp: address?.PublicIp,
      subnetId: found.SubnetId,
      vpcId: found.VpcId,
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: async (cloud, id, _state, subject) => {
    await unlessGone(cloud.ec2.deleteNatGateway({ NatGatewayId: id }));
    const isGone = async () => [undefined, "deleted"].includes((await describeNat(cloud, id))?.State) || undefined;
    await until(`removing NAT gateway ${id}`, isGone, subject);
  },
});

async function describeNat({ ec2 }: Cloud, id: string) {
  return (await unlessGone(ec2.describeNatGateways({ NatGatewayIds: [id] })))?.NatGateways?.[0];
}

export const addressResources = {
  "aws:ec2/eip:Eip": eip,
  "aws:ec2/eipAssociation:EipAssociation": eipAssociation,
  "aws:ec2/natGateway:NatGateway": natGateway,
};
