/** Keycloak's part of the plugin, by type token. */
import type { ResourceHandler } from "../../server/resource";
import { oauth2ClientHandler } from "./oauth2-client";

export const keycloakResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:keycloak:OAuth2Client": oauth2ClientHandler,
};
