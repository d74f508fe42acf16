import { requireTexts } from "../../../sdk/function-arguments";
import type { Problems } from "../../errors";
import { isHostAndPort } from "../../../sdk/host-and-port";

/** Where people are sent back to after a login: what `redirectUris` of the hub's client must have. */
export function hubCallback(url: string): string {
  requireTexts("hubCallback", { url });
  return `${url.replace(/\/$/, "")}/hub/oauth_callback`;
}

/** Keycloak compares where it sends people back to with what it was told, letter by letter. */
export function checkHubUrl(path: string, url: unknown, problems: Problems): void {
  const text = String(url);
  const origin = typeof url === "string" ? originOf(url) : undefined;
  // What stands before an @ may be a password.
  const quoted = text.includes("@") ? "" : `"${text}" `;
  if (origin === undefined)
    problems.add(path, `${quoted}must be an address such as https://hub.example.com, without a path`);
  else if (origin !== text.replace(/\/$/, "")) problems.add(path, `${quoted}must be written as browsers do: ${origin}`);
}

/** Undefined for what has more than a scheme, a host and a port, or none of these. */
function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, username, password, host, pathname, search, hash, origin } = new URL(url);
  const hasMore = [username, password, search, hash].some((part) => part !== "") || pathname !== "/";
  return /^https?:$/.test(protocol) && !hasMore && isHostAndPort(host, false) ? origin : undefined;
}

/** Where the realm does what: `auth`, `token`, `userinfo`. */
export function realmEndpoint(issuer: string, name: string): string {
  return `${issuer.replace(/\/$/, "")}/protocol/openid-connect/${name}`;
}
