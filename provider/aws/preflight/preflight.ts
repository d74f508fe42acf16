/** What can be known of a node group before anything is made. Pure: `preflight-facts.ts` asks AWS. */
import { counted } from "../../../sdk/counted";
import type { CapacityReservation } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../../server/resource";
import type { Purchase } from "../../../sdk/aws/capacity";
import { mostOverrides } from "../fleet/fleet-request";
import { shapeOf, type InstanceTypeFacts, type Offering } from "../instance-types";
import type { VcpuQuota } from "./quotas";
import { reservedFindings } from "./reservation";

export interface GroupPlan extends Purchase {
  readonly instanceTypes: readonly string[];
  readonly minSize: number;
  readonly maxSize: number;
  /** True for a group that has no machines yet; undefined: not known. */
  readonly isNew?: boolean;
}

export interface GroupFacts {
  readonly region: string;
  readonly offerings: readonly Offering[];
  /** Offered types of the same family as those that are not offered. */
  readonly alternatives: readonly string[];
  readonly types: readonly InstanceTypeFacts[];
  /** Zones of the group's subnets; empty: not known. */
  readonly zones: readonly string[];
  /** Of machines in the group's network; undefined: not known, or there is no reservation that must have the same. */
  readonly tenancy?: string | undefined;
  /** Of the group's image; undefined: not known. */
  readonly imageArchitecture: string | undefined;
  /** The quota of each type with its vCPUs, as far as they could be read. */
  readonly quotas: ReadonlyMap<string, { readonly quota: VcpuQuota; readonly vcpus: number }>;
  /** Undefined: none is asked for, or it does not exist. */
  readonly reservation?: CapacityReservation;
}

export interface Findings {
  readonly failures: CheckFailure[];
  readonly warnings: string[];
}

const knownInWords = 12;

/** `path` is the user's own name of the group, for example `nodeGroups[2]`; empty for a group that stands alone. */
export function examineGroup(plan: GroupPlan, facts: GroupFacts, path = ""): Findings {
  const at = (property: string) => (path === "" ? property : `${path}.${property}`);
  const offered = offeredFailures(plan, facts, at);
  const shape = shapeFailures(plan, facts, at);
  if (plan.reserved) {
    // It counts against quotas itself, of whoever owns it; what runs in it does not.
    const reserved = reservedFindings(plan, plan.reserved, facts, at);
    return { failures: [...offered, ...shape, ...reserved.failures], warnings: reserved.warnings };
  }
  return {
    failures: [...offered, ...shape, ...quotaFailures(plan, facts, at)],
    warnings: [...zoneWarnings(plan, facts, at), ...quotaWarnings(plan, facts, at)],
  };
}

type Path = (property: string) => string;

function offeredFailures({ instanceTypes, capacityType }: GroupPlan, facts: GroupFacts, at: Path): CheckFailure[] {
  return instanceTypes.flatMap((type, index) => {
    const property = at(`instanceTypes[${index}]`);
    const zones = facts.offerings.filter(({ instanceType }) => instanceType === type).map(({ zone }) => zone);
    if (zones.length === 0) {
      return [{ property, reason: `"${type}" is not offered in ${facts.region}${instead(facts.alternatives)}` }];
    }
    if (facts.zones.length > 0 && !zones.some((zone) => facts.zones.includes(zone))) {
      const reason = `"${type}" is not offered in the zones of this group (${list(facts.zones)}), but in ${list(zones)}`;
      return [{ property, reason }];
    }
    const known = facts.types.find(({ name }) => name === type);
    if (known && capacityType === "spot" && !known.spot)
      return [{ property, reason: `"${type}" cannot be had as spot` }];
    if (known && facts.imageArchitecture && !known.architectures.includes(facts.imageArchitecture)) {
      const reason = `"${type}" is ${list(known.architectures)}, but the group's image is ${facts.imageArchitecture}`;
      return [{ property, reason }];
    }
    return [];
  });
}

function instead(alternatives: readonly string[]): string {
  if (alternatives.length === 0) return ", nor is any of its family";
  const shown = [...alternatives].sort(bySize).slice(0, knownInWords);
  return `; offered: ${shown.join(", ")}${alternatives.length > shown.length ? ", …" : ""}`;
}

/** Natural order, so that 2xlarge comes before 12xlarge. */
const bySize = new Intl.Collator("en", { numeric: true }).compare;

/** The autoscaler plans with one shape for a group, so that a smaller machine would not take the pod that it was bought for. */
function shapeFailures({ instanceTypes }: GroupPlan, { types }: GroupFacts, at: Path): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const split = splitBy(instanceTypes, types, shapeOf);
  if (split.length > 1) {
    const groups = split.map(([shape, names]) => `${names.join(", ")} (${shape})`).join("; ");
    const reason = `the types of a group must have equal vCPUs, memory and GPUs; split it into ${split.length} groups: ${groups}`;
    failures.push({ property: at("instanceTypes"), reason });
  }
  const architectures = splitBy(instanceTypes, types, (type) => [...type.architectures].sort().join("/"));
  if (architectures.length > 1) {
    const groups = architectures.map(([architecture, names]) => `${names.join(", ")} (${architecture})`).join("; ");
    const reason = `the types of a group must have one architecture, because they share one image: ${groups}`;
    failures.push({ property: at("instanceTypes"), reason });
  }
  return failures;
}

