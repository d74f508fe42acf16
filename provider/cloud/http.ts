/** One HTTP request to a cloud with a JSON API: authorisation, time-out, cancellation, retries. */
import { redact } from "../server/redaction";
import type { PassingKind } from "./api-error";
import { WrongShape } from "./json";
import { neverConnected, noAnswer, redirection } from "./no-answer";
import { retrying, type Backoff } from "./retry";

/** How a cloud says what went wrong. */
export interface TransportErrors {
  /** No answer that can be read: the outcome is unknown. */
  unavailable(failure: UnreadAnswer, options: ErrorOptions): Error;
  refusal(request: string, httpStatus: number, headers: Headers, body: string): Error;
}

export interface UnreadAnswer {
  request: string;
  /** Undefined when no answer arrived. */
  httpStatus?: number;
  cloudMessage: string;
  /** No connection was made. */
  unsent?: boolean;
}

export interface TransportOptions {
  baseUrl: string;
  apiKey: string;
  backoff: Backoff;
  /** Of one attempt. */
  timeoutMs: number;
  errors: TransportErrors;
  /** Default: the plugin's. */
  fetch?: typeof fetch | undefined;
}

export interface Call {
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  headers?: Record<string, string>;
  /**
   * `repeatable`: doing it twice is doing it once, so it is repeated whenever it may help.
   * `once`: only repeated when it certainly had no effect; each room's `create-once.ts` does the rest.
   */
  safety?: "repeatable" | "once";
  /** What only some accounts have: a 404, whoever gives it, is an answer, undefined. */
  optional?: boolean;
  /** Texts that an error must not show even if the cloud sends them back. */
  secrets?: readonly (string | undefined)[];
}

/**
 * Gives what `read` makes of the answer's JSON, undefined for an empty answer. An answer that it cannot read (`WrongShape`) says nothing: the
 * outcome is unknown.
 */
export type Transport = <T = unknown>(
  method: string,
  path: string,
  signal: AbortSignal,
  call?: Call,
  read?: (json: unknown) => T,
) => Promise<T>;

const retriedKinds: Record<"repeatable" | "once", readonly PassingKind[]> = {
  repeatable: ["unavailable", "rateLimit"],
  once: ["rateLimit"],
};

export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, apiKey, backoff, timeoutMs, errors } = options;
  const root = baseUrl.replace(/\/+$/, "");
  return <T>(
    method: string,
    path: string,
    signal: AbortSignal,
    { query, body, headers: more, safety = "repeatable", optional = false, secrets = [] }: Call = {},
    read: (json: unknown) => T = (json) => json as T,
  ): Promise<T> => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined) search.set(key, String(value));
    }
    const url = `${root}${path}${search.size > 0 ? `?${search.toString()}` : ""}`;
    const request = `${method} ${path}`;
    const hidden = [apiKey, ...secrets].filter((secret): secret is string => secret !== undefined && secret.length > 0);
    const headers: Record<string, string> = { authorization: `Bearer ${apiKey}`, accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    Object.assign(headers, more);

    const attempt = async () => {
      const timeout = AbortSignal.timeout(timeoutMs);
      let response: Response;
      let answer: string;
      try {
        response = await (options.fetch ?? fetch)(url, {
          method,
          headers,
          body: body && JSON.stringify(body),
          signal: AbortSignal.any([signal, timeout]),
          redirect: "manual",
        });
        answer = await response.text();
      } catch (error) {
        signal.throwIfAborted();
        const cloudMessage = timeout.aborted
          ? `no answer within ${timeoutMs / 1000} s`
          : redact(noAnswer(error, url), hidden);
        throw errors.unavailable({ request, cloudMessage, unsent: neverConnected(error) }, { cause: error });
      }
      if (optional && response.status === 404) return undefined as T;
      if (!response.ok) {
        const said = redirection(response) ?? answer;
        throw errors.refusal(request, response.status, response.headers, redact(said, hidden));
      }
      return parseAnswer(request, response, answer, read, errors);
    };
    return retrying(attempt, { kinds: retriedKinds[safety], backoff, signal });
  };
}

function parseAnswer<T>(
  request: string,
  response: Response,
  answer: string,
  read: (json: unknown) => T,
  errors: TransportErrors,
): T {
  try {
    return read(answer.trim() === "" ? undefined : JSON.parse(answer));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof WrongShape)) throw error;
    const cloudMessage =
      error instanceof WrongShape
        ? `the answer is not as the API is described: ${error.message}`
        : `the answer is not JSON (${response.headers.get("content-type") ?? "no content type"})`;
    throw errors.unavailable({ request, httpStatus: response.status, cloudMessage }, { cause: error });
  }
}
