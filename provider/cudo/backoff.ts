import type { Backoff } from "../cloud/retry";

/** Cudo recommends 0.5 s × 1.6 up to 30 s, with jitter (reference: Cudo API, "Errors"). */
export const cudoBackoff: Backoff = { retries: 6, firstMs: 500, factor: 1.6, longestMs: 30_000 };
