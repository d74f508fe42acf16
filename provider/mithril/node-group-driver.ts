/** Runs a node group of spot bids: one bid for each node, or for each `bidSize` nodes. */
import { counted } from "../../sdk/counted";
import { randomUUID } from "node:crypto";
import {
  GroupUnfinished,
  type NodeGroupDescription,
  type NodeGroupDriver,
  type NodeGroupMachine,
  type NodeGroupProblem,
  type NodeTemplate,
} from "../node-groups/driver";
import { inParallel } from "../cloud/parallel";

import { waitFor } from "../cloud/wait";
import type { MithrilApi } from "./api";
import { createOnce, type Search } from "./create-once";
import { formatMoney, parseMoney, sameMoney } from "../../sdk/mithril/money";
import { bidName, bidOrdinal, instanceName } from "./names";
import { inPlaces, instancesOf, isGoneWithOrder, isLiveBid, liveBids, orderDifferences, statusWith } from "./orders";
import { Removals } from "./removals";
import { liveBidStatuses, type Bid, type BidRequest, type Instance, type LaunchSpecification } from "./types";

export interface SpotGroup {
  api: MithrilApi;
  clusterId: string;
  clusterName: string;
  group: string;
  region: string;
  /** `"$25.60"`, per instance and hour. */
  limitPrice: string;
  /** Instances of one bid. */
  bidSize: number;
  /** Of new bids; asked for only when one is placed. */
  order(signal: AbortSignal): Promise<{ instanceType: string; launchSpecification: LaunchSpecification }>;
  paused: boolean;
  search?: Search;
  template(signal: AbortSignal): Promise<NodeTemplate>;
}

/** A node or its place, with what Mithril says of it. */
export interface MithrilMachine extends NodeGroupMachine {
  /** Status of the order. */
  readonly orderStatus: string;
  /** Status of the instance; empty while there is none. */
  readonly instanceStatus: string;
}

export interface MithrilDescription extends NodeGroupDescription {
  readonly machines: readonly MithrilMachine[];
}

const bidsAtOnce = 4;

export class SpotGroupDriver implements NodeGroupDriver {
  constructor(private readonly group: SpotGroup) {}

  /** Bids of these names are the group's, whoever placed them: Mithril's orders cannot carry a mark. */
  async ensure(size: number, signal: AbortSignal): Promise<string> {
    if (sizeOf(await this.members(signal)) < size) {
      await this.resize(size, signal).catch((error: unknown) => {
        throw new GroupUnfinished(error);
      });
    }
    return groupId(this.group);
  }

  async describe(signal: AbortSignal): Promise<MithrilDescription> {
    const bids = await this.members(signal);
    const instances = await instancesOf(this.group.api, { bids: bids.map(({ fid }) => fid) }, signal);
    const machines = bids.flatMap((bid) => machinesOf(bid, instances));
    return { ...(bids.length > 0 && { id: groupId(this.group) }), size: sizeOf(bids), machines };
  }

  /** Live bids of the group, oldest first. */
  async members(signal: AbortSignal): Promise<Bid[]> {
    return this.ours(await liveBids(this.group.api, signal));
  }

  /** Sizes are rounded up to whole bids. A smaller size only gives up bids that hold no instances now, the newest first. */
  async resize(size: number, signal: AbortSignal): Promise<void> {
    const { bidSize } = this.group;
    const bids = await this.members(signal);
    let current = sizeOf(bids);
    if (current < size) {
      // With the history, for its names, and because one list misses no bid.
      const every = await this.everyBid(signal);
      const missing = size - sizeOf(every.filter(isLiveBid));
      if (missing > 0) await this.place(Math.ceil(missing / bidSize), every, signal);
      return;
    }
    const waiting = bids.filter(({ status }) => status === "Open").reverse();
    // Those that never ran have no boot disk to lose.
    const givenUp = [
      ...waiting.filter((bid) => bid.instances.length === 0),
      ...waiting.filter((bid) => bid.instances.length > 0),
    ];
    for (const bid of givenUp) {
      if (current - bid.quantity < size) continue;
      current -= bid.quantity;
      await this.group.api.bids.delete(bid.fid, signal);
    }
  }

