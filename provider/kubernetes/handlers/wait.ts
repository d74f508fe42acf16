/** Waiting for a cluster: quick at first, then patient; always with an end. */
import { setTimeout as delay } from "node:timers/promises";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../../sdk/message";
import type { ResourceContext, ResourceLog } from "../../server/resource";
import { KubernetesApiError, type KubernetesApi } from "../api";
import { ClusterAway, isUnanswered, mayForget } from "../away";
import { kubernetesApi } from "../client";

/** A pause is an eighth of the time waited so far, within these limits: nobody waits much longer than was needed. */
const shortestPauseMs = 100;
const longestPauseMs = 5_000;
const defaultHopelessEveryMs = 15_000;
/** How long an API server may be away, in a restart or behind a network that stutters. */
const longestAbsenceMs = 120_000;
/** The same where the user has said that it is gone for good: a destroy waits for one thing after the other. */
const longestAbsenceOfLostMs = 10_000;
/** A token that was made just now is known by then, and so is whom to ask for tokens after a restart. */
const longestRefusalMs = 20_000;
/** So that one request takes no more than a part of any wait. */
const requestTimeoutMs = 10_000;

export interface Wait {
  /** For the progress message: `the API server at https://10.0.0.2:6443`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Pick<ResourceLog, "status">;
  /** Said when the time is over. `reason` is what the last attempt gave. */
  timedOut(reason: string, seconds: number): Error | Promise<Error>;
  /** Asked now and then: an error when waiting longer is of no use. */
  hopeless?(reason: string): Promise<Error | undefined>;
  /** @default 15000 */
  readonly hopelessEveryMs?: number;
}

/** Still to wait, because of this. An error means the same. */
export class NotYet {
  constructor(readonly reason: string) {}
}

/** An API server does not take a token: waiting makes no other of it. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
}

/**
 * For attempts at one API server, that end a wait with `TokenRefused` once it has refused the kubeconfig's token for 20 seconds. Certificates are waited
 * for: a machine takes them once its clock is right.
 */
export function unlessRefused<T>(kubeconfig: string, attempt: () => Promise<T>): () => Promise<T> {
  const { credentials, endpoint } = parseKubeconfig(kubeconfig);
  if (credentials.kind !== "token") return attempt;
  let since: number | undefined;
  return async () => {
    try {
      const result = await attempt();
      since = undefined;
      return result;
    } catch (error) {
      const isRefused = error instanceof KubernetesApiError && error.statusCode === 401;
      since = isRefused ? (since ?? Date.now()) : undefined;
      if (since === undefined || Date.now() - since < longestRefusalMs) throw error;
      throw new TokenRefused(
        `the API server at ${endpoint} does not take the token in the kubeconfig: it has ended, was taken back, or is another cluster's (${messageOf(error)})`,
        { cause: error },
      );
    }
  };
}

/** Tries until it gets something else than `NotYet` or an error. Rejects with the signal's reason, with `TokenRefused`, or with `timedOut`. */
export async function waitFor<T>(attempt: () => Promise<T | NotYet>, wait: Wait): Promise<T> {
  const started = Date.now();
  let asked = started;
  for (;;) {
    wait.signal.throwIfAborted();
    const result = await attempt().catch((error: unknown) => {
      wait.signal.throwIfAborted();
      if (error instanceof TokenRefused) throw error;
      return new NotYet(messageOf(error));
    });
    if (!(result instanceof NotYet)) return result;
    const elapsedMs = Date.now() - started;
    const pauseMs = Math.min(Math.max(elapsedMs / 8, shortestPauseMs), longestPauseMs);
    if (elapsedMs + pauseMs > wait.timeoutMs)
      throw await wait.timedOut(result.reason, Math.round(wait.timeoutMs / 1000));
    if (wait.hopeless !== undefined && Date.now() - asked >= (wait.hopelessEveryMs ?? defaultHopelessEveryMs)) {
      asked = Date.now();
      const error = await wait.hopeless(result.reason);
      if (error !== undefined) throw error;
    }
    wait.log.status(`waiting for ${wait.what} (${Math.round(elapsedMs / 1000)} s): ${result.reason}`);
    await delay(pauseMs, undefined, { signal: wait.signal });
  }
}

interface Asked {
  /** Who is asked: the beginning of the error when nobody answers. */
  readonly subject: string;
  /** Of the API server that is asked. */
  readonly endpoint: string;
}

/** Whether an API server answers, over some time. */
export class Attention {
  #answered = Date.now();
  #last: unknown;

  constructor(private readonly asked: Asked) {}

  answered(): void {
    this.#answered = Date.now();
    this.#last = undefined;
  }

  failed(error: unknown): void {
    this.#last = error;
    if (!isUnanswered(error)) this.#answered = Date.now();
  }

  /** Once it has not answered for too long. */
  get lost(): ClusterAway | undefined {
    const isLost = mayForget();
    const patienceMs = isLost ? longestAbsenceOfLostMs : longestAbsenceMs;
    return isUnanswered(this.#last) && Date.now() - this.#answered > patienceMs
      ? this.#away(isLost ? "10 s" : "two minutes")
      : undefined;
  }

  /** Where it did not answer the last time. */
  get away(): ClusterAway | undefined {
    const seconds = Math.round((Date.now() - this.#answered) / 1000);
    return isUnanswered(this.#last) ? this.#away(`${seconds} s`) : undefined;
  }

  #away(time: string): ClusterAway {
    const { subject, endpoint } = this.asked;
    return new ClusterAway(
      `${subject} cannot be asked: its API server at ${endpoint} has not answered this computer for ${time}: ${messageOf(this.#last)}`,
    );
  }
}

export interface AnsweredWait extends Wait, Pick<Asked, "subject"> {
  /** Of the API server that is asked. */
  readonly kubeconfig: string;
}

/** The same, for attempts at one API server: rejects with `ClusterAway` once that has not answered for two minutes, with an error that an attempt gives at once. */
export async function waitForAnswer<T>(
  attempt: (api: KubernetesApi) => Promise<T | NotYet | Error>,
  { subject, kubeconfig, ...wait }: AnsweredWait,
): Promise<T> {
  const attention = new Attention({ subject, endpoint: parseKubeconfig(kubeconfig).endpoint });
  const api = kubernetesApi(kubeconfig, { timeoutMs: requestTimeoutMs });
  const taken = unlessRefused(kubeconfig, () => attempt(api));
  const asked = async (): Promise<{ result: T | Error } | NotYet> => {
    try {
      const result = await taken();
      attention.answered();
      return result instanceof NotYet ? result : { result };
    } catch (failure) {
      wait.signal.throwIfAborted();
      attention.failed(failure);
      if (attention.lost !== undefined) return { result: attention.lost };
      throw failure;
    }
  };
  const { result } = await waitFor(asked, {
    ...wait,
    timedOut: (reason, seconds) => attention.away ?? wait.timedOut(reason, seconds),
  });
  if (result instanceof Error) throw result;
  return result;
}

/** For what a destroy does in a cluster: one that is lost must not keep its machines in the account. @param unknown what cannot be told then, and what to do */
export async function unlessLost(
  work: Promise<unknown>,
  unknown: string,
  { signal, log }: Pick<ResourceContext, "signal" | "log">,
): Promise<void> {
  try {
    await work;
  } catch (failure) {
    signal.throwIfAborted();
    log.warn(`${messageOf(failure)}. ${unknown}`);
  }
}
