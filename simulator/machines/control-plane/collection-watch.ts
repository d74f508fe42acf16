/** What controllers of a light control plane have in common: they look at a collection, and again when it changes. */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiConnection } from "../api-connection";

/** What one look comes to. */
export interface Looked {
  /** Of the collection, as it was seen. */
  readonly resourceVersion: string;
  /** When to look again where no event comes before. */
  readonly againMs: number;
}

/** Until the signal aborts. An API server that does not answer is asked again. */
export async function watchCollection(
  api: ApiConnection,
  path: string,
  look: (signal: AbortSignal) => Promise<Looked>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await nextEvent(api, path, await look(signal), signal);
    } catch {
      await delay(200, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function nextEvent(
  api: ApiConnection,
  path: string,
  { resourceVersion, againMs }: Looked,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ watch: "true", resourceVersion });
  const timely = AbortSignal.any([signal, AbortSignal.timeout(againMs)]);
  try {
    for await (const event of api.watch(`${path}?${query}`, timely)) if (event) return;
  } catch (error) {
    if (!timely.aborted) throw error;
  }
}
