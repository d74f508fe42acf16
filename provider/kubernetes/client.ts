/**
 * `KubernetesApi` over HTTPS.
 *
 * Not on `@kubernetes/client-node`'s object API, which rebuilds every object from its own models (it drops the fields that it does not
 * know and makes `Date`s), opens a connection for each request, and takes 0.4 s to load. Only what it reads better than we do, credential
 * plugins and files beside a kubeconfig, is left to it, and it is loaded only then.
 */
import { readFile } from "node:fs/promises";
import { request as httpsRequest, Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { Agent, IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import {
  KubernetesApiError,
  type DeleteOptions,
  type KubernetesApi,
  type KubernetesObject,
  type ListQuery,
  type ObjectReference,
} from "./api";
import { Discovery } from "./discovery";
import { parseKubeconfig, type KubeconfigContext } from "../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../sdk/message";
import { agentFor } from "../cloud/proxy";
import { plainWords } from "../cloud/refusal";
import { longestTimerMs } from "../cloud/wait";
import { redact } from "../server/redaction";

export interface KubernetesApiOptions {
  /** For each request, repetitions included. Milliseconds. @default 30000 */
  timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const pageSize = 500;

/** Throws `InvalidKubeconfig` at once; connects on the first request. Idle connections do not keep the process alive. */
export function kubernetesApi(kubeconfig: string, options: KubernetesApiOptions = {}): KubernetesApi {
  return new HttpsKubernetesApi(connection(kubeconfig), options.timeoutMs ?? defaultTimeoutMs);
}

interface Connection {
  endpoint: string;
  /** What the next request needs. */
  access(): Promise<{ agent: Agent; headers: Record<string, string> }>;
}

function connection(kubeconfig: string): Connection {
  const context = parseKubeconfig(kubeconfig);
  const { endpoint, credentials } = context;
  if (credentials.kind === "other") return libraryConnection(kubeconfig, endpoint);
  const agent = agentFor(endpoint, {
    keepAlive: true,
    ...(context.certificateAuthority !== undefined && { ca: context.certificateAuthority }),
    ...(context.tlsServerName !== undefined && { servername: context.tlsServerName }),
    ...(context.insecureSkipTlsVerify && { rejectUnauthorized: false }),
    ...(credentials.kind === "certificate" && { cert: credentials.clientCertificate, key: credentials.clientKey }),
  });
  return { endpoint, access: async () => ({ agent, headers: await authorization(credentials) }) };
}

async function authorization(credentials: KubeconfigContext["credentials"]): Promise<Record<string, string>> {
  if (credentials.kind === "token") return { authorization: `Bearer ${credentials.token}` };
  // For each request: kubelet writes a pod a fresh one within the hour.
  if (credentials.kind === "tokenFile")
    return { authorization: `Bearer ${(await readFile(credentials.path, "utf8")).trim()}` };
  return {};
}

function libraryConnection(kubeconfig: string, endpoint: string): Connection {
  const load = async () => {
    const library = await import("@kubernetes/client-node");
    const config = new library.KubeConfig();
    config.loadFromString(kubeconfig);
    return { ...library, config };
  };
  let loading: ReturnType<typeof load> | undefined;
  return {
    endpoint,
    // For each request, because what a credential plugin gives expires; the library keeps it until then.
    async access() {
      const { config, HttpMethod, RequestContext } = await (loading ??= load());
      const request = new RequestContext(endpoint, HttpMethod.GET);
      await config.applySecurityAuthentication(request);
      const agent = request.getAgent();
      if (!(agent instanceof HttpsAgent))
        throw new Error("only https:// is supported, directly or through an HTTP proxy");
      return { agent, headers: request.getHeaders() };
    },
  };
}

interface Call {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  body?: object;
  contentType?: string;
}

class HttpsKubernetesApi implements KubernetesApi {
  readonly #discovery = new Discovery((path, signal) => this.#json({ method: "GET", path }, signal));

  constructor(
    private readonly connection: Connection,
    private readonly timeoutMs: number,
  ) {}

  async text(path: string, signal?: AbortSignal): Promise<string> {
    return this.#send({ method: "GET", path }, signal);
  }

  async read(reference: ObjectReference, signal?: AbortSignal): Promise<KubernetesObject | undefined> {
    const get = async () =>
      this.#json<KubernetesObject>({ method: "GET", path: await this.#path(reference, signal) }, signal);
    return get().catch(undefinedWhenMissing);
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<KubernetesObject[]> {
    const path = await this.#discovery.collection(query, signal);
    const objects: KubernetesObject[] = [];
    let next: string | undefined;
    do {
      const page = await this.#json<{ items: KubernetesObject[]; metadata?: { continue?: string } }>(
        {
          method: "GET",
          path,
          query: {
            labelSelector: query.labelSelector,
            fieldSelector: query.fieldSelector,
            limit: String(query.limit ?? pageSize),
            continue: next,
          },
        },
        signal,
      );
      // None in its place would have somebody make again what is there.
      if (!Array.isArray(page.items)) throw new Error(`GET ${path}: the answer is no list`);
      // The items of a list do not say what they are.
      objects.push(...page.items.map((item) => ({ ...item, apiVersion: query.apiVersion, kind: query.kind })));
      next = page.metadata?.continue || undefined;
    } while (next !== undefined && objects.length < (query.most ?? Infinity));
    return objects;
  }

  async create(object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject> {
    const { apiVersion, kind, metadata } = object;
    const path = await this.#discovery.collection(
      { apiVersion, kind, namespace: metadata.namespace },
      signal,
      "default",
    );
    return this.#json({ method: "POST", path, body: object }, signal);
  }

  async apply(
    object: KubernetesObject,
    options: { fieldManager: string; force?: boolean; dryRun?: boolean },
    signal?: AbortSignal,
  ): Promise<KubernetesObject> {
    const { apiVersion, kind, metadata } = object;
    if (metadata.name === undefined) throw new Error(`a ${kind} without metadata.name cannot be applied`);
    const path = await this.#path({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name }, signal);
    return this.#json(
      {
        method: "PATCH",
        path,
        query: {
          fieldManager: options.fieldManager,
          force: options.force ? "true" : undefined,
          dryRun: options.dryRun ? "All" : undefined,
        },
        body: object,
        contentType: "application/apply-patch+yaml",
      },
      signal,
    );
  }

  async patch(
    reference: ObjectReference,
    patch: object,
    signal?: AbortSignal,
    subresource?: "status",
  ): Promise<KubernetesObject> {
    const path = [await this.#path(reference, signal), ...(subresource ? [subresource] : [])].join("/");
    return this.#json({ method: "PATCH", path, body: patch, contentType: "application/merge-patch+json" }, signal);
  }

  async delete(
    reference: ObjectReference,
    { propagationPolicy, uid }: DeleteOptions = {},
    signal?: AbortSignal,
  ): Promise<void> {
    const body = uid === undefined ? undefined : { preconditions: { uid } };
    const send = async () => {
      const path = await this.#path(reference, signal);
      await this.#send({ method: "DELETE", path, query: { propagationPolicy }, ...(body && { body }) }, signal);
    };
    await send().catch(undefinedWhenMissing);
  }

  async evict({ namespace, name }: { namespace: string; name: string }, signal?: AbortSignal): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
    await this.#send({ method: "POST", path, body }, signal).catch(undefinedWhenMissing);
  }

  async #path(reference: ObjectReference, signal?: AbortSignal): Promise<string> {
    return `${await this.#discovery.collection(reference, signal, "default")}/${encodeURIComponent(reference.name)}`;
  }

  async #json<T>(call: Call, signal?: AbortSignal): Promise<T> {
    return JSON.parse(await this.#send(call, signal)) as T;
  }

  async #send(call: Call, signal?: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const { endpoint } = this.connection;
    const url = requestUrl(endpoint, call);
    let headers: Readonly<Record<string, string>> = {};
    /** While it waits to ask again: what was asked since may have had its effect. */
    let busy: Error | undefined;
    try {
      const access = await this.connection.access();
      headers = access.headers;
      const options: RequestOptions = { method: call.method, signal: either, ...access };
      for (;;) {
        const answer = await exchange(url, options, call);
        if (answer.status === 429 && answer.retryAfterMs !== undefined) {
          busy = apiError(call, answer, secretsIn(call, headers));
          await delay(answer.retryAfterMs, undefined, { signal: either });
          busy = undefined;
          continue;
        }
        if (answer.status >= 400) throw apiError(call, answer, secretsIn(call, headers));
        return answer.text;
      }
    } catch (error) {
      if (error instanceof KubernetesApiError) throw error;
      signal?.throwIfAborted();
      if (timeout.aborted)
        throw (
          busy ??
          new Error(`${endpoint} did not answer ${call.method} ${call.path} within ${this.timeoutMs / 1000} s`, {
            cause: error,
          })
        );
      throw new Error(`${endpoint}: ${redact(messageOf(error), secretsIn(call, headers))}`, { cause: error });
    }
  }
}

