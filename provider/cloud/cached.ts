/** Facts change by the minute; one operation should see them as they were at one time. */
const freshMs = 60_000;
const readTimeoutMs = 120_000;

/** What one read brings, for all who ask within a minute. A read that fails is not kept. */
export class Cached<T> {
  private current: { content: Promise<T>; until: number } | undefined;

  constructor(private readonly fetch: (signal: AbortSignal) => Promise<T>) {}

  /** The read goes on for the others when one of those who wait is aborted. */
  async read(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (!this.current || this.current.until < Date.now()) {
      const started = { content: this.fetch(AbortSignal.timeout(readTimeoutMs)), until: Date.now() + freshMs };
      started.content.catch(() => {
        if (this.current === started) this.current = undefined;
      });
      this.current = started;
    }
    const { content } = this.current;
    let stop: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([content, aborted]);
    } finally {
      signal.removeEventListener("abort", stop!);
    }
  }
}
