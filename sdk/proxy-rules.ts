/** Which proxy the environment names for a URL, read as Go's programs do, of which the engine is one. Reference: golang.org/x/net/http/httpproxy. */
import { BlockList, isIP } from "node:net";

/**
 * `http://proxy:3128`; undefined: directly. Proxies of other kinds than HTTP's are none here. Throws for what is no address, and quotes nothing of it:
 * it may have a password.
 */
export function proxyFor(url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const variable = `${scheme.toUpperCase()}_PROXY`;
  const value = valueOf(variable);
  if (!["http", "https"].includes(scheme) || value === undefined) return undefined;
  const target = { host: hostname.replace(/^\[|\]$/g, ""), port: port || (scheme === "https" ? "443" : "80") };
  const direct = (valueOf("NO_PROXY") ?? "")
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(Boolean);
  if (isLoopback(target.host) || direct.some((entry) => covers(entry, target))) return undefined;
  const proxy = value.includes("://") ? value : `http://${value}`;
  if (!isReadable(proxy))
    throw new Error(
      `${variable} is no address of a proxy: special characters of a user and a password are written as %40 and the like`,
    );
  return /^https?:$/.test(new URL(proxy).protocol) ? proxy : undefined;
}

function isReadable(proxy: string): boolean {
  try {
    const { username, password } = new URL(proxy);
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/** In capitals or not. */
function valueOf(variable: string): string | undefined {
  return process.env[variable]?.trim() || process.env[variable.toLowerCase()]?.trim() || undefined;
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|::1)$/i.test(host);
}

interface Target {
  readonly host: string;
  readonly port: string;
}

/** `*`, a range of addresses, or an address or name with or without a port; a name stands for those below it too, one that begins with a dot for these alone. */
function covers(entry: string, { host, port }: Target): boolean {
  if (entry === "*") return true;
  const [, network = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = familyOf(network);
  if (family !== undefined) return isIn(host, network, Number(bits), family);
  const [, name = entry, only] = isIP(entry) > 0 ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\[|\]$/g, "");
  const own = familyOf(bare);
  if (own !== undefined) return isIn(host, bare, undefined, own);
  const below = bare.replace(/^\*?\./, "");
  return host.endsWith(`.${below}`) || host === bare;
}

type Family = "ipv4" | "ipv6";

function familyOf(address: string): Family | undefined {
  return ([undefined, "ipv4", "ipv6"] as const)[[0, 4, 6].indexOf(isIP(address))];
}

/** Addresses of version 6 have many forms. */
function isIn(host: string, network: string, bits: number | undefined, family: Family): boolean {
  const all = family === "ipv4" ? 32 : 128;
  if (familyOf(host) !== family || (bits ?? all) > all) return false;
  const list = new BlockList();
  list.addSubnet(network, bits ?? all, family);
  return list.check(host, family);
}