function requestUrl(endpoint: string, { path, query = {} }: Call): URL {
  const url = new URL(endpoint.replace(/\/+$/, "") + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

interface Answer {
  status: number;
  text: string;
  retryAfterMs: number | undefined;
}

async function exchange(url: URL, options: RequestOptions, call: Call): Promise<Answer> {
  const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = {
    accept: "application/json",
    "user-agent": "pulumi-gpu-clusters",
    ...options.headers,
    ...(payload !== undefined && {
      "content-type": call.contentType ?? "application/json",
      "content-length": Buffer.byteLength(payload),
    }),
  };
  for (;;) {
    const request = httpsRequest(url, { ...options, headers });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once("response", resolve).once("error", reject).end(payload);
      });
      return await answerOf(response);
    } catch (error) {
      // The server closed an idle connection as we took it up again. A create could have been heard all the same.
      const stale = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (!stale || call.method === "POST") throw error;
    }
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const seconds = Number(response.headers["retry-after"]);
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString("utf8"),
    retryAfterMs: seconds > 0 ? Math.min(seconds * 1000, longestTimerMs) : undefined,
  };
}

/** An answer may quote what was sent: nobody but this client knows the tokens that it makes. */
function secretsIn({ path, body }: Call, headers: Readonly<Record<string, string>>): string[] {
  const access = Object.values(headers).map((value) => value.replace(/^(Bearer|Basic) /, ""));
  const { kind, data, stringData } = (body ?? {}) as Partial<Record<string, unknown>>;
  // A patch does not say what it is of.
  if (kind !== "Secret" && !/\/namespaces\/[^/]+\/secrets(\/|$)/.test(path)) return access;
  const encoded = textsOf(data);
  const decoded = encoded.map((text) => Buffer.from(text, "base64").toString("utf8"));
  return [...access, ...encoded, ...decoded, ...textsOf(stringData)];
}

/** Without the nulls by which a patch takes entries out. */
function textsOf(entries: unknown): string[] {
  return Object.values(entries ?? {}).filter((value) => typeof value === "string");
}

function apiError(call: Call, { status, text }: Answer, secrets: readonly string[]): Error {
  let answer: { message?: string; reason?: string } = {};
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    // Health endpoints, and paths that no API has, are answered in plain text, and so do proxies, which know nothing of what is there.
    answer = { message: text.trim() };
    if (status === 404 && !text.startsWith("404 page not found"))
      return new Error(`${call.method} ${call.path}: a 404 that is not the API server's: ${plainWords(text)}`);
  }
  const message = redact(answer.message || `status ${status}`, secrets);
  return new KubernetesApiError(`${call.method} ${call.path}: ${message} (HTTP ${status})`, status, answer.reason);
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof KubernetesApiError && error.statusCode === 404) return undefined;
  throw error;
}
