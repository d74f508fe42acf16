import { requireTexts } from "../../../sdk/function-arguments";
import { isSafeUrl } from "../../../sdk/safe-url";
import type { Problems } from "../../errors";

/** Where people are sent back to after a login: what `redirectUris` of the hub's client must have. */
export function hubCallback(url: string): string {
  requireTexts("hubCallback", { url });
  return `${url.replace(/\/$/, "")}/hub/oauth_callback`;
}

export function checkHubUrl(path: string, url: unknown, problems: Problems): void {
  if (typeof url !== "string" || !/^https?:\/\/[^/?#@\s]+\/?$/.test(url) || !URL.canParse(url))
    problems.add(path, `"${String(url)}" must be an address such as https://hub.example.com, without a path`);
}

/** A realm's own address, as `OAuth2Client` has it among its outputs. */
export function checkIssuer(path: string, issuer: string | undefined, problems: Problems): void {
  if (issuer !== undefined && !(isSafeUrl(issuer) && /^[^?#@\s]+\/realms\/[^/?#\s]+\/?$/.test(issuer)))
    problems.add(
      path,
      `"${issuer}" must be a realm's https URL such as https://sso.example.com/realms/lab (http on this computer only)`,
    );
}

/** Where the realm does what: `auth`, `token`, `userinfo`. */
export function realmEndpoint(issuer: string, name: string): string {
  return `${issuer.replace(/\/$/, "")}/protocol/openid-connect/${name}`;
}
