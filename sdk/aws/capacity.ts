/** How the machines of a group are bought. */
import type * as pulumi from "../pulumi";
import type { AllocationStrategy, CapacityType, OnDemandStrategy } from "./allocation";

/** Machines that AWS sells as long as it has some, and does not take back. */
export interface OnDemandCapacityArgs {
  /**
   * Which types and zones are taken first; `prioritized` is the order of `instanceTypes`.
   * Default: `lowest-price`. Another one replaces the group.
   */
  allocationStrategy?: pulumi.Input<OnDemandStrategy>;
}

/** Machines that cost less and can be taken back by AWS at any time. */
export interface SpotCapacityArgs {
  /**
   * Which types and zones are taken first; `prioritized` is the order of `instanceTypes`.
   * Default: `lowest-price`. Another one replaces the group.
   */
  allocationStrategy?: pulumi.Input<AllocationStrategy>;
  /**
   * Machines that are on-demand all the same, at most `minSize`. Another number replaces the group.
   * Default: 0.
   * @integer
   */
  onDemandBase?: pulumi.Input<number>;
}

/**
 * Machines of an On-Demand Capacity Reservation, which is paid for whether they run or not. All of them run in it or not at all. The group
 * has the reservation's instance type and no other, runs in its zone, and `maxSize` is at most its count. Capacity Blocks are not supported.
 */
export interface ReservationCapacityArgs {
  /** The reservation, for example `cr-0123456789abcdef0`; at best one that must be targeted. Another one replaces the group. */
  id: pulumi.Input<string>;
}

/** Exactly one kind, for example `{ spot: {} }`. Another kind replaces the group. */
export interface CapacityArgs {
  /** What AWS has left, at its list price. Not taken back. */
  onDemand?: pulumi.Input<OnDemandCapacityArgs>;
  /** Cheaper, and taken back at two minutes' notice. */
  spot?: pulumi.Input<SpotCapacityArgs>;
  /** What you have reserved, and pay for in any case. */
  reservation?: pulumi.Input<ReservationCapacityArgs>;
}

/** Kinds that are paid for before there are machines. A group launches its own into the one with the `id`; no fleet buys any. */
const reservedKinds = ["reservation"] as const;
const kinds = ["onDemand", "spot", ...reservedKinds] as const;

type Kinds = Readonly<Partial<Record<(typeof kinds)[number], unknown>>>;

/** With fields that are not known yet. */
type Capacity = { [Kind in keyof CapacityArgs]?: Partial<NonNullable<pulumi.Unwrap<CapacityArgs>[Kind]>> };

/** What the machines are launched into. */
export interface Reserved {
  readonly kind: (typeof reservedKinds)[number];
  /** Undefined: not known yet. */
  readonly id: string | undefined;
}

/** What a plan must know of it. */
export interface Purchase {
  readonly capacityType: CapacityType;
  readonly reserved?: Reserved;
}

/** What is known of it by now: `known` gives undefined for what is not. Its kinds are always known. */
export function readCapacity(capacity: unknown, known: (value: unknown) => unknown): Capacity {
  const fields = (value: unknown) => Object.entries(known(value) ?? {}).filter(([, field]) => field !== undefined);
  return Object.fromEntries(
    fields(capacity).map(([kind, settings]) => [
      kind,
      Object.fromEntries(fields(settings).map(([field, value]) => [field, known(value)])),
    ]),
  );
}

export function capacityType(capacity: Kinds | undefined): CapacityType {
  return capacity?.spot === undefined ? "on-demand" : "spot";
}

export function reservedKind(capacity: Kinds | undefined): Reserved["kind"] | undefined {
  return reservedKinds.find((kind) => capacity?.[kind] !== undefined);
}

export function reservedOf(capacity: Capacity | undefined): Reserved | undefined {
  const kind = reservedKind(capacity);
  return kind && { kind, id: capacity?.[kind]?.id };
}

export function purchaseOf(capacity: Capacity | undefined): Purchase {
  const reserved = reservedOf(capacity);
  return { capacityType: capacityType(capacity), ...(reserved && { reserved }) };
}

/** What is wrong with it, by the field's path below it. Undefined values are not known yet. */
export function capacityProblems(capacity: Capacity, minSize: number | undefined): { path: string; reason: string }[] {
  const problems: { path: string; reason: string }[] = [];
  const chosen = kinds.filter((kind) => capacity[kind] !== undefined);
  if (chosen.length !== 1) {
    const reason = `must have exactly one of ${kinds.join(", ")}, has ${chosen.join(" and ") || "none"}`;
    problems.push({ path: "", reason });
  }
  const base = capacity.spot?.onDemandBase;
  const path = ".spot.onDemandBase";
  if (base !== undefined && (!Number.isInteger(base) || base < 0)) {
    problems.push({ path, reason: `must be a whole number of at least 0, is ${base}` });
  } else if (base !== undefined && minSize !== undefined && base > minSize) {
    const reason = `${base} must not be more than minSize, ${minSize}: a fleet's on-demand part does not shrink with it`;
    problems.push({ path, reason });
  }
  const { kind, id } = reservedOf(capacity) ?? {};
  if (id !== undefined && !/^cr-[0-9a-f]{8,17}$/.test(id)) {
    const reason = `"${id}" is no id of a Capacity Reservation such as cr-0123456789abcdef0`;
    problems.push({ path: `.${kind}.id`, reason });
  }
  return problems;
}
