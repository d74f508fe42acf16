import { boolean, integer, list, mapOf, object, optional, string } from "./shapes";

/** Troubles and markets that can be set through `/_simulator`. They last until they are cleared. */

export interface Market {
  /** What others pay: a bid below it loses. Whole cents per instance and hour. */
  spotPriceCents?: number;
  /** Instances that the auction gives out. */
  capacity?: number;
}

export interface MithrilConditions {
  /** By `<instance type's name>/<region>`; what is not here is as in the catalogue. */
  markets?: Record<string, Market>;
  /** Names of bids whose instances are being moved to other hosts. They run again when they are no longer named. */
  relocating?: string[];
  /** New clusters stay Pending for ever: there is no status for a failure. */
  clustersStuck?: boolean;
  /** Most instances of live bids, by instance type's name. Mithril publishes no numbers: the default is the simulator's own. */
  spotQuota?: Record<string, number>;
  /** Instance-hours of live reservations, by instance type's name. */
  reservationQuota?: Record<string, number>;
  /** Price of new reservations, by instance type's name: whole cents per instance and hour. */
  reservationPrices?: Record<string, number>;
  /** GB of volumes. */
  storageQuotaGb?: number;
  /** Names of instance types that are no longer offered: in no list and no market. What has one goes on. */
  withdrawn?: string[];
  /** The account cannot pay: orders are refused. */
  withoutBilling?: boolean;
}

const shape = object(
  {
    markets: optional(
      mapOf(object({ spotPriceCents: optional(integer), capacity: optional(integer) }, { strict: true })),
    ),
    relocating: optional(list(string)),
    clustersStuck: optional(boolean),
    spotQuota: optional(mapOf(integer)),
    reservationQuota: optional(mapOf(integer)),
    reservationPrices: optional(mapOf(integer)),
    storageQuotaGb: optional(integer),
    withdrawn: optional(list(string)),
    withoutBilling: optional(boolean),
  },
  { strict: true },
);

export const usualSpotQuota = 64;
export const usualReservationQuota = 20_000;
export const usualStorageQuotaGb = 100_000;

/** What is wrong with conditions that somebody sent; undefined: nothing. */
export function conditionsProblem(sent: unknown): string | undefined {
  const found = shape.problems(sent, ["mithril"])[0];
  return found && `${found.loc.join(".")}: ${found.msg}.`;
}
