/** What bids and reservations share: the launch specification's rules, and the instances that they start. */
import { badRequest, MithrilError, notFound, unprocessable } from "./errors";
import { images, instanceTypes, regions, type InstanceTypeData } from "./catalogue-data";
import type { LaunchBody } from "./requests";
import {
  find,
  isLiveBid,
  isLiveReservation,
  newFid,
  ofProject,
  takeAddress,
  type StoredBid,
  type StoredInstance,
  type StoredLaunch,
  type StoredReservation,
  type World,
} from "./model";

const longestScript = 10_000;
const mostVolumes = 20;

export function checkProject(world: World, project: string): void {
  if (!world.state.projects[project]) throw notFound("Project", project);
}

/** What Mithril answers when it has no room is not documented: these words are ours. */
export function checkRoom(world: World, machines: number, region: string): void {
  const { free, bound } = world.room();
  if (machines > free) throw badRequest(`Not enough capacity in ${region}: simulator: ${bound}`);
}

export function checkRegion(region: string): void {
  if (!regions.some(({ name }) => name === region)) throw badRequest(`Region ${region} does not exist`);
}

/** What Mithril answers to an image that it does not have is not documented: these words are ours. */
export function checkImage(fid: string | null | undefined, images: readonly { readonly fid: string }[]): void {
  if (fid && !images.some((image) => image.fid === fid)) throw notFound("Image version", fid);
}

export function instanceTypeOf(fid: string): InstanceTypeData {
  const type = instanceTypes.find((candidate) => candidate.fid === fid);
  if (!type) throw notFound("Instance type", fid);
  return type;
}

/** What is no longer offered goes on for those who have it. */
export function isOffered(world: World, { name }: InstanceTypeData): boolean {
  return !world.conditions.withdrawn?.includes(name);
}

export function checkOffered(world: World, type: InstanceTypeData): void {
  if (!isOffered(world, type)) throw badRequest(`Instance type ${type.name} is not available`);
}

export function checkBilling(world: World): void {
  if (world.conditions.withoutBilling) throw new MithrilError(402, "Add a payment method before you place an order");
}

/** Live orders must have different names. */
export function checkOrderName(world: World, project: string, name: string): void {
  if (name === "") throw unprocessable("name", "String should have at least 1 character");
  const orders = [
    ...ofProject(world.state.bids, project).filter(isLiveBid),
    ...ofProject(world.state.reservations, project).filter(isLiveReservation),
  ];
  if (orders.some((order) => order.name === name)) throw badRequest(`Order name already used: ${name}`);
}

export function checkKeys(world: World, project: string, fids: readonly string[]): void {
  for (const fid of fids) {
    if (find(world.state.sshKeys, "SSH key", fid).project !== project) throw notFound("SSH key", fid);
  }
  const missing = ofProject(world.state.sshKeys, project).filter((key) => key.required && !fids.includes(key.fid));
  if (missing.length > 0) {
    throw badRequest(
      `Missing required SSH key: ${missing.map((key) => `${key.name} (${key.fid})`).join(", ")} is required by the project`,
    );
  }
}

export function checkVolumes(
  world: World,
  order: { project: string; region: string; quantity: number },
  fids: readonly string[],
  own?: string,
): void {
  if (fids.length > mostVolumes) throw badRequest(`At most ${mostVolumes} volumes can be attached`);
  for (const fid of fids) {
    const volume = find(world.state.volumes, "Volume", fid);
    if (volume.deletedAt !== undefined || volume.project !== order.project) throw notFound("Volume", fid);
    if (volume.region !== order.region)
      throw badRequest(`Volume ${volume.name} is in ${volume.region}, not in ${order.region}`);
    if (volume.diskInterface === "File") continue;
    if (order.quantity > 1)
      throw badRequest(`Block volume ${volume.name} can only be attached to an order of one instance`);
    const other = attachments(world, fid).find((attached) => attached.fid !== own);
    if (other) throw badRequest(`Block volume ${volume.name} is in use by ${other.name} (${other.fid})`);
  }
}

/** Live orders that have the volume. */
export function attachments(world: World, volume: string): (StoredBid | StoredReservation)[] {
  const { bids, reservations } = world.state;
  return [...Object.values(bids).filter(isLiveBid), ...Object.values(reservations).filter(isLiveReservation)].filter(
    (order) => order.launch.volumes.includes(volume),
  );
}

export function readLaunch(
  world: World,
  order: { project: string; region: string; quantity: number },
  body: LaunchBody,
): StoredLaunch {
  checkKeys(world, order.project, body.ssh_keys);
  checkVolumes(world, order, body.volumes);
  const script = body.startup_script ?? undefined;
  if (script !== undefined && !script.startsWith("#!/bin/bash"))
    throw badRequest("startup_script must start with #!/bin/bash");
  if (script !== undefined && script.length > longestScript)
    throw badRequest(`startup_script must have at most ${longestScript} characters`);
  const cluster = body.kubernetes_cluster ?? undefined;
  if (cluster !== undefined) {
    const found = find(world.state.clusters, "Kubernetes cluster", cluster);
    if (found.status === "Terminated" || found.project !== order.project) throw notFound("Kubernetes cluster", cluster);
  }
  checkImage(body.image_version, images);
  return {
    volumes: [...body.volumes],
    sshKeys: [...body.ssh_keys],
    ...(script === undefined ? {} : { startupScript: script }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(body.image_version ? { imageVersion: body.image_version } : {}),
    ...(body.memory_gb ? { memoryGb: body.memory_gb } : {}),
  };
}

/** Starts the order's instances: those that it has kept their disks, missing ones are new. */
export function startInstances(world: World, order: StoredBid | StoredReservation, at: number): void {
  for (const fid of order.instances) bootInstance(world, world.state.instances[fid]!, at);
  for (let ordinal = order.instances.length + 1; ordinal <= order.quantity; ordinal++) {
    const instance: StoredInstance = {
      fid: newFid(world.state, "inst"),
      name: `${order.name}-${ordinal}`,
      project: order.project,
      createdAt: at,
      instanceType: order.instanceType,
      region: order.region,
      ...("limitCents" in order ? { bid: order.fid } : { reservation: order.fid }),
      ...joined(world, order),
      status: "STATUS_STARTING",
      address: takeAddress(world.state),
      powered: false,
      boots: 0,
    };
    world.state.instances[instance.fid] = instance;
    order.instances.push(instance.fid);
    bootInstance(world, instance, at);
  }
}

/** Workers of another region never join. */
function joined(world: World, order: StoredBid | StoredReservation): { cluster?: string } {
  const cluster = order.launch.cluster === undefined ? undefined : world.state.clusters[order.launch.cluster];
  return cluster && cluster.region === order.region ? { cluster: cluster.fid } : {};
}

function bootInstance(world: World, instance: StoredInstance, at: number): void {
  if (instance.status === "STATUS_TERMINATED" || instance.powered) return;
  instance.status = "STATUS_STARTING";
  instance.next = { at: at + world.delays.instanceStarting, status: "STATUS_RUNNING" };
  instance.powered = true;
  instance.boots += 1;
}

/** Power off; `status` is what follows. */
export function stopInstances(
  world: World,
  fids: readonly string[],
  status: "STATUS_PAUSED" | "STATUS_TERMINATED",
  at: number,
): void {
  for (const fid of fids) {
    const instance = world.state.instances[fid]!;
    if (instance.status === "STATUS_TERMINATED" || instance.status === status) continue;
    instance.status = "STATUS_STOPPING";
    instance.next = { at: at + world.delays.instanceStopping, status };
    instance.powered = false;
  }
}
