/** Where a server is reached, as `host:port`. Pure. */
import { isIP } from "node:net";

/** What ends in a number is an address, and often a wrong one. */
export const dnsName =
  /^(?=.{1,253}$)(?!(.*\.)?\d+$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;

/** Without a zone, as only the machine itself has it: Go reads it as a name then, and a URL has no room for it. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** An address, or a name that DNS may have. */
export function isHost(text: string): boolean {
  return isAddress(text) || dnsName.test(text);
}

export function isHostAndPort(text: string, needsPort: boolean): boolean {
  const [, host = "", bracketed, port] = /^(\[([^\]]+)\]|[^:/?#@\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isOne =
    bracketed === undefined ? isIP(host) === 4 || dnsName.test(host) : isIP(bracketed) === 6 && isAddress(bracketed);
  return isOne && (port === undefined ? !needsPort : Number(port) >= 1 && Number(port) <= 65_535);
}

/** Whether whoever asks there asks himself. */
export function isOneself(host: string): boolean {
  const canonical = isIP(host) === 6 ? new URL(`http://[${host}]`).hostname : host;
  return /^(.*\.)?localhost$|^127\.|^0\.0\.0\.0$|^\[::1?\]$|^\[::ffff:7f/i.test(canonical);
}

/** Of `host:port`; an IPv6 address without its brackets. */
export function hostOf(endpoint: string): string {
  return new URL(`https://${endpoint}`).hostname.replace(/^\[|\]$/g, "");
}
