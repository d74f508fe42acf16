/** A proxy before a simulated cloud that can cut off one request: before it, after it, or with its answer. */
import type { Server } from "node:net";
import type { AddressInfo } from "node:net";

/**
 * - `unsent`: the cloud never sees the request.
 * - `unanswered`: the cloud does what is asked, and nobody hears of it.
 * - `answered`: the answer comes as well.
 */
export const moments = ["unsent", "unanswered", "answered"] as const;
export type Moment = (typeof moments)[number];

export interface Trap {
  readonly at: number;
  readonly moment: Moment;
  act(): void | Promise<void>;
}

export abstract class Gate {
  private seen = 0;
  private trap: Trap | undefined;
  private struck = false;

  protected constructor(
    protected readonly target: URL,
    private readonly listening: Server,
  ) {}

  get url(): string {
    const { port } = this.listening.address() as AddressInfo;
    return `${this.target.protocol}//127.0.0.1:${port}${this.target.pathname.replace(/\/$/, "")}`;
  }

  /** Requests since it was armed, or opened. */
  get requests(): number {
    return this.seen;
  }

  /** The `at`-th request from now on, from 1. */
  arm(at: number, moment: Moment, act: () => void | Promise<void>): void {
    [this.seen, this.struck, this.trap] = [0, false, { at, moment, act }];
  }

  /** Whether the request came. */
  disarm(): boolean {
    this.trap = undefined;
    return this.struck;
  }

  abstract close(): Promise<void>;

  /** Counts a request; the trap where it is the one. */
  protected strike(): Trap | undefined {
    const trap = ++this.seen === this.trap?.at ? this.trap : undefined;
    if (trap) this.struck = true;
    return trap;
  }
}
