/**
 * Names of a node group's orders. Mithril has no labels on bids: the name is the group's mark, and bids of one group are those whose name
 * is exactly `<cluster>-<group>-<ordinal>`. Pure.
 */
import { createHash } from "node:crypto";

/** Mithril documents no limit; its own tools keep names of orders within 60 (reference: Mithril API, spot bids). */
export const longestOrderName = 60;
/** Room for `-99999`. */
const longestBase = longestOrderName - 6;

const plainPart = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

/** Different (cluster, group, ordinal) have different names: a hash stands in where joining alone could mix two groups up. */
export function bidName(cluster: string, group: string, ordinal: number): string {
  return `${orderBase(cluster, group)}-${ordinal}`;
}

/** Undefined when it is not the name of one of the group's bids. */
export function bidOrdinal(cluster: string, group: string, name: string): number | undefined {
  const base = `${orderBase(cluster, group)}-`;
  const rest = name.startsWith(base) ? name.slice(base.length) : "";
  return /^(0|[1-9]\d{0,4})$/.test(rest) ? Number(rest) : undefined;
}

/** The one reservation of a group that is bought that way. */
export function reservationName(cluster: string, group: string): string {
  return orderBase(cluster, group);
}

/** The name that Mithril gives the `index`-th (from 1) instance of an order. */
export function instanceName(orderName: string, index: number): string {
  return `${orderName}-${index}`;
}

function orderBase(cluster: string, group: string): string {
  const plain = `${cluster}-${group}`;
  const unambiguous = !cluster.includes("-") && !/-\d+$/.test(plain) && plainPart.test(plain);
  if (unambiguous && plain.length <= longestBase) return plain;
  const hash = createHash("sha256")
    .update(JSON.stringify([cluster, group]))
    .digest("hex")
    .slice(0, 8);
  return `${slug(plain)
    .slice(0, longestBase - 10)
    .replace(/-+$/, "")}-${hash}x`;
}

function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return /^[a-z]/.test(text) ? text : `x${text && `-${text}`}`;
}
