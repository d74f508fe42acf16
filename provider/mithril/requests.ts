/** What the calls of Mithril's API have in common: how they are sent, read and repeated. */
import { object, objects } from "../cloud/json";
import type { Backoff } from "../cloud/retry";
import { createTransport, type Call, type Transport, type TransportErrors } from "../cloud/http";
import { mithrilBackoff } from "./backoff";
import { isMithrilError, MithrilApiError, parseError } from "./errors";
import { allPages } from "./paging";

export interface MithrilClientOptions {
  /** `https://api.mithril.ai`, or what answers in its place. */
  baseUrl: string;
  apiKey: string;
  /** `proj_…` */
  projectId: string;
  /** Default: as Mithril's own client waits. */
  backoff?: Partial<Backoff>;
  /** Longest wait for one answer in milliseconds. Default: 30 000. */
  timeoutMs?: number;
}

type Decode<T> = (json: Record<string, unknown>) => T;
type Query = Call["query"];

/** Volume deletion takes Mithril longer than everything else. */
const volumeDeleteFactor = 4;

const errors: TransportErrors = {
  unavailable: (failure, options) => new MithrilApiError({ ...failure, kind: "unavailable" }, options),
  refusal: parseError,
};

/** Mithril's own client sends it, but nothing says that the API honours it: never relied upon. */
export const idempotency = (key: string) => ({ "idempotency-key": key });

export const at = (path: string, fid: string, action = "") => `${path}/${encodeURIComponent(fid)}${action}`;

export class MithrilRequests {
  readonly project: string;
  readonly #send: Transport;
  readonly #sendSlow: Transport;

  constructor({ baseUrl, apiKey, projectId, backoff, timeoutMs = 30_000 }: MithrilClientOptions) {
    const options = { baseUrl, apiKey, backoff: { ...mithrilBackoff, ...backoff }, errors };
    this.project = projectId;
    this.#send = createTransport({ ...options, timeoutMs });
    this.#sendSlow = createTransport({ ...options, timeoutMs: timeoutMs * volumeDeleteFactor });
  }

  get<T>(path: string, decode: Decode<T>, signal: AbortSignal, query: Query = {}): Promise<T> {
    return this.#send("GET", path, signal, { query }, one(decode));
  }

  /** Undefined where there is none. */
  async find<T>(path: string, decode: Decode<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await this.get(path, decode, signal);
    } catch (error) {
      if (isMithrilError(error, "notFound")) return undefined;
      throw error;
    }
  }

  list<T>(path: string, decode: Decode<T>, signal: AbortSignal, query: Query = {}): Promise<T[]> {
    return this.#send("GET", path, signal, { query }, listOf(decode));
  }

  /** Of what only some projects have: undefined in the others, whoever says so. */
  async listOrNone<T>(path: string, decode: Decode<T>, signal: AbortSignal): Promise<T[] | undefined> {
    try {
      return await this.#send<T[] | undefined>("GET", path, signal, { optional: true }, listOf(decode));
    } catch (error) {
      if (isMithrilError(error, "permission")) return undefined;
      throw error;
    }
  }

  pages<T>(path: string, decode: Decode<T>, signal: AbortSignal, query: Query): Promise<T[]> {
    return allPages(
      `GET ${path}`,
      (page, read) => this.#send("GET", path, signal, { query: { ...query, ...page } }, read),
      decode,
    );
  }

  create<T>(path: string, decode: Decode<T>, signal: AbortSignal, call: Call): Promise<T> {
    return this.#send("POST", path, signal, { ...call, safety: "once" }, one(decode));
  }

  /** Safe to repeat, as `act` is not. Without `decode` the answer may be anything. */
  change<T = void>(path: string, body: object, signal: AbortSignal, decode?: Decode<T>): Promise<T> {
    return this.#send("PATCH", path, signal, { body }, decode ? one(decode) : () => undefined as T);
  }

  async act(path: string, body: object, signal: AbortSignal): Promise<void> {
    await this.#send("POST", path, signal, { body, safety: "once" });
  }

  /** A delete that was repeated because its answer was lost finds nothing, or something that has ended: that is success. */
  async remove(path: string, signal: AbortSignal, { slow = false } = {}): Promise<void> {
    const send = slow ? this.#sendSlow : this.#send;
    await send("DELETE", path, signal).catch((error: unknown) => {
      const gone =
        isMithrilError(error, "notFound") ||
        (isMithrilError(error) && /already (been )?(ended|terminated|cancell?ed|deleted)/i.test(error.cloudMessage));
      if (!gone) throw error;
    });
  }
}

function one<T>(decode: Decode<T>) {
  return (json: unknown): T => decode(object(json, "the answer"));
}

function listOf<T>(decode: Decode<T>): (json: unknown) => T[] {
  return (json) => objects(json, "the answer").map(decode);
}
