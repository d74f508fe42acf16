/** From the provider's configuration to Mithril's API. */
import type { ProviderConfig } from "../server/resource";
import { Connections } from "../cloud/connections";
import type { MithrilApi } from "./api";
import { catalogueOf, type Catalogue } from "./catalogue";
import { createMithrilClient } from "./client";
import { checkMithrilConfig, mithrilAccount } from "../../sdk/mithril/config";

export interface Connection {
  readonly api: MithrilApi;
  readonly catalogue: Catalogue;
}

const connections = new Connections<Connection>({
  ...mithrilAccount,
  complete: (given) => checkMithrilConfig(given).config,
  open(account) {
    const api = createMithrilClient(account);
    return { api, catalogue: catalogueOf(api) };
  },
});

export const connect = (config: ProviderConfig): Connection => connections.connect(config);
export const connectIfKnown = (config: ProviderConfig): Connection | undefined => connections.connectIfKnown(config);
