import { counted } from "../../sdk/counted";
import { assumeRoleProblems } from "../../sdk/aws/config";
import { regionProblem } from "../../sdk/aws/regions";
import type * as pulumi from "../../sdk/pulumi";
import { closest } from "../../sdk/schema/spelling";
import { checkRanges, isReserved } from "../cluster-ranges";
import { checkGpus } from "../addons/gpu/checks";
import { checkCommonArgs } from "../cluster-checks";
import { checkCommonGroups } from "../node-group-checks";
import { checkCopiedName, checkWhole } from "../value-checks";
import { Problems } from "../errors";
import { bySchema } from "../schema-check";
import { known, knownElements } from "../inputs";
import { parseCidr } from "../../sdk/ip-ranges";
import { checkCapacity } from "./capacity";
import type { AwsClusterArgs, AwsNetworkArgs, AwsNodeGroupArgs } from "./args";
import { checkDisk, checkDiskSize } from "./disk";
import { gpuFields } from "./gpus";
import { architectureOf, instanceTypePattern, mayHaveGpus, withGridDriver, withoutOpenDriver } from "./instance-types";
import { checkPlaceLabels } from "./labels";
import { checkLustre } from "./lustre-checks";
import { defaultCidr, zoneCount } from "./network-shape";
import { planSubnets, roomIn } from "./subnets";
import { checkTags, type DefaultTags } from "./tags";

/** Checks all that can be known without asking AWS; the groups' own checks ask it. */
export function checkAwsClusterArgs(name: string, given: AwsClusterArgs, defaultTags?: DefaultTags): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:aws:AwsCluster", given, problems);
  checkCommonArgs(name, args, problems);
  const keyPair = known(args.keyPair);
  if (keyPair === "") problems.add("keyPair", "must be the name of an EC2 key pair of the region");
  // The engine hands a boolean of a stack's config over as its text.
  else if (keyPair === "true" || keyPair === "false")
    problems.add("keyPair", `must be the name of an EC2 key pair of the region, not the boolean ${keyPair}`);
  else checkCopiedName("keyPair", keyPair, problems);
  const noRegion = args.region === undefined ? undefined : regionProblem(args.region);
  if (noRegion !== undefined) problems.add("region", noRegion);
  // Without any, the account cannot be entered, which is told in other words.
  const { roleArn, ...others } = args.cloudAccount ?? {};
  for (const { field, reason } of assumeRoleProblems({ ...others, ...(roleArn && { roleArn }) }))
    problems.add(`cloudAccount.${field}`, reason);
  checkControlPlane(args, `${args.namePrefix ?? ""}${args.clusterName ?? name}`, problems);
  checkTags(args.tags, problems, defaultTags);
  checkKey(args, problems);
  const boundary = known(args.permissionsBoundary);
  if (boundary !== undefined && !boundaryPattern.test(boundary)) {
    const reason = `"${boundary}" is not the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/boundary`;
    problems.add("permissionsBoundary", reason);
  }

  const groups = args.nodeGroups ?? [];
  checkCommonGroups(groups, problems);
  groups.forEach((group, index) => {
    checkNodeGroup(`nodeGroups[${index}]`, group, problems);
    checkPlaceLabels(`nodeGroups[${index}].labels`, group, args, problems);
  });
  checkGpus(
    groups.map((group) => ({ ...gpuFields(group), image: group.image, labels: group.labels })),
    args,
    problems,
  );
  checkNetwork(args.network ?? {}, { region: args.region, groups }, problems);
  checkRanges(args, newRange(args.network), problems);
  checkSpread(args, problems);
  if (args.sharedStorage?.lustre) checkLustre("sharedStorage.lustre", args.sharedStorage.lustre, problems);
  const { vpcId, subnetIds } = args.network ?? {};
  if (
    args.sharedStorage &&
    !args.sharedStorage.lustre &&
    (vpcId !== undefined || subnetIds !== undefined) &&
    knownElements(subnetIds) === undefined
  )
    problems.add(
      "network.subnetIds",
      "is required with sharedStorage in a network that exists: it is reached in each of them",
    );
  return problems;
}

