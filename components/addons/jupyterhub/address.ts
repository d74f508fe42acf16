import type { Problems } from "../../errors";

/** Where people are sent back to after a login: what `redirectUris` of the hub's client must have. */
export function hubCallback(url: string): string {
  return `${url.replace(/\/$/, "")}/hub/oauth_callback`;
}

export function checkHubUrl(path: string, url: string, problems: Problems): void {
  if (!/^https?:\/\/[^/?#\s]+\/?$/.test(url))
    problems.add(path, `"${url}" must be an address such as https://hub.example.com, without a path`);
}
