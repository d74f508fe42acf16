/** What Cudo stores, and what the operations on it are given. Nothing here does I/O: time comes in as a number. */
import type { IdentifierSource } from "../identifiers";
import { nextMachineAddress } from "../addresses";
import type { Room } from "../room";
import type { Timing } from "./timing";
import type { Conditions } from "./conditions";
import type { CommitmentTerm, SshKeySource } from "./messages";

/** A change of state that is due at a time (milliseconds since 1970). `GONE` removes the object. */
export interface Step<S extends string> {
  at: number;
  state: S | "GONE";
}

export type VmState =
  | "PENDING"
  | "STARTING"
  | "ACTIVE"
  | "STOPPING"
  | "STOPPED"
  | "HOTPLUGGING"
  | "RESIZING"
  | "RESIZING_DISK"
  | "CLONING"
  | "FAILED"
  | "DELETING";
export type DiskState = "CREATING" | "READY" | "UPDATING" | "ATTACHED" | "DELETING";
export type NetworkState = "CREATING" | "ACTIVE" | "STARTING" | "STOPPING" | "STOPPED" | "DELETING";
export type ImageState = "CREATING" | "READY" | "DELETING";

interface Owned<S extends string> {
  projectId: string;
  id: string;
  dataCenterId: string;
  createTime: number;
  state: S;
  steps: Step<S>[];
}

export interface StoredNic {
  networkId: string;
  internalAddress: string;
  publicAddress: string;
  securityGroupIds: string[];
}

export interface StoredVm extends Owned<VmState> {
  /** Tells this VM from an earlier one of the same id. */
  uid: string;
  machineType: string;
  /** Index of the host of the machine type that it runs on. */
  host: number;
  vcpus: number;
  memoryGib: number;
  gpus: number;
  bootDiskId: string;
  bootDiskSizeGib: number;
  imageId: string;
  imageIsPrivate: boolean;
  /** What the machine listens on. Also its public address, where it has one. */
  machineAddress: string;
  publicAddress: string;
  /** Empty: public networking. */
  nics: StoredNic[];
  /** Of a VM with public networking; otherwise each network interface has its own. */
  securityGroupIds: string[];
  /** Addresses are answered from this time on. */
  addressesAt?: number;
  sshKeySource: SshKeySource;
  customSshKeys: string[];
  startScript: string;
  metadata: Record<string, string>;
  commitmentTerm: CommitmentTerm;
  commitmentEnd?: number;
  expireTime?: number;
  /** Ends as FAILED instead of ACTIVE. */
  doomed: boolean;
  /** Why its machine cannot run: said in the short state, for whoever uses the simulator. */
  problem?: string;
  powered: boolean;
  /** Counts power-ons and reboots. */
  boots: number;
}

export interface StoredDisk extends Owned<DiskState> {
  sizeGib: number;
  vmId: string;
}

export interface StoredNetwork extends Owned<NetworkState> {
  ipRange: string;
  externalAddress: string;
}

export interface StoredRule {
  id: string;
  protocol: string;
  ruleType: string;
  ports: string;
  ipRangeCidr: string;
  icmpType: string;
}

export interface StoredSecurityGroup {
  projectId: string;
  id: string;
  dataCenterId: string;
  description: string;
  rules: StoredRule[];
}

export interface StoredImage extends Owned<ImageState> {
  description: string;
  sizeGib: number;
}

export interface StoredSshKey {
  id: string;
  publicKey: string;
  createTime: number;
}

export interface StoredProject {
  id: string;
  billingAccountId: string;
}

export interface StoredApiKey {
  id: string;
  key: string;
  createTime: number;
}

/** Everything that Cudo remembers. Objects of projects are kept under `<project>/<id>`. */
export interface CudoState {
  identifiers: IdentifierSource;
  addressCursor: number;
  apiKeys: Record<string, StoredApiKey>;
  projects: Record<string, StoredProject>;
  sshKeys: Record<string, StoredSshKey>;
  vms: Record<string, StoredVm>;
  disks: Record<string, StoredDisk>;
  networks: Record<string, StoredNetwork>;
  securityGroups: Record<string, StoredSecurityGroup>;
  images: Record<string, StoredImage>;
}

/** What an operation works with. It changes `state` only after all its checks. */
export interface World {
  readonly state: CudoState;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly delays: Timing;
  readonly conditions: Conditions;
  /**
   * True where a VM has a machine behind it. A machine has one address, which must be reachable from all others, so it is shown as the
   * internal address too; the network still counts and reserves one of its own for each VM.
   */
  readonly oneAddress: boolean;
  /** For machines that become real. */
  readonly room: () => Room;
}

/** The project that every simulated Cudo begins with. */
export const firstProjectId = "simulator";
export const billingAccountId = "simulated-billing";

export function emptyCudo(options: { seed: string; apiKey: string; addressCursor: number; now: number }): CudoState {
  return {
    identifiers: { seed: options.seed, counter: 0 },
    addressCursor: options.addressCursor,
    apiKeys: { simulator: { id: "simulator", key: options.apiKey, createTime: options.now } },
    projects: { [firstProjectId]: { id: firstProjectId, billingAccountId } },
    sshKeys: {},
    vms: {},
    disks: {},
    networks: {},
    securityGroups: {},
    images: {},
  };
}

export function keyOf(projectId: string, id: string): string {
  return `${projectId}/${id}`;
}

/** Those of a project, by id. */
export function ofProject<T extends { projectId: string; id: string }>(
  objects: Record<string, T>,
  projectId: string,
): T[] {
  return Object.values(objects)
    .filter((object) => object.projectId === projectId)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** An address in the machines' range that nothing has. */
export function takeMachineAddress(state: CudoState): string | undefined {
  const taken = new Set<string>();
  for (const vm of Object.values(state.vms)) taken.add(vm.machineAddress);
  for (const network of Object.values(state.networks)) taken.add(network.externalAddress);
  const found = nextMachineAddress(state.addressCursor, taken);
  if (found) state.addressCursor = found.cursor;
  return found?.address;
}
