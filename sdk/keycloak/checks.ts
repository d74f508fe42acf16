/** What Keycloak's names and addresses are: why one is none, undefined where it is. */
import { isSafeUrl } from "../safe-url";

/** It is a part of addresses. Reference: Keycloak, ReservedCharValidator. */
export function realmProblem(realm: string): string | undefined {
  if (/^[^\s\p{C}:/?#@!$&()*+,;=[\]\\%"'<>^`{|}]{1,255}$/u.test(realm) && !/^\.+$/.test(realm)) return undefined;
  return `${JSON.stringify(realm)} is no name of a realm: letters, digits and - _ . without spaces`;
}

/** Each realm has them from the beginning; people and `kcadm.sh` administer it by them. Reference: Keycloak, server administration guide, "OIDC clients". */
const ownClients = ["account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"];

/** Why nobody can make a client of this id. */
export function ownClientProblem(clientId: string): string | undefined {
  return ownClients.includes(clientId) ? `"${clientId}" is Keycloak's own, in every realm: name another` : undefined;
}

export function clientIdProblem(clientId: string): string | undefined {
  return /^[\x21-\x7e]{1,255}$/.test(clientId) ? undefined : "must have 1 to 255 printable characters and no spaces";
}

/** A realm's own address, as `OAuth2Client` has it among its outputs. */
export function issuerProblem(issuer: string): string | undefined {
  if (isSafeUrl(issuer) && /^[^?#@\s\p{C}"]+\/realms\/[^/?#\s\p{C}"]+\/?$/u.test(issuer)) return undefined;
  // What may have a password in it is not shown.
  const shown = /[@?]/.test(issuer) ? "" : `"${issuer}" `;
  return `${shown}must be a realm's https URL such as https://sso.example.com/realms/lab (http on this computer only)`;
}

/** Browsers run what these say, in whoever's name they are. */
const running = ["javascript:", "data:", "vbscript:"];

/** Schemes of which what follows is a host. Others are an app's own (RFC 8252, 7.1), whatever follows. */
const ofHosts = /^(https?|wss?|ftp|file):$/;

/** Where people may be sent back to after a login. */
export function redirectUriProblem(uri: string): string | undefined {
  const address = uri.replace(/\*$/, "");
  if (!URL.canParse(address) || /[\s\p{C}]/u.test(uri)) return `"${uri}" must be a URL, whole but for a * at its end`;
  const { protocol, username, password } = new URL(address);
  if (username + password !== "") return "must have no user and password";
  if (running.includes(protocol)) return `no browser may be sent to ${protocol} addresses`;
  if (address.includes("#")) return `"${uri}" must have no fragment: Keycloak answers there itself`;
  // Of a name without a path it would be any other name that begins so.
  const open = ofHosts.test(protocol) ? /^[^:]+:\/\/[^/?]+\/[^?]*$/ : /^[^:]+:\/[^?]*$/;
  const mayEnd = address === uri || open.test(address);
  return mayEnd && !address.includes("*") ? undefined : `"${uri}" may have a * only at the end of its path`;
}
