/** One HTTP request to Cudo: authorisation, time-out, cancellation, retries. Knows no object of Cudo's. */
import { CudoApiError, parseError, type CudoErrorKind } from "./errors";
import { retrying, type Backoff } from "./retry";
import { record } from "../cloud/json";

export interface TransportOptions {
  baseUrl: string;
  apiKey: string;
  backoff: Backoff;
  /** Of one attempt. */
  timeoutMs: number;
}

export interface Call {
  query?: Record<string, string | number | undefined>;
  body?: object;
  /**
   * `repeatable`: doing it twice is doing it once, so it is repeated whenever it may help.
   * `create`: only repeated when it certainly had no effect; see `create-once.ts` for the rest.
   */
  safety?: "repeatable" | "create";
  /** Texts that an error must not show even if the cloud sends them back. */
  secrets?: readonly (string | undefined)[];
}

export type Transport = (
  method: string,
  path: string,
  signal: AbortSignal,
  call?: Call,
) => Promise<Record<string, unknown>>;

const retriedKinds: Record<"repeatable" | "create", readonly CudoErrorKind[]> = {
  repeatable: ["unavailable", "rateLimit"],
  create: ["rateLimit"],
};

export function createTransport({ baseUrl, apiKey, backoff, timeoutMs }: TransportOptions): Transport {
  const root = baseUrl.replace(/\/+$/, "");
  return (method, path, signal, { query, body, safety = "repeatable", secrets = [] } = {}) => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined) search.set(key, String(value));
    }
    const url = `${root}${path}${search.size > 0 ? `?${search.toString()}` : ""}`;
    const request = `${method} ${path}`;
    const hidden = [apiKey, ...secrets].filter((secret): secret is string => secret !== undefined && secret.length > 0);
    const headers: Record<string, string> = { authorization: `Bearer ${apiKey}`, accept: "application/json" };
    if (body) headers["content-type"] = "application/json";

    const attempt = async () => {
      const timeout = AbortSignal.timeout(timeoutMs);
      let response: Response;
      let answer: string;
      try {
        response = await fetch(url, {
          method,
          headers,
          body: body && JSON.stringify(body),
          signal: AbortSignal.any([signal, timeout]),
          redirect: "error",
        });
        answer = await response.text();
      } catch (error) {
        signal.throwIfAborted();
        const cloudMessage = timeout.aborted
          ? `no answer within ${timeoutMs / 1000} s`
          : `no answer: ${reasonOf(error)}`;
        throw new CudoApiError({ request, cloudMessage, kind: "unavailable" }, { cause: error });
      }
      if (!response.ok) {
        throw parseError(request, response.status, response.headers, hide(answer, hidden));
      }
      return parseAnswer(request, response, answer);
    };
    return retrying(attempt, { kinds: retriedKinds[safety], backoff, signal });
  };
}

function parseAnswer(request: string, response: Response, answer: string): Record<string, unknown> {
  if (answer.trim() === "") {
    return {};
  }
  try {
    return record(JSON.parse(answer));
  } catch (error) {
    const cloudMessage = `the answer is not JSON (${response.headers.get("content-type") ?? "no content type"})`;
    throw new CudoApiError(
      { request, httpStatus: response.status, cloudMessage, kind: "unavailable" },
      { cause: error },
    );
  }
}

function hide(answer: string, secrets: readonly string[]): string {
  // A secret inside JSON is escaped.
  const spellings = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return spellings.reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), answer);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: string; message?: string } | undefined) : undefined;
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
