/** From the provider's configuration to Keycloak's API. */
import { checkKeycloakConfig, missingKeycloakConfig } from "../../sdk/keycloak/config";
import { record } from "../cloud/json";
import { InvalidArguments, type ProviderConfig } from "../server/resource";
import { isUnknown } from "../server/values";
import type { KeycloakAccount } from "./account";
import { createKeycloakClient, type KeycloakApi } from "./client";

const open = new Map<string, KeycloakApi>();

/** One client for each configuration, so that a login serves several calls. Throws `InvalidArguments` when something is missing. */
export function connect(config: ProviderConfig): KeycloakApi {
  const complete = checkKeycloakConfig(record(config["keycloak"])).config;
  const missing = missingKeycloakConfig(complete);
  if (missing.length > 0) throw new InvalidArguments(missing);
  const given = complete as KeycloakAccount;
  const account = { ...given, baseUrl: given.baseUrl.replace(/\/+$/, "") };
  const key = JSON.stringify(account);
  const api = open.get(key) ?? createKeycloakClient(account);
  open.set(key, api);
  return api;
}

/** Undefined at a preview where the credentials are not known yet. */
export function connectIfKnown(config: ProviderConfig): KeycloakApi | undefined {
  const part = config["keycloak"];
  const unknown = isUnknown(part) || Object.values(record(part)).some(isUnknown) || Object.keys(config).length === 0;
  return unknown ? undefined : connect(config);
}
