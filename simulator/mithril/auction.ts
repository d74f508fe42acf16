/**
 * The spot auction: every interval, the highest bids of each market win while they are not below what others pay and instances are left
 * (reference: Mithril API, "Behaviour"; multi-instance bids win whole or not at all, ties by age).
 */
import { instanceTypes, type InstanceTypeData } from "./catalogue-data";
import { startInstances } from "./orders";
import type { MithrilConditions } from "./conditions";
import type { StoredBid, StoredInstance, World } from "./model";

export interface MarketNow {
  readonly type: InstanceTypeData;
  readonly region: string;
  readonly capacity: number;
  readonly spotPriceCents: number;
  readonly minimumCents: number;
}

export function marketsNow(conditions: MithrilConditions): MarketNow[] {
  return instanceTypes.flatMap((type) =>
    Object.entries(type.markets).map(([region, usual]) => {
      const { capacity, spotPriceCents } = conditions.markets?.[`${type.name}/${region}`] ?? {};
      return {
        type,
        region,
        capacity: capacity ?? usual.capacity,
        spotPriceCents: spotPriceCents ?? usual.spotPriceCents,
        minimumCents: usual.minimumCents,
      };
    }),
  );
}

export function marketOf(conditions: MithrilConditions, instanceType: string, region: string): MarketNow | undefined {
  return marketsNow(conditions).find((market) => market.type.fid === instanceType && market.region === region);
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
  for (const market of marketsNow(world.conditions)) {
    const contenders = bidsOf(world, market)
      .filter((bid) => bid.status === "Open" || holdsInstances(bid))
      .sort((a, b) => b.limitCents - a.limitCents || a.createdAt - b.createdAt);
    let left = market.capacity;
    for (const bid of contenders) {
      const wins = bid.limitCents >= market.spotPriceCents && bid.quantity <= left;
      if (wins) left -= bid.quantity;
      if (wins === (bid.status === "Allocated")) continue;
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
