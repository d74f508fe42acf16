/** Where an API server is reached, as `host:port`. Pure. */
import { isIP } from "node:net";

/** What ends in a number is an address, and often a wrong one. */
export const dnsName =
  /^(?=.{1,253}$)(?!(.*\.)?\d+$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;

export function isHostAndPort(text: string, needsPort: boolean): boolean {
  const [, host = "", bracketed, port] = /^(\[([^\]]+)\]|[^:/?#@\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isHost = bracketed === undefined ? isIP(host) === 4 || dnsName.test(host) : isIP(bracketed) === 6;
  return isHost && (port === undefined ? !needsPort : Number(port) >= 1 && Number(port) <= 65_535);
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
