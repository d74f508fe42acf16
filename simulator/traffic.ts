/** The road between HTTP and a cloud: faults on the way there and back, and the log of all that passes. */
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CloudAnswer, CloudApi, CloudRequest } from "./cloud";
import type { FaultOutcome, Faults } from "./faults";
import type { RequestLog } from "./request-log";

export interface Traffic {
  /** The cloud's name. */
  readonly cloud: string;
  readonly api: CloudApi;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Does the request and everything that follows from it; resolves when it is safe on disk. */
  readonly answer: (request: CloudRequest) => Promise<CloudAnswer>;
}

/** Serves the cloud under `/<its name>`. */
export function serveCloud(server: FastifyInstance, traffic: Traffic): void {
  const prefix = `/${traffic.cloud}`;
  server.all(`${prefix}/*`, (request, reply) => pass(traffic, request, reply, request.url.slice(prefix.length)));
}

async function pass(
  traffic: Traffic,
  request: FastifyRequest,
  reply: FastifyReply,
  url: string,
): Promise<FastifyReply> {
  const { cloud, api, faults, requests } = traffic;
  const [path = "", query = ""] = url.split(/\?(.*)/s);
  const body = typeof request.body === "string" ? request.body : "";
  const { method } = request;
  const operation = api.operationOf(method, path);
  const fault = faults.take({ cloud, method, path: url, operation });
  const record = (status: number) =>
    requests.add({
      time: new Date().toISOString(),
      cloud,
      method,
      path: url,
      ...(operation !== undefined && { operation }),
      unknown: operation === undefined,
      status,
      ...(body !== "" && { bodyDigest: requests.digest(body) }),
      ...(fault && { fault: fault.id }),
    });
  const ask = () =>
    traffic.answer({
      method,
      path,
      query: new URLSearchParams(query),
      authorization: request.headers.authorization ?? "",
      body,
    });

  let answer: CloudAnswer | undefined;
  if (!fault || fault.effect === "after") answer = await ask();
  const outcome = fault?.outcome;
  if (outcome === "dropConnection") {
    record(0);
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }
  if (outcome && "status" in outcome) {
    record(outcome.status);
    return replaced(reply, outcome);
  }
  if (outcome) await delay(outcome.delayMs, undefined, { ref: false });
  answer ??= await ask();
  record(answer.status);
  return reply
    .status(answer.status)
    .header("content-type", answer.contentType)
    .headers(answer.headers ?? {})
    .send(answer.body);
}

function replaced(reply: FastifyReply, outcome: Extract<FaultOutcome, { status: number }>): FastifyReply {
  const text = typeof outcome.body === "string" ? outcome.body : JSON.stringify(outcome.body ?? {});
  const contentType = typeof outcome.body === "string" ? "text/html" : "application/json";
  return reply
    .status(outcome.status)
    .header("content-type", contentType)
    .headers(outcome.headers ?? {})
    .send(text);
}
