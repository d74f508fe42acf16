/** From the provider's configuration to Cudo's API. */
import type { ProviderConfig } from "../server/resource";
import { Connections } from "../cloud/connections";
import type { CudoApi } from "./api";
import { catalogueOf, type Catalogue } from "./catalogue";
import { createCudoClient } from "./client";
import { checkCudoConfig, cudoAccount } from "../../sdk/cudo/config";

export interface Connection {
  readonly api: CudoApi;
  readonly catalogue: Catalogue;
}

const connections = new Connections<Connection>({
  ...cudoAccount,
  complete: (given) => checkCudoConfig(given).config,
  open(account) {
    const api = createCudoClient(account);
    return { api, catalogue: catalogueOf(api) };
  },
});

export const connect = (config: ProviderConfig): Connection => connections.connect(config);
export const connectIfKnown = (config: ProviderConfig): Connection | undefined => connections.connectIfKnown(config);
