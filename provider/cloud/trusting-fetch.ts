/** `fetch` for a server whose certificate is from an authority that this computer does not know. */
import { proxyFor } from "../../sdk/proxy-rules";

export async function fetchTrusting(certificateAuthority: string, url: string): Promise<typeof fetch> {
  const { Agent, ProxyAgent, fetch: send } = await import("./undici.js");
  const ca = certificateAuthority;
  const proxy = proxyFor(url);
  const dispatcher =
    proxy === undefined ? new Agent({ connect: { ca } }) : new ProxyAgent({ uri: proxy, requestTls: { ca } });
  return ((...[input, init]: Parameters<typeof send>) => send(input, { ...init, dispatcher })) as typeof fetch;
}
