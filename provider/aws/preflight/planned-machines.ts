/** What stands in the way of machines that are planned, by the user's own fields. */
import { isDeepStrictEqual } from "node:util";
import type * as pulumi from "../../../sdk/pulumi";
import type { PlannedControlPlane, PlannedImage, PlannedMachines } from "../../../sdk/aws/account-ready";
import { purchaseOf } from "../../../sdk/aws/capacity";
import { checkFabric, checkGpuUse, checkGpuVendor } from "../../../sdk/aws/type-checks";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { chooseImage, rootDiskGib } from "../images";
import type { InstanceTypeFacts } from "../instance-types";
import { examineGroup, type GroupFacts, type GroupPlan } from "./preflight";
import { readGroupFacts } from "./preflight-facts";

/** What is looked at, in the user's words, and what is found. */
export type Look = [what: string, found: Promise<CheckFailure[]>];

/** Where machines are going to be. */
export interface Place {
  /** Of a network that exists. */
  readonly vpcId?: string;
  /** Empty: not known. */
  readonly zones: readonly string[];
  /** Of public addresses, in their order. Empty: not known, or there are none. */
  readonly publicZones?: readonly string[];
  /** Of machines in a network that does not exist yet. */
  readonly tenancy?: "default";
  /** Whether nodes have public addresses; undefined: not known. */
  readonly publicNodes?: boolean;
  readonly failures: CheckFailure[];
}

type ControlPlane = pulumi.Unwrap<PlannedControlPlane>;

type Group = pulumi.Unwrap<PlannedMachines>;

interface Asked {
  readonly group: Group;
  /** As it was looked at before; undefined: it has no machines yet. */
  readonly former: Group | undefined;
  /** The user's own name of it, for example `nodeGroups[2]`. */
  readonly path: string;
}

function differ<T extends object>(one: T, other: T | undefined, fields: readonly (keyof T)[]): boolean {
  return fields.some((field) => !isDeepStrictEqual(one[field], other?.[field]));
}

/** What runs needs no image: it is looked for when another one is wanted. Where the disk alone is another, the image is the one that was chosen. */
const ofImage = ["image", "architecture"] as const;
const ofTypes = ["efa", "placementGroup", "gpuVendor", "gpus", "mig", "partitions"] as const;

export interface PlannedPlane {
  readonly planned: ControlPlane;
  readonly before: ControlPlane | undefined;
  /** Whether a machine that is alone has a public address. */
  readonly isPublic: boolean;
}

/** The type, where it is offered, its quota and the image, as far as they are others than `before`. */
export function controlPlaneLooks(
  clients: AwsClients,
  plane: PlannedPlane,
  place: () => Promise<Place>,
  signal: AbortSignal,
): Look[] {
  const { planned, before } = plane;
  const looks: Look[] = [];
  if (differ(planned, before, ["instanceType", "count"]))
    looks.push(["controlPlane", controlPlaneFailures(clients, plane, place(), signal)]);
  // The state of an older release does not say which image.
  const isKnown = before === undefined || before.architecture !== undefined;
  if (isKnown && differ(planned, before, ofImage))
    looks.push(["controlPlane.image", imageFailures(clients, { ...planned, gpu: false }, "controlPlane", signal)]);
  return looks;
}

async function controlPlaneFailures(
  clients: AwsClients,
  { planned: { instanceType, count }, before, isPublic }: PlannedPlane,
  place: Promise<Place>,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const plan = { instanceTypes: [instanceType], minSize: count, maxSize: count, capacityType: "on-demand" as const };
  const [facts, where] = await Promise.all([
    readGroupFacts(clients, plan, {}, signal),
    // What is wrong with the place is told for itself.
    place.catch((): Place => ({ zones: [], failures: [] })),
  ]);
  const { failures } = examineGroup(plan, facts, "controlPlane");
  const told = [
    ...failures.map(({ property, reason }) => ({
      property: property.replace(/\.instanceTypes(\[0\])?$/, ".instanceType"),
      reason,
    })),
    ...(before ? [] : tooSmall(instanceType, facts.types)),
  ];
  const offered = facts.offerings.map(({ zone }) => zone);
  const without = zonesOfPlane(count, isPublic ? where : { ...where, publicZones: where.zones }).filter(
    (zone) => offered.length > 0 && !offered.includes(zone),
  );
  if (without.length === 0) return told;
  const wayOut = before ? "name another type" : "name another type, or a network in others";
  const reason = `"${instanceType}" is not offered in ${without.join(", ")}, where the control plane is, but in ${[...new Set(offered)].sort().join(", ")}: ${wayOut}`;
  return [...told, { property: "controlPlane.instanceType", reason }];
}

