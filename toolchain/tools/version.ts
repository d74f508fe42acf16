/** The first `major.minor.patch` in what a tool printed; undefined when there is none. */
export function findVersion(text: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal. A missing part counts as 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` lies in the range: `from` inclusive, `below` exclusive. */
export function isAccepted(version: string, range: { from: string; below: string }): boolean {
  return compareVersions(version, range.from) >= 0 && compareVersions(version, range.below) < 0;
}
