/** What the simulator's server knows of a cloud. */
import type { MachineSpec } from "./machines/machine";

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

export type CloudName = "cudo" | "mithril";

export interface Cloud {
  readonly name: CloudName;
  /** The operation's name in the cloud's own reference; `undefined` for what it does not have. */
  operationOf(method: string, path: string): string | undefined;
  /** Does what is asked at this time, and all that was due before. */
  answer(request: CloudRequest, now: number): CloudAnswer;
  /** Lets time pass. */
  advance(now: number): void;
  nextDue(): number | undefined;
  /** All machines that the cloud has, by id. */
  machines(): ReadonlyMap<string, WantedMachine>;
  /** How many machines it has or has promised. */
  places(): number;
  /** A machine that it wanted to be on, told by its `uid`, cannot be. */
  refused?(uid: string, problem: string): void;
  /** Ids of the file shares that it has. */
  shares?(): readonly string[];
  /** What exists, without secrets. */
  summary(now: number): object;
  /** Removes everything but keys and the project. */
  reset(): void;
}
