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
  /** Actions wait for this. */
  gate: Promise<void> = Promise.resolve();

  machine(spec: MachineSpec): Machine {
    this.specs.set(spec.id, spec);
    let state: MachineState = "stopped";
    const act = async (action: string, next: MachineState) => {
      await this.gate;
      this.events.push(`${action} ${spec.name}`);
      const error = this.failing.get(action);
      this.failing.delete(action);
      if (error) throw error;
      if (this.broken.has(action)) throw new Error(`${action} is broken`);
      state = next;
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

  sweep(): Promise<void> {
    this.events.push("sweep");
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.events.push("close");
    return Promise.resolve();
  }
}
