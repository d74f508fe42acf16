/** Runs `work` for 0 to `count` - 1, at most `limit` at a time. When one fails, no more are begun; throws the first error after all have ended. */
export async function inParallel(
  limit: number,
  count: number,
  signal: AbortSignal,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const errors: unknown[] = [];
  const worker = async () => {
    while (next < count && errors.length === 0 && !signal.aborted) {
      const index = next++;
      try {
        await work(index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  if (errors.length > 0) throw errors[0];
  signal.throwIfAborted();
}
