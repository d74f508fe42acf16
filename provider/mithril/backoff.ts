import type { Backoff } from "../cloud/retry";

/** Mithril publishes no recommendation; its own client waits 1 s × 2 up to 60 s (reference: Mithril API, "Rate limits"). */
export const mithrilBackoff: Backoff = { retries: 5, firstMs: 1000, factor: 2, longestMs: 60_000 };
