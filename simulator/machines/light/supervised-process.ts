/** One long-running process of a machine, kept alive as systemd would. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../../sdk/message";
import { identifyProcess } from "./process-identity";

export interface Service {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs before each start of the process, also before a restart. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
}

export interface ServiceSurroundings {
  /** Where `<name>.pid` files lie while a process lives. */
  readonly pidDirectory: string;
  readonly logDirectory: string;
  readonly note: (message: string) => void;
}

const firstRestartMs = 250;
const longestRestartMs = 10_000;
/** A process that lived this long was healthy: its next restart is quick again. */
const healthyMs = 30_000;

export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();

  constructor(
    readonly service: Service,
    private readonly surroundings: ServiceSurroundings,
  ) {
    mkdirSync(surroundings.pidDirectory, { recursive: true });
    mkdirSync(surroundings.logDirectory, { recursive: true });
  }

  /** Starts it and keeps restarting it until `stop` or `kill`. */
  start(): void {
    this.#exited = this.#keepAlive();
  }

  /** SIGTERM, then SIGKILL to whatever is left after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#ending.abort();
    this.#signal("SIGTERM");
    const done = new AbortController();
    const late = delay(graceMs, undefined, { signal: done.signal }).then(
      () => this.#signal("SIGKILL"),
      () => undefined,
    );
    await this.#exited;
    done.abort();
    await late;
  }

  async kill(): Promise<void> {
    this.#ending.abort();
    this.#signal("SIGKILL");
    await this.#exited;
  }

  /** The process itself, while it lives. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async #keepAlive(): Promise<void> {
    const { name } = this.service;
    const ending = this.#ending.signal;
    let pauseMs = firstRestartMs;
    while (!ending.aborted) {
      const startedAt = Date.now();
      let reason: string;
      try {
        await this.service.prepare?.(ending);
        if (ending.aborted) return;
        reason = await this.#run();
      } catch (error) {
        reason = messageOf(error);
      }
      if (ending.aborted) return;
      if (Date.now() - startedAt > healthyMs) pauseMs = firstRestartMs;
      this.surroundings.note(`${name}.service: main process exited, ${reason}; restarting in ${pauseMs} ms`);
      await delay(pauseMs, undefined, { signal: ending }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestRestartMs);
    }
  }

  /** Resolves when the process has ended, with how it ended. */
  #run(): Promise<string> {
    const { name, command, args, environment } = this.service;
    const pidFile = join(this.surroundings.pidDirectory, `${name}.pid`);
    const log = openSync(join(this.surroundings.logDirectory, `${name}.log`), "a", 0o600);
    const child = spawn(command, args, {
      // A group of its own: Ctrl-C in the simulator's terminal must not stop components out of order.
      detached: true,
      stdio: ["ignore", log, log],
      // No proxies: everything that a component speaks to is on this machine.
      env: { PATH: process.env["PATH"] ?? "", HOME: this.surroundings.pidDirectory, TZ: "UTC", ...environment },
    });
    closeSync(log);
    if (child.pid !== undefined) {
      const identity = identifyProcess(child.pid);
      if (identity !== undefined) writeFileSync(pidFile, JSON.stringify(identity), { mode: 0o600 });
    }
    this.#child = child;
    return new Promise((resolve) => {
      const ended = (reason: string) => {
        this.#child = undefined;
        rmSync(pidFile, { force: true });
        resolve(reason);
      };
      child.once("error", (error) => ended(error.message));
      child.once("exit", (code, signal) => ended(signal === null ? `status=${code}` : `signal=${signal}`));
    });
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
