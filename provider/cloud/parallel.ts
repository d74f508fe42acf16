/**
 * Does the work for each item, at most `atOnce` at a time. After a failure, or when the signal aborts, nothing new is begun; rejects with
 * the first failure, or the signal's reason, when all that was begun has ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const runner = async () => {
    while (next < items.length && failures.length === 0 && !signal.aborted) {
      try {
        await work(items[next++]!);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, runner));
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();
}
