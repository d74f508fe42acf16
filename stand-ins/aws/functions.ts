/** The provider's functions. */
import type { Filter } from "@aws-sdk/client-ec2";
import type { Properties } from "../../provider/server/wire";
import { NotServed } from "../server/not-served";
import type { TableFunction } from "../server/table";
import type { Cloud, Tags } from "./cloud";

/** Arguments as AWS's filters; `names` maps arguments to filters of one value. Refuses what it does not know. */
function filtersOf(
  token: string,
  args: Properties,
  names: Readonly<Record<string, string>>,
  other: readonly string[] = [],
): Filter[] {
  const filters: Filter[] = [];
  for (const [key, value] of Object.entries(args)) {
    if (key === "filters") {
      for (const { name, values } of value as { name: string; values: string[] }[])
        filters.push({ Name: name, Values: values });
    } else if (key === "tags") {
      for (const [tag, text] of Object.entries(value as Tags)) filters.push({ Name: `tag:${tag}`, Values: [text] });
    } else if (names[key] !== undefined) {
      filters.push({ Name: names[key], Values: [String(value)] });
    } else if (!other.includes(key)) {
      throw new NotServed("aws", `${key} of ${token}`);
    }
  }
  return filters;
}

function single<T>(what: string, found: readonly T[] = []): T {
  if (found.length === 1) return found[0]!;
  throw new Error(
    found.length === 0
      ? `no matching ${what} found`
      : `${found.length} ${what}s match: say more about the one you mean`,
  );
}

const getAvailabilityZones: TableFunction<Cloud> = async ({ ec2, region }, args) => {
  const other = ["allAvailabilityZones", "excludeNames", "excludeZoneIds"];
  const filters = filtersOf("getAvailabilityZones", args, { state: "state" }, other);
  const found = await ec2.describeAvailabilityZones({
    AllAvailabilityZones: args["allAvailabilityZones"] === true,
    Filters: filters,
  });
  const excluded = new Set([
    ...((args["excludeNames"] as string[]) ?? []),
    ...((args["excludeZoneIds"] as string[]) ?? []),
  ]);
  const zones = (found.AvailabilityZones ?? [])
    .filter(({ ZoneName, ZoneId }) => !excluded.has(ZoneName!) && !excluded.has(ZoneId!))
    .sort((a, b) => (a.ZoneName! < b.ZoneName! ? -1 : 1));
  return {
    ...args,
    id: region,
    region,
    names: zones.map(({ ZoneName }) => ZoneName!),
    zoneIds: zones.map(({ ZoneId }) => ZoneId!),
    groupNames: [...new Set(zones.map(({ GroupName }) => GroupName ?? region))],
  };
};

const getSecurityGroups: TableFunction<Cloud> = async ({ ec2, region }, args) => {
  const Filters = filtersOf("getSecurityGroups", args, {});
  const found = (await ec2.describeSecurityGroups(Filters.length > 0 ? { Filters } : {})).SecurityGroups ?? [];
  const arns = found.map(({ SecurityGroupArn }) => SecurityGroupArn ?? "");
  const vpcIds = found.map(({ VpcId }) => VpcId ?? "");
  return { tags: {}, ...args, id: region, region, ids: found.map(({ GroupId }) => GroupId!), arns, vpcIds };
};

const getSubnets: TableFunction<Cloud> = async ({ ec2, region }, args) => {
  const Filters = filtersOf("getSubnets", args, {});
  const found = await ec2.describeSubnets(Filters.length > 0 ? { Filters } : {});
  return { tags: {}, ...args, id: region, region, ids: (found.Subnets ?? []).map(({ SubnetId }) => SubnetId!) };
};

const getSubnet: TableFunction<Cloud> = async (cloud, args) => {
  const { ec2, region } = cloud;
  const names = {
    id: "subnet-id",
    vpcId: "vpc-id",
    cidrBlock: "cidr-block",
    availabilityZone: "availability-zone",
    availabilityZoneId: "availability-zone-id",
    state: "state",
  };
  const found = single("subnet", (await ec2.describeSubnets({ Filters: filtersOf("getSubnet", args, names) })).Subnets);
  return {
    ...args,
    id: found.SubnetId,
    arn: await cloud.arn("subnet", found.SubnetId!),
    availabilityZone: found.AvailabilityZone,
    availabilityZoneId: found.AvailabilityZoneId,
    availableIpAddressCount: found.AvailableIpAddressCount,
    cidrBlock: found.CidrBlock,
    defaultForAz: found.DefaultForAz,
    mapPublicIpOnLaunch: found.MapPublicIpOnLaunch,
    ownerId: found.OwnerId,
    region,
    state: found.State,
    tags: cloud.readTags(found.Tags).tagsAll,
    vpcId: found.VpcId,
  };
};

