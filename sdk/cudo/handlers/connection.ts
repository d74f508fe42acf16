/** From the provider's configuration to an API client. */
import { isUnknown } from "../../plugin/values";
import { InvalidArguments, type ProviderConfig } from "../../plugin/resource";
import type { CudoApi } from "../api";
import { catalogueOf, type Catalogue } from "../catalogue";
import { createCudoClient } from "../client";
import { checkCudoConfig } from "../config";

export interface Connection {
  readonly api: CudoApi;
  readonly catalogue: Catalogue;
}

const connections = new Map<string, Connection>();

/** One client for each configuration, so that what it caches is shared. Throws `InvalidArguments` when something is missing. */
export function connect(config: ProviderConfig): Connection {
  const { apiKey, projectId, baseUrl } = checkCudoConfig(cudoPart(config)).config;
  const failures = [
    typeof apiKey !== "string" && {
      property: "cudo.apiKey",
      reason: "is missing: set it in the provider's configuration, or CUDO_API_KEY in the environment",
    },
    typeof projectId !== "string" && {
      property: "cudo.projectId",
      reason: "is missing: set it in the provider's configuration, or CUDO_PROJECT_ID in the environment",
    },
  ].filter((failure) => failure !== false);
  if (failures.length > 0) {
    throw new InvalidArguments(failures);
  }
  const options = { apiKey: apiKey as string, projectId: projectId as string, baseUrl: baseUrl as string };
  const key = JSON.stringify(options);
  let connection = connections.get(key);
  if (!connection) {
    const api = createCudoClient(options);
    connection = { api, catalogue: catalogueOf(api) };
    connections.set(key, connection);
  }
  return connection;
}

/** Undefined at a preview where the credentials are not known yet. */
export function connectIfKnown(config: ProviderConfig): Connection | undefined {
  const part = cudoPart(config);
  const unknown = isUnknown(config.cudo) || Object.values(part).some(isUnknown) || Object.keys(config).length === 0;
  return unknown ? undefined : connect(config);
}

function cudoPart(config: ProviderConfig): Record<string, unknown> {
  const { cudo } = config;
  return typeof cudo === "object" && cudo !== null ? (cudo as Record<string, unknown>) : {};
}
