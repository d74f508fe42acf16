/** Settles when all of it has ended: what fails keeps nothing else from its end. Rejects with the first failure, in the order given. */
export async function allEnded(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}
