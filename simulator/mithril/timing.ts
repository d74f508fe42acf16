/** How long simulated Mithril takes. Milliseconds; the defaults are Mithril's own times divided by about 200. */
export interface MithrilTiming {
  /** From the request until a cluster is Available; Mithril takes up to ten minutes. */
  readonly clusterProvisioning: number;
  readonly clusterDeleting: number;
  /** Between two auctions; Mithril's are every two minutes. */
  readonly auctionInterval: number;
  /** From losing the auction until the power is cut; Mithril gives five minutes. */
  readonly preemptionNotice: number;
  readonly instanceStarting: number;
  readonly instanceStopping: number;
}

export const defaultMithrilTiming: MithrilTiming = {
  clusterProvisioning: 1000,
  clusterDeleting: 150,
  auctionInterval: 600,
  preemptionNotice: 1500,
  instanceStarting: 300,
  instanceStopping: 100,
};

/** Every delay multiplied. 0: everything is done by the next request, or the next auction. */
export function scaledMithril(timing: MithrilTiming, factor: number): MithrilTiming {
  return {
    clusterProvisioning: timing.clusterProvisioning * factor,
    clusterDeleting: timing.clusterDeleting * factor,
    // Auctions without an interval would follow each other for ever.
    auctionInterval: Math.max(10, timing.auctionInterval * factor),
    preemptionNotice: timing.preemptionNotice * factor,
    instanceStarting: timing.instanceStarting * factor,
    instanceStopping: timing.instanceStopping * factor,
  };
}
