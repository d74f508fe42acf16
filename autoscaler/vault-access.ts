/** The server's access to the Vault of encrypted disks: new machines get theirs by it, so that its end is told before one is wanted. */
import { setTimeout as delay } from "node:timers/promises";

export interface AccessOptions {
  /** As it does for a machine. */
  login(signal: AbortSignal): Promise<unknown>;
  /** Between two logins that succeed; after one that failed a tenth of it. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** After each login. @param error undefined where it succeeded */
  watch(error: unknown): void;
}

/** Logs in again and again. Ends with the signal. */
export async function keepAccess({ login, intervalMs, signal, watch }: AccessOptions): Promise<void> {
  while (!signal.aborted) {
    let failed = false;
    try {
      await login(signal);
      watch(undefined);
    } catch (error) {
      signal.throwIfAborted();
      failed = true;
      watch(error);
    }
    await delay(failed ? intervalMs / 10 : intervalMs, undefined, { signal });
  }
}
