export { OAuth2Client, type OAuth2ClientArgs } from "./oauth2-client";
export type { KeycloakProviderConfig } from "./config";
