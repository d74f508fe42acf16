/** What the simulator knows of a cloud. `clouds.ts` lists them. */
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { MachineKind, MachineSpec } from "./machines/machine";
import type { Room } from "./room";

export interface CloudRequest {
  readonly method: string;
  /** Below the cloud's own prefix, undecoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  readonly body: string;
}

export interface CloudAnswer {
  readonly status: number;
  readonly contentType: "application/json" | "text/html";
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A machine as its cloud wants it. */
export interface WantedMachine {
  readonly spec: MachineSpec;
  /** Differs between machines that had the same id one after the other. */
  readonly uid: string;
  readonly powered: boolean;
  /** Grows with every power-on and reboot. */
  readonly boots: number;
}

/** An API that the simulator's own server answers, under `/<the cloud's name>`. */
export interface CloudApi {
  /** The operation's name in the cloud's own reference; `undefined` for what it does not have. */
  operationOf(method: string, path: string): string | undefined;
  /** Does what is asked at this time, and all that was due before. */
  answer(request: CloudRequest, now: number): CloudAnswer;
  /** Lets time pass. */
  advance(now: number): void;
  nextDue(): number | undefined;
}

/** Troubles that can be switched on through `/_simulator/faults` until the faults are cleared. */
export interface Conditions<C extends object = object> {
  current(): C;
  set(conditions: C): void;
  /** What is wrong with conditions that somebody sent; undefined: nothing. */
  problem(sent: unknown): string | undefined;
}

/** A cloud's part of the state file. */
export interface StoredPart {
  readonly value: unknown;
  /** Files that must be there before the state that names them is, and those that may go after it. */
  readonly files?: { add(): Promise<void>; prune(): Promise<void> };
}

/** A cloud of a running simulator. */
export interface SimulatedCloud<Access = unknown, C extends object = object, Contents = unknown> {
  readonly api?: CloudApi;
  readonly conditions?: Conditions<C>;
  /** What a client needs. `url`: the simulator's. */
  access(url: string): Access;
  /** For people: what leads the cloud's own tools here, as lines for a shell. */
  shellLines(url: string): string[];
  /** All machines that the cloud has, by id: each begins with its name and a slash. */
  machines(): ReadonlyMap<string, WantedMachine>;
  /** How many machines it has or has promised. */
  places(): number;
  /** A machine that it wanted to be on, told by its `uid`, cannot be. */
  refused(uid: string, problem: string): void;
  /** Ids of the file shares that it has. */
  shares?(): readonly string[];
  /** Does what follows from a change besides machines. Returns at once. */
  follow?(): void;
  /** Resolves when `machines` says what its API shows, where it learns of it later. */
  caughtUp?(): Promise<void>;
  /** What exists, without secrets; undefined where the cloud was never asked for. */
  contents(): Promise<Contents>;
  /** What is kept over a restart; without it, its machines are nobody's when the simulator ends. */
  stored?(): StoredPart;
  /** Administration of its own, below `base`. */
  serve?(server: FastifyInstance, base: string): void;
  /** Removes everything but keys and projects, and ends its conditions. */
  reset(): Promise<void>;
  /** Safe to call again. */
  close(): Promise<void>;
}

/** What the simulator is to a cloud. */
export interface Surroundings {
  /** The part that an earlier run stored; undefined: the cloud is new. */
  readonly stored: unknown;
  readonly stateDir: string;
  /** For what a new cloud makes up. */
  readonly seed: string;
  /** Where in the machines' range a new cloud begins: clouds, and simulators of several state directories, seldom collide. */
  readonly firstAddress: number;
  /** How its machines are made; undefined: they are records only. */
  readonly machines: MachineKind | undefined;
  /** What is left for machines of all clouds. */
  room(): Room;
  /** What a machine, told by its `uid`, wrote on its console. */
  consoleOf(uid: string): Promise<string | undefined>;
  /** Time has passed or a machine may be wanted: machines follow. */
  changed(): void;
  readonly log: Logger;
}
