/**
 * Mithril's objects as this package uses them. Null and missing are `undefined`; statuses stay texts, since new ones appear.
 * Reference: Mithril API v2 (api.mithril.ai).
 */
import type { InstanceTypeOffer, RegionOffer } from "../../sdk/mithril/functions";

export type ClusterStatus = "Pending" | "Available" | "Terminated";
export const liveBidStatuses = ["Open", "Allocated", "Preempting", "Paused"] as const;
export type BidStatus = (typeof liveBidStatuses)[number] | "Terminated";
export type ReservationStatus = "Pending" | "Active" | "Paused" | "Canceled" | "Ended";
export type DiskInterface = "Block" | "File";

export interface Cluster {
  fid: string;
  project: string;
  name: string;
  region: string;
  createdAt: string;
  /** Address of the control plane; undefined until it is provisioned. */
  kubeHost: string | undefined;
  sshKeys: string[];
  instances: string[];
  joinCommand: string | undefined;
  /** One of `ClusterStatus`: there is none for a failure. */
  status: string;
  deletedAt: string | undefined;
  kubernetesVersion: string;
}

/** Body of `POST /v2/kubernetes/clusters`, without the project. */
export interface ClusterRequest {
  name: string;
  region: string;
  sshKeys: string[];
  instanceType: string;
  kubernetesVersion: string;
  imageVersion?: string;
}

export interface SshKey {
  fid: string;
  name: string;
  project: string;
  publicKey: string;
  createdAt: string;
  /** Must be in every order of the project. */
  required: boolean;
}

export interface Volume {
  fid: string;
  name: string;
  region: string;
  createdAt: string;
  deletedAt: string | undefined;
  capacityGb: number;
  project: string;
  diskInterface: string;
  /** Orders that it is attached to. */
  bids: string[];
  reservations: string[];
}

export interface VolumeRequest {
  name: string;
  region: string;
  diskInterface: DiskInterface;
  sizeGb: number;
}

export interface LaunchSpecification {
  volumes: string[];
  sshKeys: string[];
  startupScript?: string;
  /** Cluster that the instances join. */
  cluster?: string;
  imageVersion?: string;
  memoryGb?: number;
}

/** What a bid and a reservation have alike. */
interface Order {
  fid: string;
  name: string;
  project: string;
  createdAt: string;
  quantity: number;
  instanceType: string;
  region: string;
  instances: string[];
  launchSpecification: LaunchSpecification;
}

export interface Bid extends Order {
  deactivatedAt: string | undefined;
  limitPrice: string;
  /** One of `BidStatus`, `Relocating`, `Replaced`, or newer. */
  status: string;
}

export interface BidRequest {
  name: string;
  region: string;
  instanceType: string;
  /** `"$25.60"`, per instance and hour. */
  limitPrice: string;
  quantity: number;
  launchSpecification: LaunchSpecification;
}

export interface BidUpdate {
  limitPrice?: string;
  paused?: boolean;
  /** The full new list; only while the bid is paused. */
  volumes?: string[];
  memoryGb?: number;
}

export interface Reservation extends Order {
  /** One of `ReservationStatus`, or newer. */
  status: string;
  startTime: string;
  endTime: string;
  totalPrice: string;
  unitPrice: string;
}

export interface ReservationRequest {
  name: string;
  region: string;
  instanceType: string;
  quantity: number;
  startTime: string;
  endTime: string;
  launchSpecification: LaunchSpecification;
  /** Most per instance and hour, in cents: an order that would cost more is refused. */
  maxUnitCents?: number;
}

/** What a reservation would cost now: dollar strings, per instance and hour and for all of it. */
export interface Quote {
  unitPrice: string;
  totalPrice: string;
}

export type QuoteQuery = Pick<ReservationRequest, "instanceType" | "region" | "startTime" | "endTime" | "quantity">;

export interface Instance {
  fid: string;
  name: string;
  createdAt: string;
  instanceType: string;
  region: string;
  bid: string | undefined;
  reservation: string | undefined;
  /** `host` or `host:port`. */
  sshDestination: string | undefined;
  privateIp: string | undefined;
  /** `STATUS_RUNNING`, … */
  status: string;
}

export type InstanceType = InstanceTypeOffer;

/** One instance type in one region, as its auction stands. */
export interface AuctionMarket {
  fid: string;
  instanceType: string;
  region: string;
  capacity: number;
  lastInstancePrice: string;
  lowestAllocatedPrice: string | undefined;
  adjustableMemory: boolean;
  defaultImageVersion: string | undefined;
}

/** Whole cents per instance and hour; undefined where Mithril has no figure. */
export interface CurrentPrices {
  spotPriceCents: number | undefined;
  reservedPriceCents: number | undefined;
  minimumPriceCents: number | undefined;
  lowestAllocatedBidCents: number | undefined;
  availableCapacity: number | undefined;
  totalCapacity: number | undefined;
}

export interface Region extends RegionOffer {
  /** From a list that has some regions only. */
  partial?: boolean;
}

export interface ImageVersion {
  fid: string;
  name: string;
  os: string;
  kernel: string;
  /** The default. */
  stable: boolean;
  regions: string[];
  deactivatedAt: string | undefined;
  nvidiaDriver: string;
  cuda: string;
}