function splitBy(
  names: readonly string[],
  types: readonly InstanceTypeFacts[],
  key: (type: InstanceTypeFacts) => string,
): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const name of new Set(names)) {
    const type = types.find((known) => known.name === name);
    if (type) groups.set(key(type), [...(groups.get(key(type)) ?? []), name]);
  }
  return [...groups];
}

/** Each quota that the group may use, with the vCPUs of its largest machine. */
function quotaUses({ instanceTypes }: GroupPlan, { types, quotas }: GroupFacts) {
  const uses = new Map<
    string,
    { quota: VcpuQuota; allowed: number; perMachine: number; type: string; index: number }
  >();
  for (const [index, type] of instanceTypes.entries()) {
    const known = quotas.get(type);
    const perMachine = types.find(({ name }) => name === type)?.vcpus;
    if (!known || perMachine === undefined || uses.has(known.quota.code)) continue;
    uses.set(known.quota.code, { quota: known.quota, allowed: known.vcpus, perMachine, type, index });
  }
  return [...uses.values()];
}

function quotaFailures(plan: GroupPlan, facts: GroupFacts, at: Path): CheckFailure[] {
  const uses = quotaUses(plan, facts);
  // With types under several quotas, one that is too small is no obstacle.
  if (plan.maxSize === 0 || uses.some(({ allowed, perMachine }) => allowed >= perMachine * Math.max(1, plan.minSize))) {
    return [];
  }
  return uses.map(({ quota, allowed, perMachine, type, index }) => {
    const machines = Math.max(1, plan.minSize);
    const needed = `${machines} × ${type} ${machines === 1 ? "needs" : "need"} ${counted(machines * perMachine, "vCPU")}`;
    const zero =
      allowed === 0 && plan.capacityType === "spot"
        ? " (AWS gives new accounts none for accelerated spot instances)"
        : "";
    return {
      property: at(`instanceTypes[${index}]`),
      reason:
        `${needed}, but the account's quota "${quota.name}" is ${allowed} in ${facts.region}${zero}. Ask for more: ` +
        `https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas/${quota.code}?region=${facts.region}`,
    };
  });
}

function quotaWarnings(plan: GroupPlan, facts: GroupFacts, at: Path): string[] {
  if (quotaFailures(plan, facts, at).length > 0) return [];
  return quotaUses(plan, facts)
    .filter(({ allowed, perMachine }) => allowed < perMachine * plan.maxSize)
    .map(
      ({ quota, allowed, perMachine }) =>
        `${at("maxSize")}: ${counted(plan.maxSize, "machine needs", "machines need")} ${counted(plan.maxSize * perMachine, "vCPU")}, but the account's quota "${quota.name}" ` +
        `(${quota.code}) is ${allowed} in ${facts.region}`,
    );
}

function zoneWarnings({ instanceTypes }: GroupPlan, facts: GroupFacts, at: Path): string[] {
  return instanceTypes.flatMap((type, index) => {
    const offered = facts.offerings.filter(({ instanceType }) => instanceType === type).map(({ zone }) => zone);
    const without = facts.zones.filter((zone) => !offered.includes(zone));
    if (offered.length === 0 || without.length === 0 || without.length === facts.zones.length) return [];
    return [
      `${at(`instanceTypes[${index}]`)}: "${type}" is not offered in ${list(without)}, so all of them run elsewhere`,
    ];
  });
}

/** What needs no cloud to be seen. Undefined values are not known yet. */
export function settingFailures(
  settings: {
    minSize?: number;
    maxSize?: number;
    initialSize?: number;
    instanceTypes?: readonly unknown[];
    subnetIds?: readonly unknown[];
  },
  path = "",
): CheckFailure[] {
  const at = (property: string) => (path === "" ? property : `${path}.${property}`);
  const failures: CheckFailure[] = [];
  const refuse = (property: string, reason: string) => failures.push({ property: at(property), reason });
  const { minSize, maxSize, initialSize, instanceTypes, subnetIds } = settings;
  for (const property of ["minSize", "maxSize", "initialSize"] as const) {
    const value = settings[property];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      refuse(property, `${value} must be a whole number from 0`);
  }
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    refuse("minSize", `${minSize} is more than maxSize, ${maxSize}`);
  }
  if (initialSize !== undefined && (initialSize < (minSize ?? 0) || initialSize > (maxSize ?? Infinity))) {
    refuse("initialSize", `${initialSize} must be between minSize (${minSize}) and maxSize (${maxSize})`);
  }
  failures.push(...listFailures("instanceTypes", instanceTypes, at), ...listFailures("subnetIds", subnetIds, at));
  const overrides = (instanceTypes?.length ?? 0) * (subnetIds?.length ?? 0);
  if (overrides > mostOverrides) {
    refuse(
      "instanceTypes",
      `${instanceTypes?.length} types in ${subnetIds?.length} subnets are ${overrides} pools; a fleet takes ${mostOverrides}`,
    );
  }
  return failures;
}

function listFailures(property: string, values: readonly unknown[] | undefined, at: Path): CheckFailure[] {
  if (values === undefined) return [];
  if (values.length === 0) return [{ property: at(property), reason: "must name at least one" }];
  return values.flatMap((value, index) =>
    typeof value === "string" && values.indexOf(value) < index
      ? [{ property: at(`${property}[${index}]`), reason: `"${value}" is named twice` }]
      : [],
  );
}

function list(values: readonly string[]): string {
  return [...new Set(values)].sort(bySize).join(", ");
}
