/** What spot bids and reservations have in common. */
import type { MithrilApi } from "./api";
import { liveBidStatuses, type Bid, type Instance, type LaunchSpecification, type Reservation } from "./types";

/** Reference: Mithril's own client. */
export const mostVolumes = 20;

export function isLiveBid({ status }: Pick<Bid, "status">): boolean {
  return status !== "Terminated" && status !== "Replaced";
}

export function isLiveReservation({ status }: Pick<Reservation, "status">): boolean {
  return status !== "Ended" && status !== "Canceled";
}

/** Whether the instance will never run again. A preempted one comes back when its bid wins. */
export function isGone({ status }: Pick<Instance, "status">): boolean {
  return status === "STATUS_TERMINATED" || status === "STATUS_REPLACED";
}

/** Whether the instance is gone where its order has ended: nothing brings it back, whatever its row says. */
export function isGoneWithOrder(instance: Pick<Instance, "status">): boolean {
  return isGone(instance) || instance.status === "STATUS_PREEMPTED" || instance.status === "STATUS_ERROR";
}

/**
 * The project's live bids, without its history, which only grows. The lists are read one beside the other: a bid that changes meanwhile may
 * be in two of them, or in none. So nothing is ordered because one is missing here (`SpotGroupDriver.resize`).
 */
export async function liveBids(api: Pick<MithrilApi, "bids">, signal: AbortSignal): Promise<Bid[]> {
  const lists = await Promise.all(liveBidStatuses.map((status) => api.bids.list({ status }, signal)));
  const byFid = new Map(lists.flat().map((bid) => [bid.fid, bid]));
  return [...byFid.values()].filter(isLiveBid);
}

/**
 * The instances in an order's places, from the first. Their names tell; one that was relocated may have lost its name, and takes a place that
 * nobody's name claims.
 */
export function inPlaces(names: readonly string[], instances: readonly Instance[]): (Instance | undefined)[] {
  const left = instances.filter((instance) => !isGone(instance));
  const named = names.map((name) => {
    const index = left.findIndex((instance) => instance.name === name);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  });
  return named.map((instance) => instance ?? left.shift());
}

/** A relocation shows in a bid's instances: reading it of the bid itself would take a request for each. */
export function statusWith({ fid, status }: Bid, instances: readonly Instance[]): string {
  const moves = instances.some((instance) => instance.bid === fid && instance.status === "STATUS_RELOCATING");
  return moves && status === "Allocated" ? "Relocating" : status;
}

/** The keys, and those that every order of the project must have. */
export async function withRequiredKeys(
  api: MithrilApi,
  sshKeys: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const required = (await api.sshKeys.list(signal)).filter((key) => key.required).map(({ fid }) => fid);
  return [...new Set([...sshKeys, ...required])];
}

/** The keys as the program gave them where the live ones are these and required ones: what was added by itself is no difference. */
export function keysAsGiven(given: readonly string[] | undefined, live: readonly string[]): string[] {
  return given?.every((key) => live.includes(key)) ? [...given] : [...live];
}

/** Keeps addresses of requests short. */
const ordersPerRequest = 40;

export async function instancesOf(
  api: MithrilApi,
  orders: { bids: readonly string[] } | { reservations: readonly string[] },
  signal: AbortSignal,
): Promise<Instance[]> {
  const [kind, fids] =
    "bids" in orders ? (["bids", orders.bids] as const) : (["reservations", orders.reservations] as const);
  const found: Instance[] = [];
  for (let from = 0; from < fids.length; from += ordersPerRequest) {
    found.push(...(await api.instances.list({ [kind]: fids.slice(from, from + ordersPerRequest) }, signal)));
  }
  return found;
}

/** Differences of an order from what was asked for, in words. */
export function orderDifferences(
  found: Pick<Bid | Reservation, "region" | "instanceType" | "quantity" | "launchSpecification">,
  wanted: { region: string; instanceType: string; quantity: number; launchSpecification: LaunchSpecification },
): string[] {
  const [a, b] = [found.launchSpecification, wanted.launchSpecification];
  const differences: [string, unknown, unknown][] = [
    ["region", found.region, wanted.region],
    ["instance type", found.instanceType, wanted.instanceType],
    ["quantity", found.quantity, wanted.quantity],
    ["cluster", a.cluster ?? "none", b.cluster ?? "none"],
  ];
  return differences.filter(([, x, y]) => x !== y).map(([what, x]) => `${what} ${String(x)}`);
}
