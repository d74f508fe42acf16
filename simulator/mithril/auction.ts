/**
 * The spot auction: every interval, the highest bids of each market win while they are not below what others pay and instances are left
 * (reference: Mithril API, "Behaviour"; multi-instance bids win whole or not at all, ties by age).
 */
import { instanceTypes, type InstanceTypeData } from "./catalogue-data";
import { startInstances } from "./orders";
import type { StoredBid, StoredInstance, World } from "./model";

export interface MarketNow {
  readonly type: InstanceTypeData;
  readonly region: string;
  readonly capacity: number;
  readonly spotPriceCents: number;
  readonly minimumCents: number;
}

/** Markets give out no more than there is room for. */
export function marketsNow(world: World): MarketNow[] {
  const { free } = world.room();
  return instanceTypes.flatMap((type) =>
    Object.entries(type.markets).map(([region, usual]) => {
      const { capacity = usual.capacity, spotPriceCents } = world.conditions.markets?.[`${type.name}/${region}`] ?? {};
      const held = heldInstances(world, type.fid, region);
      return {
        type,
        region,
        capacity: Math.min(capacity, held + Math.max(0, free)),
        spotPriceCents: spotPriceCents ?? usual.spotPriceCents,
        minimumCents: usual.minimumCents,
      };
    }),
  );
}

/** By allocated bids. */
function heldInstances(world: World, instanceType: string, region: string): number {
  return Object.values(world.state.bids)
    .filter((bid) => bid.instanceType === instanceType && bid.region === region && holdsInstances(bid))
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

export function marketOf(world: World, instanceType: string, region: string): MarketNow | undefined {
  return marketsNow(world).find((market) => market.type.fid === instanceType && market.region === region);
}

export function bidsOf(world: World, market: MarketNow): StoredBid[] {
  return Object.values(world.state.bids).filter(
    (bid) => bid.instanceType === market.type.fid && bid.region === market.region,
  );
}

export function holdsInstances(bid: StoredBid): boolean {
  return bid.status === "Allocated" || bid.status === "Preempting";
}

/** True when a bid won or lost. */
export function runAuction(world: World, at: number): boolean {
  let changed = false;
  let { free } = world.room();
  for (const market of marketsNow(world)) {
    const contenders = bidsOf(world, market)
      .filter((bid) => bid.status === "Open" || holdsInstances(bid))
      .sort((a, b) => b.limitCents - a.limitCents || a.createdAt - b.createdAt);
    let left = market.capacity;
    for (const bid of contenders) {
      const fits = bid.quantity <= left && (holdsInstances(bid) || bid.quantity <= free);
      const wins = bid.limitCents >= market.spotPriceCents && fits;
      if (wins) left -= bid.quantity;
      if (wins === (bid.status === "Allocated")) continue;
      if (wins && bid.status === "Open") free -= bid.quantity;
      changed = true;
      if (wins) allocate(world, bid, at);
      else preempt(world, bid, at);
    }
  }
  return changed;
}

function allocate(world: World, bid: StoredBid, at: number): void {
  const wonBack = bid.status === "Preempting";
  bid.status = "Allocated";
  delete bid.noticeEnds;
  if (wonBack) for (const instance of instancesOf(world, bid)) instance.status = "STATUS_RUNNING";
  else startInstances(world, bid, at);
}

function preempt(world: World, bid: StoredBid, at: number): void {
  bid.status = "Preempting";
  bid.noticeEnds = at + world.delays.preemptionNotice;
  for (const instance of instancesOf(world, bid)) {
    instance.status = "STATUS_PREEMPTING";
    delete instance.next;
  }
}

/** The notice is over: power off, the boot disk stays, and the bid waits for the next auction. */
export function endNotice(world: World, bid: StoredBid): void {
  bid.status = "Open";
  delete bid.noticeEnds;
  for (const instance of instancesOf(world, bid)) {
    instance.status = "STATUS_PREEMPTED";
    instance.powered = false;
  }
}

function instancesOf(world: World, bid: StoredBid): StoredInstance[] {
  return bid.instances.map((fid) => world.state.instances[fid]!);
}
