/** Spot bids (reference: Mithril API, /v2/spot/bids). Only price, pause, volumes and memory change. */
import { marketOf } from "./auction";
import { usualSpotQuota } from "./conditions";
import { badRequest, conflict, unprocessable } from "./errors";
import { find, isLiveBid, newFid, ofProject, simulatedUser, type StoredBid, type World } from "./model";
import {
  checkBilling,
  checkOffered,
  checkOrderName,
  checkProject,
  checkRegion,
  checkVolumes,
  instanceTypeOf,
  readLaunch,
  stopInstances,
} from "./orders";
import type { CreateBidBody, UpdateBidBody } from "./requests";
import { launchView } from "./order-view";

export function createBid(world: World, body: CreateBidBody) {
  checkProject(world, body.project);
  checkBilling(world);
  checkRegion(body.region);
  const type = instanceTypeOf(body.instance_type);
  checkOffered(world, type);
  const market = marketOf(world, type.fid, body.region);
  if (!market) throw badRequest(`Instance type ${type.name} is not available in this region: ${body.region}`);
  const limitCents = checkPrice(body.limit_price, market.minimumCents);
  if (body.instance_quantity < 1)
    throw unprocessable("instance_quantity", "Input should be greater than or equal to 1");
  checkOrderName(world, body.project, body.name);
  const launch = readLaunch(world, { ...body, quantity: body.instance_quantity }, body.launch_specification);
  if (launch.memoryGb !== undefined && launch.memoryGb > type.memoryGb)
    throw unprocessable("memory_gb", `Input should be at most ${type.memoryGb}`);
  const used = spotInstances(world, body.project, type.fid);
  const quota = world.conditions.spotQuota?.[type.name] ?? usualSpotQuota;
  if (used + body.instance_quantity > quota)
    throw badRequest(`Spot quota exceeded for ${type.name}: ${used} of ${quota} instances are in use`);
  const bid: StoredBid = {
    fid: newFid(world.state, "bid"),
    name: body.name,
    project: body.project,
    createdAt: world.now,
    region: body.region,
    instanceType: type.fid,
    quantity: body.instance_quantity,
    launch,
    instances: [],
    limitCents,
    status: "Open",
  };
  world.state.bids[bid.fid] = bid;
  return bidView(bid);
}

export function spotInstances(world: World, project: string, instanceType: string): number {
  return ofProject(world.state.bids, project)
    .filter((bid) => isLiveBid(bid) && bid.instanceType === instanceType)
    .reduce((sum, bid) => sum + bid.quantity, 0);
}

export function getBid(world: World, fid: string) {
  return bidView(find(world.state.bids, "Bid", fid));
}

/** The one call that tells of a relocation. */
export function getBidStatus(world: World, fid: string) {
  const bid = find(world.state.bids, "Bid", fid);
  const moves = bid.instances.some((instance) => world.state.instances[instance]?.status === "STATUS_RELOCATING");
  return { bid_fid: fid, status: moves ? "Relocating" : bid.status };
}

/** Volumes only while it is paused. */
export function updateBid(world: World, fid: string, body: UpdateBidBody) {
  const bid = find(world.state.bids, "Bid", fid);
  if (!isLiveBid(bid)) throw badRequest(`Bid ${bid.name} is already terminated`);
  const market = marketOf(world, bid.instanceType, bid.region);
  const limitCents =
    body.limit_price == null ? bid.limitCents : checkPrice(body.limit_price, market?.minimumCents ?? 0);
  if (body.volumes != null) {
    if (bid.status !== "Paused") throw badRequest(`Bid ${bid.name} must be paused to change its volumes`);
    checkVolumes(world, bid, body.volumes, bid.fid);
  }
  bid.limitCents = limitCents;
  if (body.volumes != null) bid.launch.volumes = [...body.volumes];
  if (body.memory_gb != null) bid.launch.memoryGb = body.memory_gb;
  if (body.paused === true && bid.status !== "Paused") {
    stopInstances(world, bid.instances, "STATUS_PAUSED", world.now);
    bid.status = "Paused";
    delete bid.noticeEnds;
  } else if (body.paused === false && bid.status === "Paused") {
    bid.status = "Open";
  }
  return bidView(bid);
}

/** Ends it for good, with its instances. */
export function deleteBid(world: World, fid: string): void {
  const bid = find(world.state.bids, "Bid", fid);
  if (!isLiveBid(bid)) throw conflict(`Bid ${bid.name} is already terminated`);
  bid.status = "Terminated";
  bid.deactivatedAt = world.now;
  delete bid.noticeEnds;
  stopInstances(world, bid.instances, "STATUS_TERMINATED", world.now);
}

export function bidView(bid: StoredBid) {
  return {
    fid: bid.fid,
    name: bid.name,
    project: bid.project,
    created_by: simulatedUser,
    created_at: new Date(bid.createdAt).toISOString(),
    deactivated_at: bid.deactivatedAt === undefined ? null : new Date(bid.deactivatedAt).toISOString(),
    limit_price: dollarText(bid.limitCents),
    instance_quantity: bid.quantity,
    instance_type: bid.instanceType,
    region: bid.region,
    instances: bid.instances,
    launch_specification: launchView(bid.launch),
    status: bid.status,
  };
}

function checkPrice(text: string, minimumCents: number): number {
  const cents = Math.round(Number(text.slice(1)) * 100);
  if (cents < minimumCents) throw badRequest(`Limit price below minimum: at least ${dollarText(minimumCents)}`);
  return cents;
}

export function dollarText(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}
