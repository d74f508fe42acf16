/** Troubles of the cloud that can be switched on through `/_simulator/faults`. They last until the faults are cleared. */
import { misfit, type Shape } from "../shape-check";

export interface Place {
  /** Default: everywhere. */
  dataCenterId?: string;
  /** Default: every machine type. */
  machineType?: string;
}

export interface Conditions {
  /** The next VMs whose id matches go FAILED instead of ACTIVE. */
  vmFails?: { id?: string; times?: number };
  /** No host has room: creates fail and the catalogue shows nothing free. */
  outOfCapacity?: Place;
  /** A VM with a public address is accepted and then goes FAILED; the catalogue's `ipv4Free` is 0. */
  ipv4Exhausted?: { dataCenterId?: string };
  /** No longer offered: not in the lists, and no new VM gets it. Those that are there go on. */
  withdrawn?: { image?: string; machineType?: string };
  /** Other limits than the usual ones. */
  quotas?: Partial<Quotas>;
}

/** Most objects in one project. Cudo publishes no numbers: these are the simulator's own. */
export interface Quotas {
  vms: number;
  vcpus: number;
  gpus: number;
  disks: number;
  networks: number;
  securityGroups: number;
}

export const usualQuotas: Quotas = {
  vms: 3000,
  vcpus: 20000,
  gpus: 1000,
  disks: 500,
  networks: 50,
  securityGroups: 200,
};

const shape: Shape = {
  vmFails: { id: "pattern", times: "count" },
  outOfCapacity: { dataCenterId: "string", machineType: "string" },
  ipv4Exhausted: { dataCenterId: "string" },
  withdrawn: { image: "string", machineType: "string" },
  quotas: Object.fromEntries(Object.keys(usualQuotas).map((name) => [name, "count" as const])),
};

/** What is wrong with conditions that somebody sent; undefined: nothing. */
export function conditionsProblem(sent: unknown): string | undefined {
  return misfit("cudo", shape, sent);
}

export function concerns(place: Place | undefined, dataCenterId: string, machineType?: string): boolean {
  if (!place) return false;
  if (place.dataCenterId !== undefined && place.dataCenterId !== dataCenterId) return false;
  return machineType === undefined
    ? place.machineType === undefined
    : place.machineType === undefined || place.machineType === machineType;
}

/** Whether the next VM of this id is to fail; counts it. */
export function takeVmFailure(conditions: Conditions, id: string): boolean {
  const failure = conditions.vmFails;
  if (!failure || (failure.id !== undefined && !new RegExp(failure.id).test(id))) return false;
  const left = failure.times ?? 1;
  if (left > 1) conditions.vmFails = { ...failure, times: left - 1 };
  else delete conditions.vmFails;
  return true;
}
