/**
 * Proxies as the environment names them (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in capitals or not), for all HTTP of the plugin: the engine goes
 * by the same. Loopback is never asked through one. gRPC and SSH go directly.
 */
import { Agent as HttpAgent, type ClientRequest } from "node:http";
import { Agent as HttpsAgent, type AgentOptions } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from "node:tls";
import { Agent, type AgentConnectOpts } from "agent-base";
import { HttpsProxyAgent } from "https-proxy-agent";
import { proxyFor } from "../../sdk/proxy-rules";

/** Whether any is named: without, nothing of this is needed. */
export function namesProxies(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return Object.entries(environment).some(([name, value]) => /^https?_proxy$/i.test(name) && value);
}

/** Keeps connections to one server. */
export function agentFor(endpoint: string, options: AgentOptions): HttpAgent {
  const proxy = proxyFor(endpoint);
  return proxy === undefined ? new HttpsAgent(options) : new Tunnel(proxy, options);
}

/** The options are for the server at its end, and not for the proxy. */
class Tunnel extends HttpsProxyAgent<string> {
  constructor(
    proxy: string,
    private readonly atTheEnd: AgentOptions,
  ) {
    super(proxy, { keepAlive: true });
  }

  override connect(request: ClientRequest, options: AgentConnectOpts) {
    const own = { ...options, ...this.atTheEnd } as AgentConnectOpts & ConnectionOptions;
    const { host } = options;
    if (host === undefined || isIP(host) === 0 || own.servername) return super.connect(request, own);
    // The library leaves an address out, and Node.js then wants a certificate for localhost.
    const named = {
      checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
    };
    return super.connect(request, { ...own, ...named } as AgentConnectOpts);
  }
}

/** Asks for each request, because a client of AWS speaks to many servers. */
export class EnvironmentAgent extends Agent {
  private readonly agents = new Map<string, HttpAgent>();

  override connect(_request: ClientRequest, options: AgentConnectOpts): HttpAgent {
    const scheme = options.secureEndpoint ? "https" : "http";
    const proxy = proxyFor(`${scheme}://${options.host ?? "localhost"}:${options.port}`);
    const key = proxy ?? scheme;
    let agent = this.agents.get(key);
    if (!agent) {
      const direct = options.secureEndpoint ? HttpsAgent : HttpAgent;
      agent = proxy === undefined ? new direct({ keepAlive: true }) : new Tunnel(proxy, {});
      this.agents.set(key, agent);
    }
    return agent;
  }
}

/**
 * Lets `fetch` go by them. undici is loaded only where there are some, and its own `fetch` with it: the copy inside Node.js takes dispatchers
 * of its own version only.
 */
export async function letFetchGoByProxies(): Promise<void> {
  if (!namesProxies()) return;
  const { Agent: Direct, Dispatcher, ProxyAgent, fetch } = await import("./undici.js");
  type Dispatching = Parameters<InstanceType<typeof Dispatcher>["dispatch"]>;
  const direct = new Direct();
  const proxies = new Map<string, InstanceType<typeof ProxyAgent>>();
  const through = (proxy: string) => {
    const known = proxies.get(proxy) ?? new ProxyAgent(proxy);
    proxies.set(proxy, known);
    return known;
  };
  class ByEnvironment extends Dispatcher {
    override dispatch(...[options, handler]: Dispatching): boolean {
      const proxy = proxyFor(String(options.origin));
      return (proxy === undefined ? direct : through(proxy)).dispatch(options, handler);
    }
  }
  const dispatcher = new ByEnvironment();
  globalThis.fetch = ((...[input, init]: Parameters<typeof fetch>) =>
    fetch(input, { ...init, dispatcher })) as typeof globalThis.fetch;
}
