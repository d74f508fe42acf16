/** An API server's address as Michelangelo writes it. Pure. */

export interface ApiServerAddress {
  /** With the scheme: `https://api.example.com`. */
  host: string;
  /** Of digits, a text: an integer is refused. */
  port: string;
}

/** Or why there is none: Michelangelo puts host, colon and port together, and knows neither paths nor other schemes. */
export function apiServerAddress(server: string): ApiServerAddress | { problem: string } {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "https:" || url.hostname === "")
    return { problem: `"${withoutUser(url) ?? server}" must be https://host:port` };
  if (url.username !== "" || url.password !== "") return { problem: "must be https://host:port, without credentials" };
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return {
      problem: `"${url.origin}" is followed by a path, which Michelangelo has no field for: give an address of the API server itself`,
    };
  return { host: `https://${url.hostname}`, port: url.port || "443" };
}

function withoutUser(url: URL | undefined): string | undefined {
  return url && `${url.protocol}//${url.host}`;
}
