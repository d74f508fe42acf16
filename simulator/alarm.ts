/** Wakes the clouds up when something is due in them. */

/** Longest delay of a Node timer. */
const longest = 2 ** 31 - 1;

export class Alarm {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ring: () => void) {}

  /** Replaces the time that was set before; `undefined`: never. Milliseconds since 1970. */
  set(time: number | undefined): void {
    this.clear();
    if (time === undefined) return;
    this.timer = setTimeout(this.ring, Math.min(Math.max(0, time - Date.now()), longest));
    this.timer.unref();
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
