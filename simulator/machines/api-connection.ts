/** How a machine speaks to an API server: one credential, one trusted CA, nothing of the simulator's own. */
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { KubernetesApiError } from "../../provider/kubernetes/api";

export interface ApiServer {
  /** `https://host:port` */
  readonly endpoint: string;
  /** PEM; nothing else is trusted. */
  readonly certificateAuthority: string;
  /** The name that the server's certificate must be for, when it is not the endpoint's host. */
  readonly serverName?: string;
}

export type Credential = { readonly token: string } | { readonly certificate: string; readonly privateKey: string };

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

const requestTimeoutMs = 10_000;

export class ApiConnection {
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  constructor(
    private readonly server: ApiServer,
    credential: Credential,
  ) {
    const byCertificate = "certificate" in credential;
    this.#headers = byCertificate ? {} : { authorization: `Bearer ${credential.token}` };
    this.#agent = new Agent({
      keepAlive: true,
      ca: server.certificateAuthority,
      ...(server.serverName === undefined ? {} : { servername: server.serverName }),
      ...(byCertificate ? { cert: credential.certificate, key: credential.privateKey } : {}),
    });
  }

  async request<T = unknown>(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
    contentType = "application/json",
  ): Promise<T> {
    const timely = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    const response = await this.#send(method, path, timely, body, contentType);
    return parse(await textOf(response)) as T;
  }

  /** The events of a watch (`…?watch=true`) until the server ends it. */
  async *watch<T>(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const response = await this.#send("GET", path, signal);
    try {
      for await (const line of createInterface({ input: response })) yield JSON.parse(line) as WatchEvent<T>;
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
    contentType?: string,
  ): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      agent: this.#agent,
      signal,
      headers: {
        ...this.#headers,
        accept: "application/json",
        ...(payload === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(payload) }),
      },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpsRequest(new URL(path, this.server.endpoint), options, resolve);
      sent.once("error", reject);
      sent.end(payload);
    });
    const statusCode = response.statusCode ?? 0;
    if (statusCode >= 400) throw apiError(statusCode, await textOf(response));
    return response;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Health endpoints answer in plain text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function apiError(statusCode: number, text: string): KubernetesApiError {
  const status = parse(text) as { message?: string; reason?: string } | string;
  return typeof status === "object"
    ? new KubernetesApiError(status.message ?? `status ${statusCode}`, statusCode, status.reason)
    : new KubernetesApiError(text.trim() || `status ${statusCode}`, statusCode, undefined);
}

/** For a change that somebody else may have made first, or whose object may have gone: these answers to it are no errors. */
export function ignoring(...statusCodes: number[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof KubernetesApiError) || !statusCodes.includes(error.statusCode)) throw error;
  };
}
