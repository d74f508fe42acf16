/** The receiver of `POST <baseUrl>/deploy`, and how long it is tried. */
import { ApiError, type ApiErrorInit } from "../cloud/api-error";
import { createTransport, type TransportErrors } from "../cloud/http";
import { plainWords, retryAfter } from "../cloud/refusal";
import { sleep, type Pace } from "../cloud/wait";
import type { Login } from "../keycloak/login";

/** `busy`: it is at it already. */
type Kind = "busy" | "unauthenticated" | "refused" | "rateLimit" | "unavailable";

class DeployerError extends ApiError<Kind> {
  override readonly name = "DeployerError";

  constructor(init: ApiErrorInit<Kind>, options?: ErrorOptions) {
    const status = init.httpStatus === undefined ? "no answer" : `HTTP ${init.httpStatus}`;
    super(`${init.cloudMessage.replace(/\.$/, "")} (${init.request}: ${status})`, init, options);
  }
}

const errors: TransportErrors = {
  unavailable: (failure, options) => new DeployerError({ ...failure, kind: "unavailable" }, options),
  refusal: (request, httpStatus, headers, body) =>
    new DeployerError({
      request,
      httpStatus,
      cloudMessage: plainWords(body) || `HTTP ${httpStatus}`,
      retryAfter: retryAfter(headers),
      kind: kindOf(httpStatus),
    }),
};

function kindOf(status: number): Kind {
  if (status === 409) return "busy";
  if (status === 401) return "unauthenticated";
  if (status === 429) return "rateLimit";
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "refused";
}

/** Its own retries are ours: they go by the clock. */
const once = { retries: 0, firstMs: 0, factor: 1, longestMs: 0 };
const answerMs = 30_000;

export interface Message {
  baseUrl: string;
  id: string;
  settings: Record<string, unknown>;
  /** Texts that no error may show. */
  secrets: readonly string[];
}

export interface Patience {
  /** Of all tries. */
  ms: number;
  signal: AbortSignal;
  pace: Pace;
  /** Told before each pause. */
  waiting(reason: string): void;
}

/** Sends it until it is taken. Rejects with the receiver's last words where it refuses, or when the time is up. */
export async function deliver(
  message: Message,
  login: Login,
  { ms, signal, pace, waiting }: Patience,
): Promise<"accepted" | "already-running"> {
  const until = Date.now() + ms;
  let renewed = false;
  for (let pause = pace.firstMs; ; pause = Math.min(pause * pace.factor, pace.longestMs)) {
    try {
      return await post(message, await login.token(signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DeployerError)) throw error;
      if (error.kind === "busy") return "already-running";
      if (error.kind === "unauthenticated" && !renewed) {
        renewed = true;
        login.forget();
        continue;
      }
      const passes = error.kind === "unavailable" || error.kind === "rateLimit";
      const next = Math.max(pause * (0.5 + Math.random()), error.retryAfter ?? 0);
      if (!passes || Date.now() + next > until) throw error;
      waiting(error.message);
      await sleep(next, signal);
    }
  }
}

async function post({ baseUrl, id, settings, secrets }: Message, token: string, signal: AbortSignal) {
  const transport = createTransport({ baseUrl, apiKey: token, backoff: once, timeoutMs: answerMs, errors });
  const headers = { "idempotency-key": id };
  // What it answers to a message that it took is of no interest, and need not be JSON.
  await transport("POST", "/deploy", signal, { body: { settings }, headers, safety: "once", secrets }).catch(
    (error: unknown) => {
      const taken = error instanceof DeployerError && error.httpStatus !== undefined && error.httpStatus < 300;
      if (!taken) throw error;
    },
  );
  return "accepted" as const;
}
