/** Simulated Mithril over HTTP, for tests of the client and of what stands on it. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createMithrilClient } from "../../../provider/mithril/client";
import type { MithrilApi } from "../../../provider/mithril/api";
import { Faults, type Fault } from "../../../simulator/faults";
import { MithrilCloud } from "../../../simulator/mithril/cloud";
import { emptyMithril, firstMithrilProject, type MithrilState } from "../../../simulator/mithril/model";
import { problemsOf, type Exchange } from "./api-description";
import { defaultMithrilTiming, scaledMithril, type MithrilTiming } from "../../../simulator/mithril/timing";

export const fastBackoff = { retries: 3, firstMs: 1, factor: 1, longestMs: 2 };
export const projectId = firstMithrilProject;
const apiKey = "fkey_test";

export interface SeenRequest extends Exchange {
  operation: string | undefined;
  /** A fault changed its answer. */
  faulty: boolean;
}

export class TestMithril {
  readonly requests: SeenRequest[] = [];
  /** The cloud's time, in milliseconds since 1970. */
  clock = (): number => Date.now();
  /** How many more machines there may be. */
  room = Number.POSITIVE_INFINITY;
  private readonly faults = new Faults();
  readonly cloud: MithrilCloud;

  private constructor(
    state: MithrilState,
    delays: MithrilTiming,
    private readonly server: ReturnType<typeof createServer>,
  ) {
    const room = () => ({ free: this.room, bound: "this computer carries no more" });
    this.cloud = new MithrilCloud(state, delays, false, room);
  }

  static async start(timing: Partial<MithrilTiming> = {}): Promise<TestMithril> {
    const state = { ...emptyMithril({ seed: "test", addressCursor: 0, now: Date.now() }), apiKey };
    const delays = { ...scaledMithril(defaultMithrilTiming, 0), ...timing };
    const server = createServer();
    const test = new TestMithril(state, delays, server);
    server.on("request", (request, response) => void test.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return test;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get config() {
    return { mithril: { apiKey, projectId, baseUrl: this.baseUrl } };
  }

  api(options: { apiKey?: string; timeoutMs?: number } = {}): MithrilApi {
    return createMithrilClient({ apiKey, projectId, baseUrl: this.baseUrl, backoff: fastBackoff, ...options });
  }

  inject(operation: string, fault: Pick<Fault, "effect" | "outcome"> & { nth?: number; times?: number }): void {
    this.faults.add({ cloud: "mithril", match: { operation }, ...fault });
  }

  clearFaults(): void {
    this.faults.clear();
  }

  /** From now on the cloud's time passes only when it is told to: states that pass by themselves can be looked at. */
  stopClock(): (ms: number) => void {
    let now = this.clock();
    this.clock = () => now;
    return (ms) => (now += ms);
  }

  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  /** Also holds all that passed, and was not refused, against Mithril's description of its API. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    const accepted = this.requests.filter(({ status, faulty }) => status >= 200 && status < 300 && !faulty);
    assert.deepEqual([...new Set(accepted.flatMap(problemsOf))], []);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url!, this.baseUrl);
    const method = request.method!;
    const operation = this.cloud.operationOf(method, url.pathname);
    const fault = this.faults.take({ cloud: "mithril", method, path: url.pathname, operation });
    const outcome = fault?.outcome;
    const seen = {
      operation,
      method,
      path: url.pathname,
      query: url.searchParams,
      body,
      status: 0,
      answer: "",
      faulty: outcome !== undefined,
    };
    this.requests.push(seen);
    const real = () =>
      this.cloud.answer(
        {
          method,
          path: url.pathname,
          query: url.searchParams,
          authorization: request.headers.authorization ?? "",
          body,
        },
        this.clock(),
      );
    const answer = fault === undefined || fault.effect === "after" ? real() : undefined;
    if (outcome === "dropConnection") {
      request.socket.destroy();
      return;
    }
    if (outcome && "status" in outcome) {
      seen.status = outcome.status;
      const text = typeof outcome.body === "string" ? outcome.body : JSON.stringify(outcome.body ?? {});
      response.writeHead(outcome.status, { "content-type": "application/json", ...outcome.headers }).end(text);
      return;
    }
    if (outcome) await delay(outcome.delayMs, undefined, { ref: false });
    const sent = answer ?? real();
    Object.assign(seen, { status: sent.status, answer: sent.body });
    response.writeHead(sent.status, { "content-type": sent.contentType, ...sent.headers }).end(sent.body);
  }
}

export const signal = (): AbortSignal => AbortSignal.timeout(60_000);

/** For drivers that nobody asks what a node will be. */
export const noTemplate = (): Promise<never> => Promise.reject(new Error("no template in this test"));

/** A valid public key, different for each number. */
export function publicKey(ordinal = 1): string {
  const type = Buffer.from("ssh-ed25519");
  const key = Buffer.alloc(32, ordinal);
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(type), field(key)]).toString("base64")} test-${ordinal}`;
}