const keyPattern =
  /^(arn:aws[a-z-]*:kms:[a-z\d-]+:\d{12}:key\/)?(mrk-[\da-f]{32}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/;
const principalPattern = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/;

/** AWS's own policies have `aws` in the account's place. */
const boundaryPattern = /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;

function checkKey({ kmsKeyId, administrators = [] }: AwsClusterArgs, problems: Problems): void {
  const key = known(kmsKeyId);
  if (key !== undefined && !keyPattern.test(key)) {
    const reason = `"${key}" is not the id or ARN of a KMS key; policies do not take an alias`;
    problems.add("kmsKeyId", reason);
  }
  administrators.forEach((given, index) => {
    const arn = known(given);
    if (arn === undefined || principalPattern.test(arn)) return;
    const reason = `"${arn}" is not the ARN of an IAM role or user such as arn:aws:iam::123456789012:role/ops`;
    problems.add(`administrators[${index}]`, reason);
  });
  if (kmsKeyId !== undefined && administrators.length > 0) {
    problems.add(
      "administrators",
      "cannot be given beside kmsKeyId: that key is yours, and its own policy names whoever may use it. Name them there, or leave out kmsKeyId",
    );
  }
}

function checkControlPlane(
  { controlPlane = {}, network = {} }: AwsClusterArgs,
  base: string,
  problems: Problems,
): void {
  const { count, diskSizeGib } = controlPlane;
  const instanceType = known(controlPlane.instanceType);
  if (instanceType !== undefined) checkInstanceType("controlPlane.instanceType", instanceType, problems);
  if (count !== undefined && count !== 1 && count !== 3) {
    problems.add("controlPlane.count", `must be 1 or 3, is ${String(count)}: etcd needs a majority of an odd number`);
  }
  if (count === 3 && /^internal-/i.test(base)) {
    problems.add("clusterName", `must not start with internal-, which AWS keeps for itself in names of load balancers`);
  }
  if (controlPlane.publicAddress === false && network.vpcId === undefined && network.subnetIds === undefined)
    problems.add(
      "controlPlane.publicAddress",
      "false is for a network that exists, from which the API is reached: name network.vpcId or network.subnetIds",
    );
  checkDiskSize("controlPlane.diskSizeGib", diskSizeGib, 20, problems);
  checkImage("controlPlane.image", controlPlane.image, problems);
}

/** AWS is asked at preview whether there is such an image. */
function checkImage(path: string, given: pulumi.Input<string> | undefined, problems: Problems): void {
  const image = known(given);
  if (image !== undefined && !/^ami-[0-9a-z-]+$/.test(image)) {
    problems.add(path, `"${image}" is no image id such as ami-0123456789abcdef0`);
  }
}

/** Names of zones differ from account to account, and their ids do not: a subnet is made by name. */
function checkZones(zones: readonly string[], region: string | undefined, problems: Problems): void {
  zones.forEach((zone, index) => {
    const path = `network.zones[${index}]`;
    if (/^[a-z0-9-]+-az\d+$/.test(zone)) {
      problems.add(path, `"${zone}" is the id of a zone: its name is meant, such as ${region ?? "us-west-2"}a`);
    } else if (!/^[a-z]+(-[a-z0-9]+)+[a-z]$/.test(zone)) {
      problems.add(path, `"${zone}" is no name of a zone such as ${region ?? "us-west-2"}a`);
    } else if (region !== undefined && !zone.startsWith(region)) {
      problems.add(path, `"${zone}" is no zone of ${region}`);
    }
  });
}

function checkInstanceType(path: string, type: string, problems: Problems): void {
  if (!instanceTypePattern.test(type)) {
    problems.add(path, `"${type}" is not an instance type such as p5.48xlarge${meantSize(type)}`);
  }
}

/** The size is a word of few; the family AWS knows, and is asked at preview. */
function meantSize(type: string): string {
  const [, family, number, word] = /^([a-z][a-z0-9-]*\d[a-z0-9-]*)\.(\d*)([a-z]+)$/i.exec(type) ?? [];
  const size = word === undefined ? undefined : closest(word, number === "" ? sizes : ["xlarge"]);
  if (size !== undefined) return ` (did you mean "${family!.toLowerCase()}.${number}${size}"?)`;
  return family === undefined ? "" : `: after the dot is a size, one of ${sizes.join(", ")}, 2xlarge and so on`;
}

function checkNodeGroup(path: string, group: AwsNodeGroupArgs, problems: Problems): void {
  checkTypes(path, group, problems);
  if (group.image === undefined) checkDriver(path, group, problems);
  checkImage(`${path}.image`, group.image, problems);
  checkCapacity(`${path}.capacity`, group, problems);
  checkDisk(path, group, problems);
  checkWhole(`${path}.gpus`, group.gpus, 0, problems);
}

/** AWS's image carries NVIDIA's open driver. */
function checkDriver(path: string, { instanceTypes }: AwsNodeGroupArgs, problems: Problems): void {
  const types = (knownElements(instanceTypes) ?? []).filter((type) => type !== undefined);
  for (const [kind, needed] of [
    [withoutOpenDriver, "the older driver"],
    [withGridDriver, "NVIDIA's GRID driver"],
  ] as const) {
    const such = types.filter((type) => kind.test(type)).join(", ");
    const reason = `AWS's image carries NVIDIA's open driver, which does not know the GPUs of ${such}: name one with ${needed}`;
    if (such !== "") problems.add(`${path}.image`, reason);
  }
}

const sizes = ["nano", "micro", "small", "medium", "large", "xlarge", "metal"];

/** AWS knows the types' real shapes, and is asked at preview: names tell already here whether there are GPUs, and of which architecture they are. */
function checkTypes(path: string, group: AwsNodeGroupArgs, problems: Problems): void {
  const given = knownElements(group.instanceTypes);
  if (given?.length === 0) problems.add(`${path}.instanceTypes`, "must name at least one");
  given?.forEach((type, index) => {
    if (type === undefined) return;
    checkInstanceType(`${path}.instanceTypes[${index}]`, type, problems);
    if (given.indexOf(type) < index) {
      problems.add(`${path}.instanceTypes[${index}]`, `"${type}" is named twice`);
    }
  });
  const instanceTypes = (given ?? []).filter((type) => type !== undefined);
  const looks: [string, (type: string) => string][] = [
    ["GPUs", (type) => (group.gpus === undefined && mayHaveGpus(type) ? "some" : "none")],
    ["architecture", architectureOf],
  ];
  for (const [what, of] of looks) {
    const kinds = [...new Set(instanceTypes.map(of))];
    if (kinds.length > 1) {
      const split = kinds.map((kind) => `${instanceTypes.filter((type) => of(type) === kind).join(", ")} (${kind})`);
      problems.add(
        `${path}.instanceTypes`,
        `the types of a group must have equal ${what}; split it into ${kinds.length} groups: ${split.join("; ")}`,
      );
    }
  }
}

function checkSubnets(subnets: readonly (string | undefined)[] | undefined, problems: Problems): void {
  if (subnets?.length === 0) problems.add("network.subnetIds", "must name at least one");
  subnets?.forEach((subnet, index) => {
    checkId(`network.subnetIds[${index}]`, subnet, "subnet", problems);
    if (subnet !== undefined && subnets.indexOf(subnet) < index)
      problems.add(`network.subnetIds[${index}]`, `"${subnet}" is named twice`);
  });
}

/** Whether there is such is asked of AWS at the preview. */
function checkId(path: string, id: string | undefined, kind: "vpc" | "subnet", problems: Problems): void {
  if (id !== undefined && !(id.startsWith(`${kind}-`) && /^[\w-]+$/.test(id)))
    problems.add(path, `"${id}" is not an id such as ${kind}-0123456789abcdef0`);
}

interface Surroundings {
  region: string | undefined;
  groups: readonly AwsNodeGroupArgs[];
}

function checkNetwork(network: AwsNetworkArgs, { region, groups }: Surroundings, problems: Problems): void {
  const { vpcId, subnetIds, zones } = network;
  checkId("network.vpcId", known(vpcId), "vpc", problems);
  checkSubnets(knownElements(subnetIds), problems);
  if (vpcId !== undefined || subnetIds !== undefined) {
    for (const field of ["cidr", "zones", "nat"] as const) {
      if (network[field] !== undefined) {
        problems.add(
          `network.${field}`,
          `is for a new VPC, but ${vpcId === undefined ? "subnetIds are" : "vpcId is"} given`,
        );
      }
    }
    return;
  }
  if (zones && (zones.length < 1 || zones.length > 3 || new Set(zones).size < zones.length)) {
    problems.add("network.zones", `must name one to three different zones, names ${zones.length}`);
    return;
  }
  checkZones(zones ?? [], region, problems);
  checkNewRange(network, zoneCount({ zones, region }), groups, problems);
}

/** Reference: EC2 user guide, "Placement groups", rules of spread. */
const mostSpreadPerZone = 7;

function checkSpread({ network = {}, region, nodeGroups = [] }: AwsClusterArgs, problems: Problems): void {
  const { vpcId, subnetIds, zones } = network;
  const places =
    known(subnetIds)?.length ??
    (vpcId === undefined && subnetIds === undefined ? zoneCount({ zones, region }) : undefined);
  const most = places === undefined ? undefined : places * mostSpreadPerZone;
  nodeGroups.forEach(({ placementGroup, maxSize }, index) => {
    const wanted = known(maxSize);
    if (placementGroup === "spread" && most !== undefined && wanted !== undefined && wanted > most) {
      const reason = `${wanted} is more than ${most}: a placement group of the kind "spread" takes ${mostSpreadPerZone} machines per zone, and ${counted(places!, "zone is", "zones are")} there`;
      problems.add(`nodeGroups[${index}].maxSize`, reason);
    }
  });
}

/** AWS is asked for the ranges of a VPC that exists; one that no VPC can have is compared with nothing. */
function newRange({ vpcId, subnetIds, cidr = defaultCidr }: AwsNetworkArgs = {}) {
  const isNew = vpcId === undefined && subnetIds === undefined && isVpcRange(cidr);
  return isNew ? { path: "network.cidr", cidr, fixed: false } : undefined;
}

function isVpcRange(cidr: string): boolean {
  const range = parseCidr(cidr);
  return range !== undefined && range.prefix >= 16 && range.prefix <= 24;
}

function checkNewRange(
  network: AwsNetworkArgs,
  zones: number,
  groups: readonly AwsNodeGroupArgs[],
  problems: Problems,
): void {
  const cidr = network.cidr ?? defaultCidr;
  if (!isVpcRange(cidr)) {
    problems.add("network.cidr", `"${cidr}" must be an IPv4 range from /16 to /24 such as ${defaultCidr}`);
    return;
  }
  if (isReserved(cidr))
    problems.add("network.cidr", `"${cidr}" has addresses that networks keep for themselves: take a private range`);
  const plan = planSubnets(cidr, zones);
  const places = (network.nat === "none" ? plan?.public : plan?.private) ?? [];
  const room = places.reduce((sum, place) => sum + roomIn(place), 0);
  const wanted = groups.reduce((sum, group) => sum + (known(group.maxSize) ?? 0), 0);
  if (wanted > room) {
    problems.add("network.cidr", `"${cidr}" has room for ${counted(room, "node")}, and the groups may have ${wanted}`);
  }
}
