/** What was asked of the clouds. Never holds credentials or contents of bodies. */
import { createHmac, randomBytes } from "node:crypto";

export interface RequestRecord {
  /** RFC 3339. */
  readonly time: string;
  readonly cloud: string;
  readonly method: string;
  /** Below the cloud's prefix, with the query. */
  readonly path: string;
  /** The operation's name in the cloud's reference; absent for an unknown one. */
  readonly operation?: string;
  /** True when the cloud has no such operation. */
  readonly unknown: boolean;
  /** HTTP status that was answered; 0 when the connection was dropped. */
  readonly status: number;
  /** Equal bodies have equal digests within one run of the simulator; absent without a body. */
  readonly bodyDigest?: string;
  /** Id of the fault that changed this request's fate. */
  readonly fault?: string;
}

/** Kept in memory; the oldest go first. */
const mostRecords = 20_000;

export class RequestLog {
  private records: RequestRecord[] = [];
  // Keyed, so that a short secret in a body cannot be found by trying.
  private readonly key = randomBytes(32);

  add(record: RequestRecord): void {
    this.records.push(record);
    if (this.records.length > mostRecords) this.records.splice(0, this.records.length - mostRecords);
  }

  digest(body: string): string | undefined {
    return body === "" ? undefined : createHmac("sha256", this.key).update(body).digest("hex").slice(0, 32);
  }

  all(): readonly RequestRecord[] {
    return this.records;
  }

  clear(): void {
    this.records = [];
  }
}
