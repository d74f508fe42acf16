import { proxyFor } from "../../sdk/proxy-rules";
import { waitForSlowNetworks } from "../../sdk/slow-networks";

/** `fetch` by the proxies that the environment names, as the engine and all HTTP of the plugin go by them: Node.js' own does not. */
export async function fetchByProxies(url: string, init: RequestInit): Promise<Response> {
  waitForSlowNetworks();
  const proxy = proxyFor(url);
  if (proxy === undefined) return fetch(url, init);
  const undici = await import("undici");
  const through = { ...init, dispatcher: new undici.ProxyAgent(proxy) } as Parameters<typeof undici.fetch>[1];
  return (await undici.fetch(url, through)) as unknown as Response;
}
