import { Cached } from "../cloud/cached";
import type { MithrilApi } from "./api";
import type { AuctionMarket, InstanceType, Region } from "./types";

/** What Mithril offers now. */
export interface CatalogueContent {
  readonly instanceTypes: readonly InstanceType[];
  readonly markets: readonly AuctionMarket[];
  /** Empty where the project may not read them: nothing can be said about regions then. */
  readonly regions: readonly Region[];
}

export type Catalogue = Cached<CatalogueContent>;

export function catalogueOf(api: Pick<MithrilApi, "instanceTypes" | "spotAvailability" | "regions">): Catalogue {
  return new Cached(async (signal) => {
    const [instanceTypes, markets, regions] = await Promise.all([
      api.instanceTypes(signal),
      api.spotAvailability(signal),
      api.regions(signal),
    ]);
    return { instanceTypes, markets, regions };
  });
}
