const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Go counts nanoseconds in 64 bits: 292 years. */
const longestMs = 2 ** 63 / 1e6;

/** Go's notation (`1h30m`) in milliseconds; undefined where it is none. Pure. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0);
  return ms < longestMs ? ms : undefined;
}
