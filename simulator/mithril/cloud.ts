/** Mithril as the server sees it: requests in, answers out, machines wanted. */
import type { CloudApi, CloudAnswer, CloudRequest, WantedMachine } from "../cloud";
import { nextIdentifier } from "../identifiers";
import { endlessRoom, type Room } from "../room";
import type { MithrilConditions } from "./conditions";
import { MithrilError } from "./errors";
import { fileShares, wantedMachines } from "./machines";
import type { MithrilState, World } from "./model";
import { operations, type Operation } from "./operations";
import { summarise, type MithrilSummary } from "./summary";
import type { MithrilTiming } from "./timing";
import { advance, nextDue } from "./transitions";

const routes = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replace("{fid}", "(?<fid>[^/]+)")}$`),
}));

export class MithrilCloud implements CloudApi {
  conditions: MithrilConditions = {};

  constructor(
    readonly state: MithrilState,
    private readonly delays: MithrilTiming,
    /** Clusters have real control planes, which say themselves when they answer. */
    private readonly hosted = false,
    private readonly room: () => Room = () => endlessRoom,
  ) {}

  operationOf(method: string, path: string): string | undefined {
    return match(method, path)?.operation.name;
  }

  answer(request: CloudRequest, now: number): CloudAnswer & { headers: Record<string, string> } {
    this.advance(now);
    const headers = { "x-request-id": nextIdentifier(this.state.identifiers) };
    try {
      const { status, body } = this.run(request, now);
      return { status, contentType: "application/json", body: body === undefined ? "" : JSON.stringify(body), headers };
    } catch (error) {
      if (!(error instanceof MithrilError)) throw error;
      return {
        status: error.status,
        contentType: "application/json",
        body: JSON.stringify({ detail: error.detail }),
        headers,
      };
    }
  }

  advance(now: number): void {
    advance(this.world(now));
  }

  nextDue(): number | undefined {
    return nextDue(this.world(0));
  }

  machines(): ReadonlyMap<string, WantedMachine> {
    return wantedMachines(this.state);
  }

  /** A paused or preempted instance gives its place to others. */
  places(): number {
    const { clusters, instances } = this.state;
    const alive = Object.values(clusters).filter(({ deletedAt }) => deletedAt === undefined);
    return alive.length + Object.values(instances).filter(({ powered }) => powered).length;
  }

  shares(): readonly string[] {
    return fileShares(this.state);
  }

  summary(now: number): MithrilSummary {
    this.advance(now);
    return summarise(this.state);
  }

  reset(): void {
    const { sshKeys, volumes, clusters, bids, reservations, instances } = this.state;
    for (const objects of [sshKeys, volumes, clusters, bids, reservations, instances]) {
      for (const fid of Object.keys(objects)) delete objects[fid];
    }
    this.conditions = {};
  }

  private run(request: CloudRequest, now: number): { status: number; body: unknown } {
    const key = /^Bearer (\S+)$/.exec(request.authorization)?.[1];
    if (key !== this.state.apiKey) throw new MithrilError(401, "Invalid or missing API key");
    const found = match(request.method, request.path);
    if (!found) throw routingError(request.path);
    const { operation, fid } = found;
    const body = operation.body ? readBody(operation, request.body) : undefined;
    const param = (name: string) => request.query.get(name) ?? "";
    return { status: operation.status, body: operation.run({ world: this.world(now), fid, param, body }) };
  }

  private world(now: number): World {
    return {
      state: this.state,
      now,
      delays: this.delays,
      conditions: this.conditions,
      hosted: this.hosted,
      room: this.room,
    };
  }
}

function readBody(operation: Operation, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new MithrilError(422, [{ loc: ["body", 0], msg: "JSON decode error", type: "json_invalid" }]);
  }
  const problems = operation.body!.problems(body, ["body"]);
  if (problems.length > 0) throw new MithrilError(422, problems);
  return body;
}

function match(method: string, path: string): { operation: Operation; fid: string } | undefined {
  for (const { operation, pattern } of routes) {
    const groups = operation.method === method ? pattern.exec(path) : null;
    if (groups) return { operation, fid: groups.groups?.["fid"] ?? "" };
  }
  return undefined;
}

/** FastAPI's own words: a reservation cannot be read by its fid, for one. */
function routingError(path: string): MithrilError {
  const known = routes.some(({ pattern }) => pattern.test(path));
  return known ? new MithrilError(405, "Method Not Allowed") : new MithrilError(404, "Not Found");
}
