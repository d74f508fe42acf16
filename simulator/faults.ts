/** Faults that tests and users inject into the traffic with a cloud. */

import type { ServedCloud } from "./clouds";

export interface FaultMatch {
  /** Default: any. */
  method?: string;
  /** Regular expression over the path below the cloud's prefix, with the query. Default: any. */
  path?: string;
  /** The operation's name in the cloud's reference, for example `CreateVM`. Default: any. */
  operation?: string;
}

/** An answer in place of the cloud's, no answer at all, or a late one. */
export type FaultOutcome =
  { status: number; body?: unknown; headers?: Record<string, string> } | "dropConnection" | { delayMs: number };

export interface Fault {
  cloud: ServedCloud;
  match: FaultMatch;
  /** Which matching request is hit first, counted from 1. Default 1. */
  nth?: number;
  /** How many matching requests are hit from there on. Default 1. */
  times?: number;
  /** `before`: the cloud never does it. `after`: the cloud does it, and the answer is lost or replaced. */
  effect: "before" | "after";
  outcome: FaultOutcome;
}

/** A fault with its bookkeeping. */
export interface FaultRecord extends Fault {
  readonly id: string;
  readonly matched: number;
  readonly fired: number;
}

export interface FaultSubject {
  readonly cloud: string;
  readonly method: string;
  readonly path: string;
  readonly operation: string | undefined;
}

export class Faults {
  private records: (Fault & { id: string; matched: number; fired: number })[] = [];
  private added = 0;

  add(fault: Fault): FaultRecord {
    this.added += 1;
    const record = { ...fault, id: `fault-${this.added}`, matched: 0, fired: 0 };
    this.records.push(record);
    return { ...record };
  }

  all(): FaultRecord[] {
    return this.records.map((record) => ({ ...record }));
  }

  clear(): void {
    this.records = [];
  }

  /** The fault that hits this request. Every matching fault counts it; the one that was added first acts. */
  take(subject: FaultSubject): FaultRecord | undefined {
    let acting: FaultRecord | undefined;
    for (const record of this.records) {
      if (!matches(record, subject)) continue;
      record.matched += 1;
      const first = record.nth ?? 1;
      const hit = record.matched >= first && record.matched < first + (record.times ?? 1);
      if (!hit || acting) continue;
      record.fired += 1;
      acting = { ...record };
    }
    return acting;
  }
}

function matches(fault: Fault, subject: FaultSubject): boolean {
  const { method, path, operation } = fault.match;
  return (
    fault.cloud === subject.cloud &&
    (method === undefined || method === subject.method) &&
    (operation === undefined || operation === subject.operation) &&
    (path === undefined || new RegExp(path).test(subject.path))
  );
}
