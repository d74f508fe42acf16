import type { MithrilApi } from "./api";
import type { AuctionMarket, InstanceType, Region } from "./types";

/** What Mithril offers now. */
export interface CatalogueContent {
  readonly instanceTypes: readonly InstanceType[];
  readonly markets: readonly AuctionMarket[];
  /** Empty where the project may not read them: nothing can be said about regions then. */
  readonly regions: readonly Region[];
}

/** Markets change every two minutes; one operation should see one catalogue. */
const freshMs = 60_000;
const fetchTimeoutMs = 120_000;

/** Reads the catalogue once for all who ask within a minute. */
export class Catalogue {
  private current: { content: Promise<CatalogueContent>; until: number } | undefined;

  constructor(private readonly api: Pick<MithrilApi, "instanceTypes" | "spotAvailability" | "regions">) {}

  /** The read goes on for the others when one of those who wait is aborted. */
  async read(signal: AbortSignal): Promise<CatalogueContent> {
    signal.throwIfAborted();
    if (!this.current || this.current.until < Date.now()) {
      const started = { content: this.fetch(), until: Date.now() + freshMs };
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

  private async fetch(): Promise<CatalogueContent> {
    const signal = AbortSignal.timeout(fetchTimeoutMs);
    const [instanceTypes, markets, regions] = await Promise.all([
      this.api.instanceTypes(signal),
      this.api.spotAvailability(signal),
      this.api.regions(signal),
    ]);
    return { instanceTypes, markets, regions };
  }
}
