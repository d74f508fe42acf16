/** Machines that only write down what is done to them. */
import type { Machine, MachineKind, MachineSpec, MachineState } from "../../simulator/machines/machine";

export class RecordedMachines implements MachineKind {
  readonly name = "light";
  readonly events: string[] = [];
  readonly specs = new Map<string, MachineSpec>();
  /** Thrown by the next action of this name. */
  failing = new Map<string, Error>();
  /** Actions that never work. */
  readonly broken = new Set<string>();
  /** As many machines as there may be. */
  most = Number.POSITIVE_INFINITY;
  /** Actions wait for this. */
  gate: Promise<void> = Promise.resolve();
  private waiting: (() => void)[] = [];

  machine(spec: MachineSpec): Machine {
    this.specs.set(spec.id, spec);
    let state: MachineState = "stopped";
    const act = async (action: string, next: MachineState) => {
      await this.gate;
      const error = this.failing.get(action);
      this.failing.delete(action);
      if (error || this.broken.has(action)) {
        if (action === "start") state = "failed";
        this.happened(`${action} ${spec.name}`);
        throw error ?? new Error(`${action} is broken`);
      }
      state = next;
      this.happened(`${action} ${spec.name}`);
    };
    return {
      spec,
      get state() {
        return state;
      },
      start: () => act("start", "running"),
      stop: () => act("stop", "stopped"),
      powerCut: () => act("cut", "stopped"),
      terminate: () => act("terminate", "stopped"),
      console: () => Promise.resolve(`console of ${spec.name}`),
    };
  }

  /** Resolves when this has happened so many times. */
  async until(event: string, times = 1): Promise<void> {
    while (this.events.filter((past) => past === event).length < times) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private happened(event: string): void {
    this.events.push(event);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  capacity() {
    return { most: this.most, bound: "this computer carries no more" };
  }

  sweep(): Promise<void> {
    this.happened("sweep");
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.happened("close");
    return Promise.resolve();
  }
}
