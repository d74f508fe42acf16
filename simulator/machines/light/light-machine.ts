/** One light machine: its power states, one change at a time, and its disk. */
import { messageOf } from "../../../sdk/message";
import type { Machine, MachineSpec, MachineState } from "../machine";
import type { Disk } from "./disk";
import { plainRole, type Role } from "./role";

export class LightMachine implements Machine {
  #state: MachineState = "stopped";
  #role: Role = plainRole;
  #changes: Promise<void> = Promise.resolve();

  constructor(
    readonly spec: MachineSpec,
    private readonly disk: Disk,
    private readonly makeRole: () => Role,
    private readonly erased: () => void,
  ) {}

  get state(): MachineState {
    return this.#state;
  }

  get isControlPlane(): boolean {
    return this.#role.isControlPlane;
  }

  start(): Promise<void> {
    return this.#change(async () => {
      if (this.#state === "running") return;
      this.#state = "booting";
      this.disk.note("machine: power on");
      try {
        this.#role = this.makeRole();
        await this.#role.start();
        this.#state = "running";
      } catch (error) {
        await this.#role.cut();
        this.#off("failed");
        this.disk.note(`machine: cannot boot: ${messageOf(error)}`);
        throw error;
      }
    });
  }

  stop(): Promise<void> {
    return this.#turnOff("machine: shutting down", (role) => role.stop());
  }

  powerCut(): Promise<void> {
    return this.#turnOff("machine: power lost", (role) => role.cut());
  }

  /** Part of the simulator's own end. */
  close(): Promise<void> {
    return this.#turnOff("machine: the simulator stops", (role) => role.close());
  }

  terminate(): Promise<void> {
    return this.#change(async () => {
      await this.#role.cut();
      this.#off("stopped");
      await this.disk.erase();
      this.erased();
    });
  }

  console(): Promise<string> {
    return this.disk.console();
  }

  #turnOff(message: string, end: (role: Role) => Promise<void>): Promise<void> {
    return this.#change(async () => {
      if (this.#state !== "running") return;
      this.disk.note(message);
      await end(this.#role);
      this.#off("stopped");
    });
  }

  #off(state: "stopped" | "failed"): void {
    this.#role = plainRole;
    this.#state = state;
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changes.then(work);
    this.#changes = change.catch(() => undefined);
    return change;
  }
}
