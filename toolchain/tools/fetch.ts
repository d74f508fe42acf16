import { getProxyForUrl } from "proxy-from-env";

/**
 * `fetch` by the HTTP proxies that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), as npm, Go and the Pulumi CLI go by them: Node.js'
 * own does not. SOCKS proxies are none here.
 */
export async function fetchByProxies(url: string, init: RequestInit): Promise<Response> {
  const proxy = getProxyForUrl(url);
  if (!/^https?:\/\//i.test(proxy)) return fetch(url, init);
  const undici = await import("undici");
  const through = { ...init, dispatcher: new undici.ProxyAgent(proxy) } as Parameters<typeof undici.fetch>[1];
  return (await undici.fetch(url, through)) as unknown as Response;
}