const getVpc: TableFunction<Cloud> = async (cloud, args) => {
  const { ec2, region } = cloud;
  const names = { id: "vpc-id", cidrBlock: "cidr", default: "is-default", state: "state" };
  const found = single("VPC", (await ec2.describeVpcs({ Filters: filtersOf("getVpc", args, names) })).Vpcs);
  return {
    ...args,
    id: found.VpcId,
    arn: await cloud.arn("vpc", found.VpcId!),
    cidrBlock: found.CidrBlock,
    default: found.IsDefault,
    dhcpOptionsId: found.DhcpOptionsId,
    instanceTenancy: found.InstanceTenancy,
    ownerId: await cloud.account(),
    region,
    state: found.State,
    tags: cloud.readTags(found.Tags).tagsAll,
  };
};

const getAmi: TableFunction<Cloud> = async (cloud, args) => {
  const Filters = filtersOf("getAmi", args, {}, ["owners", "mostRecent", "nameRegex"]);
  const { owners, nameRegex } = args as { owners?: string[]; nameRegex?: string };
  const answer = await cloud.ec2.describeImages({ Filters, ...(owners && { Owners: owners }) });
  const pattern = new RegExp(nameRegex ?? "");
  const images = (answer.Images ?? [])
    .filter(({ Name = "" }) => pattern.test(Name))
    .sort((a, b) => ((a.CreationDate ?? "") < (b.CreationDate ?? "") ? 1 : -1));
  const found = single("image", args["mostRecent"] === true ? images.slice(0, 1) : images);
  return {
    ...args,
    id: found.ImageId,
    imageId: found.ImageId,
    architecture: found.Architecture,
    creationDate: found.CreationDate,
    description: found.Description,
    name: found.Name,
    ownerId: found.OwnerId,
    region: cloud.region,
    rootDeviceName: found.RootDeviceName,
    rootDeviceType: found.RootDeviceType,
    state: found.State,
    tags: cloud.readTags(found.Tags).tagsAll,
    virtualizationType: found.VirtualizationType,
  };
};

const getCallerIdentity: TableFunction<Cloud> = async ({ sts }) => {
  const { Account, Arn, UserId } = await sts.getCallerIdentity({});
  return { id: Account, accountId: Account, arn: Arn, userId: UserId };
};

const getRegion: TableFunction<Cloud> = async ({ region }, args) => {
  filtersOf("getRegion", args, {});
  return { id: region, name: region, region, description: region, endpoint: `ec2.${region}.amazonaws.com` };
};

const getDefaultTags: TableFunction<Cloud> = (cloud, args) => {
  filtersOf("getDefaultTags", args, {});
  return Promise.resolve({ id: cloud.region, tags: cloud.tagsAll({}) });
};

const getPartition: TableFunction<Cloud> = async () => ({
  id: "aws",
  partition: "aws",
  dnsSuffix: "amazonaws.com",
  reverseDnsPrefix: "com.amazonaws",
});

const getInstanceTypes: TableFunction<Cloud> = async ({ ec2, region }, args) => {
  const Filters = filtersOf("getInstanceTypes", args, {});
  const instanceTypes: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.describeInstanceTypes({ Filters, ...(NextToken && { NextToken }) });
    instanceTypes.push(...(page.InstanceTypes ?? []).map(({ InstanceType }) => InstanceType!));
    NextToken = page.NextToken;
  } while (NextToken);
  return { ...args, id: region, region, instanceTypes };
};

export const functions: Readonly<Record<string, TableFunction<Cloud>>> = {
  "aws:ec2/getAmi:getAmi": getAmi,
  "aws:ec2/getInstanceTypes:getInstanceTypes": getInstanceTypes,
  "aws:ec2/getSecurityGroups:getSecurityGroups": getSecurityGroups,
  "aws:ec2/getSubnet:getSubnet": getSubnet,
  "aws:ec2/getSubnets:getSubnets": getSubnets,
  "aws:ec2/getVpc:getVpc": getVpc,
  "aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
  "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
  "aws:index/getDefaultTags:getDefaultTags": getDefaultTags,
  "aws:index/getPartition:getPartition": getPartition,
  "aws:index/getRegion:getRegion": getRegion,
};
