/** What simulated Mithril remembers. */
import type { KeyPair } from "../../bootstrap/document";
import { nextMachineAddress } from "../addresses";
import { derived, nextIdentifier, type IdentifierSource } from "../identifiers";
import type { MithrilConditions } from "./conditions";
import { notFound } from "./errors";
import type { Room } from "../room";
import type { MithrilTiming } from "./timing";

interface Owned {
  fid: string;
  name: string;
  project: string;
  /** Milliseconds since 1970, as all times here. */
  createdAt: number;
}

export interface StoredSshKey extends Owned {
  publicKey: string;
  required: boolean;
}

export interface StoredVolume extends Owned {
  region: string;
  diskInterface: "Block" | "File";
  sizeGb: number;
  deletedAt?: number;
}

/** Keys of a hosted control plane: made by `hosted-clusters.ts`, since making them takes time. */
export interface ClusterAuthorities {
  ca: KeyPair;
  frontProxyCa: KeyPair;
  etcdCa: KeyPair;
  serviceAccountKey: string;
  /** The administrator's certificate, in `~/.kube/config` on the machine. */
  admin: KeyPair;
  /** `id.secret`, of the join command. Those of Mithril's machines are made from it. */
  bootstrapToken: string;
  /** Private, in OpenSSH's format. */
  sshHostKey: string;
}

export interface StoredCluster extends Owned {
  region: string;
  sshKeys: string[];
  /** Public keys as they were when it was made: keys that come later are not authorised. */
  authorizedKeys: string[];
  instanceType: string;
  kubernetesVersion: string;
  imageVersion?: string;
  status: "Pending" | "Available" | "Terminated";
  address: string;
  /** Provisioned at this time, if nothing else is missing. */
  readyAt?: number;
  deletedAt?: number;
  authorities?: ClusterAuthorities;
  /** The API server answers and the join token is there. */
  answering: boolean;
}

export interface StoredLaunch {
  volumes: string[];
  sshKeys: string[];
  startupScript?: string;
  cluster?: string;
  imageVersion?: string;
  memoryGb?: number;
}

interface StoredOrder extends Owned {
  region: string;
  instanceType: string;
  quantity: number;
  launch: StoredLaunch;
  instances: string[];
  deactivatedAt?: number;
}

export interface StoredBid extends StoredOrder {
  limitCents: number;
  status: "Open" | "Allocated" | "Preempting" | "Terminated" | "Paused";
  /** Power is cut at this time. */
  noticeEnds?: number;
}

export interface StoredReservation extends StoredOrder {
  startTime: number;
  endTime: number;
  unitCents: number;
  status: "Pending" | "Active" | "Paused" | "Canceled" | "Ended";
}

export type InstanceStatus =
  | "STATUS_STARTING"
  | "STATUS_RUNNING"
  | "STATUS_PREEMPTING"
  | "STATUS_PREEMPTED"
  | "STATUS_RELOCATING"
  | "STATUS_STOPPING"
  | "STATUS_PAUSED"
  | "STATUS_TERMINATED";

export interface StoredInstance extends Owned {
  instanceType: string;
  region: string;
  bid?: string;
  reservation?: string;
  cluster?: string;
  status: InstanceStatus;
  /** The status that is due. */
  next?: { at: number; status: InstanceStatus };
  address: string;
  powered: boolean;
  /** Counts power-ons. */
  boots: number;
}

export interface MithrilState {
  identifiers: IdentifierSource;
  addressCursor: number;
  apiKey: string;
  projects: Record<string, Owned>;
  sshKeys: Record<string, StoredSshKey>;
  volumes: Record<string, StoredVolume>;
  clusters: Record<string, StoredCluster>;
  bids: Record<string, StoredBid>;
  reservations: Record<string, StoredReservation>;
  instances: Record<string, StoredInstance>;
  /** When the next auction is. */
  nextAuction: number;
}

/** What an operation works with. It changes `state` only after all its checks. */
export interface World {
  readonly state: MithrilState;
  readonly now: number;
  readonly delays: MithrilTiming;
  readonly conditions: MithrilConditions;
  /** A cluster is Available only once its API server answers. */
  readonly hosted: boolean;
  /** For machines that become real. */
  readonly room: () => Room;
}

export const simulatedUser = "user_simulator";

export const firstMithrilProject = "proj_simulator";

export function emptyMithril(options: { seed: string; addressCursor: number; now: number }): MithrilState {
  const { now } = options;
  return {
    identifiers: { seed: `${options.seed} mithril`, counter: 0 },
    addressCursor: options.addressCursor,
    apiKey: `fkey_${derived(options.seed, "mithril-api-key").slice(0, 32)}`,
    projects: {
      [firstMithrilProject]: {
        fid: firstMithrilProject,
        name: "simulated",
        project: firstMithrilProject,
        createdAt: now,
      },
    },
    sshKeys: {},
    volumes: {},
    clusters: {},
    bids: {},
    reservations: {},
    instances: {},
    nextAuction: now,
  };
}

export function newFid(state: MithrilState, prefix: string): string {
  return `${prefix}_${nextIdentifier(state.identifiers).slice(0, 16)}`;
}

export function takeAddress(state: MithrilState): string {
  const taken = new Set(
    [...Object.values(state.clusters), ...Object.values(state.instances)].map((machine) => machine.address),
  );
  const found = nextMachineAddress(state.addressCursor, taken);
  if (!found) throw new Error("no machine address is free");
  state.addressCursor = found.cursor;
  return found.address;
}

/** Those of a project, oldest first. */
export function ofProject<T extends Owned>(objects: Record<string, T>, project: string): T[] {
  return Object.values(objects).filter((object) => object.project === project);
}

export function find<T extends Owned>(objects: Record<string, T>, what: string, fid: string): T {
  const found = Object.hasOwn(objects, fid) ? objects[fid] : undefined;
  if (!found) throw notFound(what, fid);
  return found;
}

export function isLiveBid(bid: StoredBid): boolean {
  return bid.status !== "Terminated";
}

export function isLiveReservation(reservation: StoredReservation): boolean {
  return reservation.status !== "Ended" && reservation.status !== "Canceled";
}