/** Reference: kubeadm's checks before `init`, `NumCPU` and `Mem` (1700 MB, of which a machine's kernel has some to itself). */
const kubeadmNeeds = { vcpus: 2, memoryMib: 2048 };

function tooSmall(instanceType: string, types: readonly InstanceTypeFacts[]): CheckFailure[] {
  const type = types.find(({ name }) => name === instanceType);
  if (!type || (type.vcpus >= kubeadmNeeds.vcpus && type.memoryMib >= kubeadmNeeds.memoryMib)) return [];
  const has = `${type.vcpus} vCPU${type.vcpus === 1 ? "" : "s"} and ${type.memoryMib / 1024} GiB`;
  const reason = `"${instanceType}" has ${has}: kubeadm makes no control plane of less than 2 vCPUs and 2 GiB`;
  return [{ property: "controlPlane.instanceType", reason }];
}

/** A machine that is alone is in the first; several are over all that nodes have. */
function zonesOfPlane(count: number, { zones, publicZones = [] }: Place): readonly string[] {
  return count === 1 ? publicZones.slice(0, 1) : zones.slice(0, count);
}

/** The types, the reservation, the quotas, and the image. */
export function groupLooks(clients: AwsClients, asked: Asked, place: Promise<Place>, signal: AbortSignal): Look[] {
  const { group, former, path } = asked;
  const { instanceTypes, minSize, maxSize, capacity } = group;
  const plan: GroupPlan = { instanceTypes, minSize, maxSize, isNew: former === undefined, ...purchaseOf(capacity) };
  const looks: Look[] = [];
  const plans = differ(group, former, ["instanceTypes", "minSize", "maxSize", "capacity", ...ofTypes]);
  const images = differ(group, former, [...ofImage, "gpus", "gpuDriver"]);
  if (!plans && !images) return looks;
  // What is wrong with the place is told for itself.
  const surroundings = place.catch((): Place => ({ zones: [], failures: [] }));
  const reading = surroundings.then(({ zones, vpcId, tenancy }) =>
    readGroupFacts(clients, plan, { zones, vpcId, tenancy }, signal),
  );
  const types = async () => {
    const [facts, { publicNodes = false }] = await Promise.all([reading, surroundings]);
    return [...examineGroup(plan, facts, path).failures, ...typeFailures(asked, facts, publicNodes)];
  };
  const image = async () => {
    const facts = await reading.catch(() => undefined);
    return imageFailures(clients, { ...group, gpu: needsDriver(group, facts) }, path, signal);
  };
  if (plans) looks.push([path, types()]);
  if (images) looks.push([`${path}.image`, image()]);
  return looks;
}

function typeFailures({ group, path }: Asked, { types }: GroupFacts, publicSubnets: boolean): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const problems = { add: (property: string, reason: string) => failures.push({ property, reason }) };
  checkFabric(path, group, types, { publicSubnets }, problems);
  if (group.gpuVendor !== undefined) checkGpuVendor(path, group.gpuVendor, types, problems);
  checkGpuUse(path, group, types, problems);
  return failures;
}

function needsDriver({ gpus, gpuDriver = true, instanceTypes }: Asked["group"], facts: GroupFacts | undefined) {
  const counted = facts?.types.find(({ name }) => name === instanceTypes[0])?.gpus ?? 0;
  return gpuDriver && (gpus ?? counted) > 0;
}

/** Whether there is an image, and whether the disk is large enough for it. */
async function imageFailures(
  { ec2 }: AwsClients,
  { image: imageId, architecture, diskSizeGib, gpu }: pulumi.Unwrap<PlannedImage> & { gpu: boolean },
  path: string,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  if (architecture === undefined) return [];
  const image = await chooseImage(ec2, { imageId, ubuntu: "24.04", architecture, gpu }, signal);
  if (typeof image === "string") return [{ property: `${path}.image`, reason: image }];
  const least = rootDiskGib(image);
  if (diskSizeGib === undefined || diskSizeGib >= least) return [];
  const reason = `${diskSizeGib} is less than the ${least} GiB that the image ${image.ImageId} holds`;
  return [{ property: `${path}.diskSizeGib`, reason }];
}
