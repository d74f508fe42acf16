/** From the provider's configuration to Mithril's API. */
import type { ProviderConfig } from "../server/resource";
import { Cached } from "../cloud/cached";
import { Connections } from "../cloud/connections";
import type { MithrilApi } from "./api";
import { catalogueOf, type Catalogue } from "./catalogue";
import { createMithrilClient } from "./client";
import type { InstanceType } from "./types";
import { checkMithrilConfig, mithrilAccount } from "../../sdk/mithril/config";

export interface Connection {
  readonly api: MithrilApi;
  readonly catalogue: Catalogue;
  /** Types that can be reserved: another list than what is auctioned. */
  readonly reservable: Cached<readonly InstanceType[]>;
}

const connections = new Connections<Connection>({
  ...mithrilAccount,
  complete: (given) => checkMithrilConfig(given).config,
  open(account) {
    const api = createMithrilClient(account);
    const catalogue = catalogueOf(api);
    // A list that the project may not read counts against nothing: the quote tells then.
    const reservable = new Cached<readonly InstanceType[]>(
      async (signal) => (await api.reservations.instanceTypes(signal)) ?? (await catalogue.read(signal)).instanceTypes,
    );
    return { api, catalogue, reservable };
  },
});

export const connect = (config: ProviderConfig): Connection => connections.connect(config);
export const connectIfKnown = (config: ProviderConfig): Connection | undefined => connections.connectIfKnown(config);