  async remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const unwanted = new Set(ids);
    const bids = (await this.members(signal)).filter((bid) => idsOf(bid).some((id) => unwanted.has(id)));
    for (const bid of bids) {
      const kept = idsOf(bid).filter((id) => !unwanted.has(id));
      if (kept.length > 0) {
        throw new Error(
          `bid ${bid.name} (${bid.fid}) bought ${bid.quantity} nodes, which can only be removed together; ${kept.join(", ")} should stay`,
        );
      }
    }
    await inParallel(bids, bidsAtOnce, signal, (bid) => this.group.api.bids.delete(bid.fid, signal));
  }

  async destroy(signal: AbortSignal): Promise<void> {
    const { api } = this.group;
    // Also bids that an interrupted run has ended, for their instances.
    const every = await this.everyBid(signal);
    const fids = new Set(every.map(({ fid }) => fid));
    const strange = every.filter((bid) => isLiveBid(bid) && !liveBidStatuses.some((known) => known === bid.status));
    const removals = new Removals();
    await waitFor(async () => {
      // No list by status has those in a state that is new.
      const others = await Promise.all(strange.map(({ fid }) => api.bids.find(fid, signal)));
      const found = [...(await this.members(signal)), ...others.filter((bid) => bid !== undefined)];
      const live = [...new Map(found.filter(isLiveBid).map((bid) => [bid.fid, bid])).values()];
      for (const { fid } of live) fids.add(fid);
      await inParallel(live, bidsAtOnce, signal, ({ fid }) => removals.send(fid, () => api.bids.delete(fid, signal)));
      if (live.length > 0) return undefined;
      const instances = await instancesOf(api, { bids: [...fids] }, signal);
      if (!instances.every(isGoneWithOrder)) return undefined;
      // One list misses no bid.
      return (await this.everyBid(signal)).some(isLiveBid) ? undefined : true;
    }, signal);
  }

  /** As things are now: Mithril keeps no record of why. Who terminated a bid cannot be told either, so that is no problem here. */
  async problems(_since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const every = await this.members(signal);
    const problems = every.flatMap((bid): NodeGroupProblem[] => {
      const message = outbidNotice(bid);
      return message === undefined ? [] : [{ kind: "lost", machineId: machineId(bid.fid, 1), message, at: new Date() }];
    });
    const open = every.filter(({ status }) => status === "Open");
    for (const instanceType of new Set(open.map((bid) => bid.instanceType))) {
      const bids = open.filter((bid) => bid.instanceType === instanceType);
      problems.push(...(await this.whyOpen(bids, instanceType, signal)));
    }
    return problems;
  }

  /** Brings bids that are there to the group's price and pause. */
  async reshape(signal: AbortSignal): Promise<boolean> {
    const { api, limitPrice, paused } = this.group;
    const differs = ({ limitPrice: price, status }: Bid) =>
      !sameMoney(price, limitPrice) || (status === "Paused") !== paused;
    const bids = (await this.members(signal)).filter(differs);
    await inParallel(bids, bidsAtOnce, signal, async (bid) => {
      const isPaused = bid.status === "Paused";
      // The price first: a bid that wakes up should already have it.
      if (!sameMoney(bid.limitPrice, limitPrice)) await api.bids.update(bid.fid, { limitPrice }, signal);
      if (isPaused !== paused) await api.bids.update(bid.fid, { paused }, signal);
    });
    return bids.length > 0;
  }

  template(signal: AbortSignal): Promise<NodeTemplate> {
    return this.group.template(signal);
  }

  private async place(count: number, every: readonly Bid[], signal: AbortSignal): Promise<void> {
    const { api, clusterName, group, region, limitPrice, bidSize, paused, search } = this.group;
    const order = await this.group.order(signal);
    // Names of bids that have ended are not used again: whether Mithril would allow it is not documented.
    const used = new Set(every.map((bid) => bidOrdinal(clusterName, group, bid.name)));
    const names: string[] = [];
    for (let ordinal = 0; names.length < count; ordinal++) {
      if (!used.has(ordinal)) names.push(bidName(clusterName, group, ordinal));
    }
    await inParallel(names, bidsAtOnce, signal, async (name) => {
      const request: BidRequest = { name, region, limitPrice, quantity: bidSize, ...order };
      const key = randomUUID();
      const bid = await createOnce(
        {
          kind: "spot bid",
          name,
          token: "gpu-clusters:mithril:SpotBid",
          absent: true,
          find: async (stop) => (await api.bids.list({ name }, stop)).filter(isLiveBid),
          send: (stop) => api.bids.create(request, key, stop),
          differences: (found) => orderDifferences(found, request),
        },
        signal,
        search,
      );
      if (paused && bid.status !== "Paused") await api.bids.update(bid.fid, { paused }, signal);
    });
  }

  private async whyOpen(bids: readonly Bid[], instanceType: string, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const { api, region } = this.group;
    const { spotPriceCents, availableCapacity } = await api.currentPrices({ instanceType, region }, signal);
    const at = new Date();
    return bids.flatMap((bid): NodeGroupProblem[] => {
      const limit = parseMoney(bid.limitPrice) ?? 0;
      const who = `bid ${bid.name} (${bid.fid})`;
      if (spotPriceCents !== undefined && limit < spotPriceCents) {
        const price = formatMoney(spotPriceCents);
        const message = `${who} offers ${bid.limitPrice} per instance and hour, the market in ${region} is at ${price}: raise limitPrice, or wait until the price falls`;
        return [{ kind: "capacity", machineId: machineId(bid.fid, 1), message, at }];
      }
      if (availableCapacity !== undefined && availableCapacity < bid.quantity) {
        const message = `${who} waits: ${counted(availableCapacity, "instance is", "instances are")} free in ${region}, it needs ${bid.quantity}`;
        return [{ kind: "capacity", machineId: machineId(bid.fid, 1), message, at }];
      }
      return [];
    });
  }

  /** All bids with the group's mark, also those that have ended. */
  private async everyBid(signal: AbortSignal): Promise<Bid[]> {
    return this.ours(await this.group.api.bids.list({}, signal));
  }

  /** Those with the group's mark, oldest first. */
  private ours(bids: readonly Bid[]): Bid[] {
    const { clusterId, clusterName, group } = this.group;
    return bids
      .filter((bid) => bid.launchSpecification.cluster === clusterId)
      .filter((bid) => bidOrdinal(clusterName, group, bid.name) !== undefined)
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || compareOrdinals(clusterName, group, a, b));
  }
}

