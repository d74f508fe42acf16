/** Checks that several operations share. All refusals are code 3 (bad argument) unless they say otherwise. */
import { dataCenters } from "./catalogue-data";
import type { Quotas } from "./conditions";
import { usualQuotas } from "./conditions";
import { invalidArgument, quotaExceeded } from "./errors";
import type { World } from "./model";

/** Ids are the caller's: lower-case letters, digits and hyphens, from a letter to a letter or digit. */
export function checkId(field: string, id: string | undefined, longest: number): string {
  if (!id) throw invalidArgument(`${field} is required`);
  if (id.length > longest || !/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(id)) {
    throw invalidArgument(
      `${field} "${id}" is invalid: 1 to ${longest} lower-case letters, digits and hyphens, starting with a letter, not ending in a hyphen`,
    );
  }
  return id;
}

export function required<T>(field: string, value: T | undefined): T {
  if (value === undefined || value === "") throw invalidArgument(`${field} is required`);
  return value;
}

export function checkDataCenter(id: string | undefined): string {
  const given = required("dataCenterId", id);
  if (!dataCenters.some((dataCenter) => dataCenter.id === given))
    throw invalidArgument(`data center "${given}" does not exist`);
  return given;
}

/** Throws code 8 when `more` of something would be too many for a project that has `now`. */
export function checkQuota(world: World, what: keyof Quotas, now: number, more = 1): void {
  const limit = world.conditions.quotas?.[what] ?? usualQuotas[what];
  if (now + more > limit) throw quotaExceeded(what, limit);
}

/** A protobuf duration in milliseconds. */
export function durationMilliseconds(text: string): number {
  return Number(text.slice(0, -1)) * 1000;
}
