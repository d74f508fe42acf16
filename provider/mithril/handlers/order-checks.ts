/** What is wrong with an order, as far as can be known before it is placed. */
import type { CheckFailure, Unknowable } from "../../server/resource";
import type { Unknown } from "../../server/values";
import { parseMoney, formatMoney } from "../../../sdk/mithril/money";
import { offerProblem, resolveOffered } from "../offers";
import { mostVolumes } from "../orders";
import type { CatalogueContent } from "../catalogue";
import type { Connection } from "../connection";
import { isTime, periodProblems, priceProblems, scriptProblems } from "../../../sdk/mithril/order-rules";
import { known } from "../../cloud/inputs";
import { knownItems } from "./inputs";

/** A field that may be absent, or not known yet. */
export type Maybe<T> = T | Unknown | undefined;

/** The inputs that orders share. */
export interface OrderFields {
  region: Maybe<string>;
  instanceType: Maybe<string>;
  volumes?: Unknowable<string[]>;
  startupScript?: Maybe<string>;
  /** Fid of the cluster to join, and the user's field that has it. */
  cluster?: Maybe<string>;
  clusterField: string;
  /** Most instances that share the volumes; undefined where it is not known. */
  quantity: number | undefined;
}

/** What needs no cloud. */
export function checkOrderFields({ startupScript, volumes }: OrderFields): CheckFailure[] {
  const failures: CheckFailure[] = scriptProblems("startupScript", known(startupScript));
  if (knownItems(volumes).length > mostVolumes) {
    failures.push({ property: "volumes", reason: `an order can have at most ${mostVolumes} volumes` });
  }
  return failures;
}

/** Of an order by itself: a node group may have none. */
export function checkQuantity({ quantity }: OrderFields): CheckFailure[] {
  if (quantity === undefined || quantity >= 1) return [];
  return [{ property: "quantity", reason: `must be at least 1, is ${quantity}` }];
}

/** Whether the region auctions the type. */
export function checkAuctioned(order: OrderFields, catalogue: CatalogueContent): CheckFailure[] {
  const [region, type] = [known(order.region), known(order.instanceType)];
  if (region === undefined || type === undefined) return [];
  const reason = offerProblem(type, region, catalogue);
  return reason === undefined ? [] : [{ property: "instanceType", reason }];
}

/** Volumes and cluster against what Mithril has in the region. */
export async function checkOrderPlace(
  order: OrderFields,
  { api }: Connection,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const [region, cluster] = [known(order.region), known(order.cluster)];
  const failures: CheckFailure[] = [];
  if (region === undefined) return failures;
  if (cluster !== undefined) {
    const found = await api.clusters.find(cluster, signal);
    const reason = !found
      ? `there is no cluster ${cluster}`
      : found.status === "Terminated"
        ? `cluster "${found.name}" (${cluster}) is terminated`
        : undefined;
    if (reason !== undefined) failures.push({ property: order.clusterField, reason });
    else if (found && found.region !== region) {
      const words = `cluster "${found.name}" is in ${found.region}: instances of another region never join it`;
      failures.push({ property: "region", reason: `"${region}" must be ${found.region}; ${words}` });
    }
  }
  const wanted = knownItems(order.volumes);
  if (wanted.length === 0) return failures;
  const volumes = await api.volumes.list(signal);
  wanted.forEach((fid, index) => {
    const volume = volumes.find((candidate) => candidate.fid === fid);
    const fail = (reason: string) => failures.push({ property: `volumes[${index}]`, reason });
    if (!volume) fail(`there is no volume ${fid}`);
    else if (volume.region !== region) fail(`volume "${volume.name}" is in ${volume.region}, not in ${region}`);
    else if (volume.diskInterface === "Block" && (order.quantity ?? 1) > 1) {
      fail(`"${volume.name}" is a block volume, which only one instance can have; a file share can have many`);
    }
  });
  return failures;
}

export function checkPrice(property: string, value: Maybe<string>): CheckFailure[] {
  return priceProblems(property, known(value));
}

/** A price that Mithril refuses whatever the market does. */
export async function checkMinimumPrice(
  property: string,
  value: Maybe<string>,
  order: OrderFields,
  catalogue: CatalogueContent,
  { api }: Connection,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const [price, region, type] = [known(value), known(order.region), known(order.instanceType)];
  const cents = price === undefined ? undefined : parseMoney(price);
  if (cents === undefined || region === undefined || type === undefined) return [];
  if (offerProblem(type, region, catalogue) !== undefined) return [];
  const instanceType = resolveOffered(type, region, catalogue);
  const { minimumPriceCents } = await api.currentPrices({ instanceType, region }, signal);
  if (minimumPriceCents === undefined || cents >= minimumPriceCents) return [];
  return [
    {
      property,
      reason: `${formatMoney(cents)} is below the minimum, ${formatMoney(minimumPriceCents)} per instance and hour`,
    },
  ];
}

const hourMs = 3_600_000;

export function checkPeriod(prefix: string, start: Maybe<string>, end: Maybe<string>, before?: string): CheckFailure[] {
  const [from, to] = [known(start), known(end)];
  const failures: CheckFailure[] = periodProblems(prefix, from, to);
  if (from === undefined || to === undefined || !isTime(from) || !isTime(to)) return failures;
  const late = startProblem(from, before);
  return late === undefined ? failures : [...failures, { property: `${prefix}start`, reason: late }];
}

/** A reservation that is there has begun when it has; one that is to be made cannot begin in the past. */
function startProblem(start: string, before: string | undefined): string | undefined {
  if (before !== undefined && Date.parse(before) === Date.parse(start)) return undefined;
  if (Date.parse(start) >= Date.now() - hourMs / 4) return undefined;
  const next = new Date(Math.ceil(Date.now() / hourMs) * hourMs).toISOString();
  return `"${start}" has passed, and a reservation cannot begin in the past: begin at ${next}, for example`;
}
