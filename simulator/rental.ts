/** Keeps real machines as the clouds want them: one queue of work per machine, retried when a later change of the cloud asks again. */
import type { Logger } from "pino";
import { messageOf } from "../sdk/message";
import type { WantedMachine } from "./cloud";
import type { Machine, MachineKind, MachineSpec, MachineState } from "./machines/machine";

interface Rented {
  machine: Machine;
  uid: string;
  powered: boolean;
  boots: number;
  /** Why the last change did not work. */
  problem?: string;
}

/** A machine as it is, for people. */
export interface MachineSummary {
  id: string;
  name: string;
  address: string;
  vcpus: number;
  memoryGib: number;
  gpus: number;
  state: MachineState;
  problem?: string;
}

export class Rental {
  private readonly rented = new Map<string, Rented>();
  private readonly working = new Map<string, Promise<void>>();
  /** Machines that the cloud changed again while they were being changed. */
  private readonly again = new Set<string>();
  private wanted: ReadonlyMap<string, WantedMachine> = new Map();
  private closing = false;

  constructor(
    private readonly kind: MachineKind | undefined,
    private readonly log: Logger,
    /** A machine that is to be on cannot be. */
    private readonly refused: (machine: { id: string; uid: string }, problem: string) => void = () => undefined,
  ) {}

  /** Takes over what an earlier run left: `orphans` are machines whose VM is gone already. */
  async adopt(orphans: readonly MachineSpec[]): Promise<void> {
    await this.kind?.sweep();
    for (const spec of orphans)
      if (this.kind) this.rented.set(spec.id, { machine: this.kind.machine(spec), uid: "", powered: false, boots: 0 });
  }

  /** Begins to make the machines what the clouds want. Returns at once. */
  reconcile(wanted: ReadonlyMap<string, WantedMachine>): void {
    if (!this.kind || this.closing) return;
    this.wanted = wanted;
    for (const id of new Set([...wanted.keys(), ...this.rented.keys()])) {
      if (this.working.has(id)) this.again.add(id);
      else if (!this.isAsWanted(id)) this.begin(this.kind, id);
    }
  }

  /** Machines that still exist although their VM is gone: to be remembered until they are terminated. */
  orphans(): MachineSpec[] {
    return [...this.rented]
      .filter(([id, rented]) => this.wanted.get(id)?.uid !== rented.uid)
      .map(([, rented]) => rented.machine.spec);
  }

  list(): MachineSummary[] {
    return [...this.rented.values()].map(({ machine, problem }) => ({
      id: machine.spec.id,
      name: machine.spec.name,
      address: machine.spec.address,
      vcpus: machine.spec.vcpus,
      memoryGib: machine.spec.memoryGib,
      gpus: machine.spec.gpus?.count ?? 0,
      state: machine.state,
      ...(problem !== undefined && { problem }),
    }));
  }

  find(id: string): Machine | undefined {
    return this.rented.get(id)?.machine;
  }

  /** What the machine of this VM or instance wrote on its console; undefined: there is none. */
  async consoleOf(wanted: string): Promise<string | undefined> {
    return [...this.rented.values()].find(({ uid }) => uid === wanted)?.machine.console();
  }

  /** Resolves when no machine is being changed. */
  async settled(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working.values());
  }

  /** Resolves when no machine is left whose VM is gone, or what is left cannot be terminated now. */
  async orphansGone(): Promise<void> {
    for (;;) {
      const work = this.orphans().flatMap((spec) => this.working.get(spec.id) ?? []);
      if (work.length === 0) return;
      await Promise.all(work);
    }
  }

  /** Lets the work in hand end, then stops all machines in order. */
  async close(): Promise<void> {
    this.closing = true;
    await this.settled();
    await this.kind?.close();
  }

  private isAsWanted(id: string): boolean {
    const wanted = this.wanted.get(id);
    const rented = this.rented.get(id);
    if (!wanted || !rented) return wanted === rented;
    return (
      wanted.uid === rented.uid &&
      wanted.powered === rented.powered &&
      (!wanted.powered || wanted.boots === rented.boots)
    );
  }

  private begin(kind: MachineKind, id: string): void {
    const work = this.bring(kind, id).then(() => {
      this.working.delete(id);
      if (this.again.delete(id) && !this.closing && !this.isAsWanted(id)) this.begin(kind, id);
    });
    this.working.set(id, work);
  }

  /** One step after the other until the machine is as wanted. A step that fails is not tried again until the next `reconcile`. */
  private async bring(kind: MachineKind, id: string): Promise<void> {
    try {
      while (!this.closing && !this.isAsWanted(id)) await this.step(kind, id);
    } catch (error) {
      const problem = messageOf(error);
      const rented = this.rented.get(id);
      if (rented) rented.problem = problem;
      this.log.error({ machine: id, problem }, "machine cannot be changed");
      if (rented?.powered && rented.machine.state === "failed") this.refused({ id, uid: rented.uid }, problem);
    }
  }

  private async step(kind: MachineKind, id: string): Promise<void> {
    const wanted = this.wanted.get(id);
    const rented = this.rented.get(id);
    if (rented && rented.uid !== wanted?.uid) {
      await rented.machine.terminate();
      this.rented.delete(id);
      this.log.info({ machine: id }, "machine terminated");
    } else if (wanted && !rented) {
      this.rented.set(id, { machine: kind.machine(wanted.spec), uid: wanted.uid, powered: false, boots: 0 });
    } else if (wanted && rented) {
      await this.power(rented, wanted);
      this.log.info({ machine: id, powered: wanted.powered }, "machine changed");
    }
  }

  /** Notes the change before it is tried: a machine that cannot start stays off until the cloud asks for another boot. */
  private async power(rented: Rented, wanted: WantedMachine): Promise<void> {
    const running = rented.powered;
    rented.powered = wanted.powered;
    rented.boots = wanted.boots;
    // What kept it off is told until it is to be on again.
    if (wanted.powered) delete rented.problem;
    if (running) await rented.machine.stop();
    if (wanted.powered) await rented.machine.start();
  }
}
