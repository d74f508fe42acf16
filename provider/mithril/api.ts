import type {
  AuctionMarket,
  Bid,
  BidRequest,
  BidStatus,
  BidUpdate,
  Cluster,
  ClusterRequest,
  CurrentPrices,
  ImageVersion,
  Instance,
  InstanceType,
  Quote,
  QuoteQuery,
  Region,
  Reservation,
  ReservationRequest,
  SshKey,
  Volume,
  VolumeRequest,
} from "./types";

/**
 * Mithril's API as far as this package uses it, for one project. `client.ts` implements it over HTTP.
 *
 * `find` gives undefined where there is none. Creates are sent once: `create-once.ts` makes them safe to repeat.
 */
export interface MithrilApi {
  readonly projectId: string;
  readonly clusters: {
    /** Terminated ones too. */
    list(signal: AbortSignal): Promise<Cluster[]>;
    find(fid: string, signal: AbortSignal): Promise<Cluster | undefined>;
    create(request: ClusterRequest, signal: AbortSignal): Promise<Cluster>;
    delete(fid: string, signal: AbortSignal): Promise<void>;
  };
  readonly sshKeys: {
    list(signal: AbortSignal): Promise<SshKey[]>;
    create(request: { name: string; publicKey: string; required: boolean }, signal: AbortSignal): Promise<SshKey>;
    setRequired(fid: string, required: boolean, signal: AbortSignal): Promise<void>;
    delete(fid: string, signal: AbortSignal): Promise<void>;
  };
  readonly volumes: {
    /** Without deleted ones. */
    list(signal: AbortSignal): Promise<Volume[]>;
    create(request: VolumeRequest, idempotencyKey: string, signal: AbortSignal): Promise<Volume>;
    rename(fid: string, name: string, signal: AbortSignal): Promise<void>;
    delete(fid: string, signal: AbortSignal): Promise<void>;
  };
  readonly bids: {
    /** Terminated ones too: the project's whole history, where nothing narrows it. */
    list(filter: { name?: string; status?: BidStatus; region?: string }, signal: AbortSignal): Promise<Bid[]>;
    find(fid: string, signal: AbortSignal): Promise<Bid | undefined>;
    create(request: BidRequest, idempotencyKey: string, signal: AbortSignal): Promise<Bid>;
    update(fid: string, update: BidUpdate, signal: AbortSignal): Promise<Bid>;
    /** Cancels it and terminates its instances for good. */
    delete(fid: string, signal: AbortSignal): Promise<void>;
  };
  readonly reservations: {
    list(signal: AbortSignal): Promise<Reservation[]>;
    create(request: ReservationRequest, idempotencyKey: string, signal: AbortSignal): Promise<Reservation>;
    update(fid: string, update: { paused?: boolean; volumes?: string[] }, signal: AbortSignal): Promise<void>;
    /** Sent once: look at the end before it is sent again. */
    extend(fid: string, extension: { endTime: string; maxUnitCents?: number }, signal: AbortSignal): Promise<void>;
    /** Sent once: look at the instances before it is sent again. Irreversible. */
    terminateInstances(fid: string, instances: readonly string[], signal: AbortSignal): Promise<void>;
    /** Types that can be reserved, in whatever region; undefined where the project may not list them. */
    instanceTypes(signal: AbortSignal): Promise<InstanceType[] | undefined>;
    /** Undefined where Mithril has no standard offer. */
    quote(query: QuoteQuery, signal: AbortSignal): Promise<Quote | undefined>;
  };
  readonly instances: {
    list(
      filter: { bids?: readonly string[]; reservations?: readonly string[] },
      signal: AbortSignal,
    ): Promise<Instance[]>;
  };
  /** Auctioned types, and CPU types where the project has them. */
  instanceTypes(signal: AbortSignal): Promise<InstanceType[]>;
  spotAvailability(signal: AbortSignal): Promise<AuctionMarket[]>;
  currentPrices(query: { instanceType: string; region?: string }, signal: AbortSignal): Promise<CurrentPrices>;
  regions(signal: AbortSignal): Promise<Region[]>;
  images(signal: AbortSignal): Promise<ImageVersion[]>;
  /** Images of control planes. */
  clusterImages(region: string, signal: AbortSignal): Promise<ImageVersion[]>;
}
