/** Volumes: block devices and file shares (reference: Mithril API, /v2/volumes). Only the name changes. */
import { regions } from "./catalogue-data";
import { usualStorageQuotaGb } from "./conditions";
import { badRequest, conflict, notFound, unprocessable } from "./errors";
import { find, newFid, ofProject, type StoredVolume, type World } from "./model";
import { attachments, checkProject, checkRegion } from "./orders";
import type { CreateVolumeBody } from "./requests";

const largestGb = 32_000;

export function createVolume(world: World, body: CreateVolumeBody) {
  checkProject(world, body.project);
  checkRegion(body.region);
  if (body.size_gb < 1 || body.size_gb > largestGb)
    throw unprocessable("size_gb", `Input should be from 1 to ${largestGb}`);
  const region = regions.find(({ name }) => name === body.region)!;
  if (!(body.disk_interface === "File" ? region.file : region.block)) {
    throw badRequest(`${body.disk_interface} storage is not available in this region: ${body.region}`);
  }
  const live = ofProject(world.state.volumes, body.project).filter((volume) => volume.deletedAt === undefined);
  if (live.some((volume) => volume.name === body.name)) throw badRequest(`Volume name already exists: ${body.name}`);
  const used = live.reduce((sum, volume) => sum + volume.sizeGb, 0);
  const quota = world.conditions.storageQuotaGb ?? usualStorageQuotaGb;
  if (used + body.size_gb > quota) throw badRequest(`Storage quota exceeded: ${used} of ${quota} GB are in use`);
  const volume: StoredVolume = {
    fid: newFid(world.state, "vol"),
    name: body.name,
    project: body.project,
    createdAt: world.now,
    region: body.region,
    diskInterface: body.disk_interface,
    sizeGb: body.size_gb,
  };
  world.state.volumes[volume.fid] = volume;
  return volumeView(world, volume);
}

export function listVolumes(world: World, project: string, region: string, includeDeleted: boolean) {
  checkProject(world, project);
  return ofProject(world.state.volumes, project)
    .filter(
      (volume) => (includeDeleted || volume.deletedAt === undefined) && (region === "" || volume.region === region),
    )
    .map((volume) => volumeView(world, volume));
}

export function updateVolume(world: World, fid: string, { name }: { name: string }) {
  const volume = live(world, fid);
  volume.name = name;
  return volumeView(world, volume);
}

export function deleteVolume(world: World, fid: string): void {
  const volume = live(world, fid);
  const [order] = attachments(world, fid);
  if (order) throw conflict(`Volume is in use by ${order.name} (${order.fid})`);
  volume.deletedAt = world.now;
}

function live(world: World, fid: string): StoredVolume {
  const volume = find(world.state.volumes, "Volume", fid);
  if (volume.deletedAt !== undefined) throw notFound("Volume", fid);
  return volume;
}

function volumeView(world: World, volume: StoredVolume) {
  const orders = attachments(world, volume.fid);
  return {
    fid: volume.fid,
    name: volume.name,
    region: volume.region,
    created_at: new Date(volume.createdAt).toISOString(),
    deleted_at: volume.deletedAt === undefined ? null : new Date(volume.deletedAt).toISOString(),
    capacity_gb: volume.sizeGb,
    project: volume.project,
    interface: volume.diskInterface,
    bids: orders.filter((order) => "limitCents" in order).map((order) => order.fid),
    reservations: orders.filter((order) => !("limitCents" in order)).map((order) => order.fid),
    attachments: {},
  };
}