/** A group is no object of Mithril's: its names are its id. */
export function groupId({
  api,
  clusterId,
  clusterName,
  group,
}: Pick<SpotGroup, "api" | "clusterId" | "clusterName" | "group">): string {
  return [api.projectId, clusterId, clusterName, group].join("/");
}

function compareOrdinals(clusterName: string, group: string, a: Bid, b: Bid): number {
  return bidOrdinal(clusterName, group, a.name)! - bidOrdinal(clusterName, group, b.name)!;
}

function sizeOf(bids: readonly Bid[]): number {
  return bids.reduce((sum, bid) => sum + bid.quantity, 0);
}

function idsOf({ fid, quantity }: { fid: string; quantity: number }): string[] {
  return Array.from({ length: quantity }, (_, index) => machineId(fid, index + 1));
}

/** Stays the same while instances come and go. */
export function machineId(order: string, index: number): string {
  return `${order}/${index}`;
}

/** Mithril documents no `spec.providerID`: where its nodes have none, or another, they are known by their names or by `alsoKnownAs`. */
export function providerIdOf(projectId: string, nodeName: string): string {
  return `mithril://${projectId}/${nodeName}`;
}

/** What a node may show of the instance that it runs on. */
function aliasesOf(instance: Instance | undefined): string[] {
  const host = instance?.sshDestination?.replace(/:\d+$/, "");
  return [instance?.fid, instance?.name, instance?.privateIp, host].filter((text) => text !== undefined);
}

function outbidNotice({ status, name, fid, limitPrice }: Bid): string | undefined {
  if (status !== "Preempting") return undefined;
  return `bid ${name} (${fid}) was outbid at ${limitPrice}: its nodes stop within five minutes and come back when it wins again`;
}

/** A move has the same notice as an interruption. */
export function moveNotice(instance: Instance | undefined): string | undefined {
  if (instance?.status !== "STATUS_RELOCATING") return undefined;
  return `instance ${instance.name} (${instance.fid}) is moved to another host: it stops within five minutes and comes back`;
}

function machinesOf(bid: Bid, instances: readonly Instance[]): MithrilMachine[] {
  const ids = idsOf(bid);
  const names = ids.map((_, index) => instanceName(bid.name, index + 1));
  const places = inPlaces(
    names,
    instances.filter((instance) => instance.bid === bid.fid),
  );
  return ids.map((id, index) => {
    const instance = places[index];
    const nodeName = names[index]!;
    const notice = outbidNotice(bid) ?? moveNotice(instance);
    return {
      id,
      nodeName,
      providerId: providerIdOf(bid.project, nodeName),
      state: stateOf(bid, instance),
      ...(notice !== undefined && { notice }),
      createdAt: bid.createdAt,
      alsoKnownAs: aliasesOf(instance),
      bundle: bid.fid,
      orderStatus: statusWith(bid, instances),
      instanceStatus: instance?.status ?? "",
    };
  });
}

/** Outbid is not failed: the place is kept, and the node comes back. */
function stateOf({ status }: Bid, instance: Instance | undefined): NodeGroupMachine["state"] {
  if (status === "Preempting") return "running";
  if (status === "Open" || status === "Paused" || !instance) return "creating";
  return instanceState(instance.status);
}

export function instanceState(status: string): NodeGroupMachine["state"] {
  switch (status) {
    case "STATUS_RUNNING":
    case "STATUS_PREEMPTING":
    case "STATUS_RELOCATING":
      return "running";
    case "STATUS_STOPPING":
      return "deleting";
    case "STATUS_ERROR":
      return "failed";
    default:
      return "creating";
  }
}
