import type { Pace } from "../cloud/wait";

/** A slower start than elsewhere, because AWS limits how often an account may ask. */
export const awsPace: Pace = { firstMs: 250, factor: 1.5, longestMs: 10_000 };
