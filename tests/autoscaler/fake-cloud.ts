/** A cloud in memory, with a clock of its own: machines take time, calls fail, answers are lost, lists are stale. */
import type { NodeGroupDescription, NodeGroupMachine, NodeGroupProblem } from "../../provider/node-groups/driver";
import type { GroupDriver } from "../../autoscaler/group/reconciler";

type Call = "describe" | "resize" | "remove" | "problems" | "template";

export interface Fault {
  call: Call;
  error: Error;
  /** The call has its effect all the same. */
  afterEffect?: boolean;
}

/** Keeps a target, as a fleet does: what is missing of it is made whenever there is capacity. */
export class FakeCloud implements GroupDriver {
  target = 0;
  machines: NodeGroupMachine[] = [];
  readonly removed: string[] = [];
  readonly calls: Call[] = [];
  readonly faults: Fault[] = [];
  /** Machines that the cloud has left. */
  capacity = Infinity;
  /** The description that is told instead of the true one. */
  stale: NodeGroupDescription | undefined;
  private found: NodeGroupProblem[] = [];
  /** Machines, since ever. */
  made = 0;

  constructor(private readonly name: string) {}

  get live(): NodeGroupMachine[] {
    return this.machines.filter(({ state }) => state === "creating" || state === "running");
  }

  /** Time passes: what is being made or taken away is done, and what is missing is begun. */
  tick(): void {
    this.machines = this.machines
      .filter(({ state }) => state !== "deleting")
      .map((machine) => (machine.state === "creating" ? { ...machine, state: "running" } : machine));
    this.begin();
  }

  /** What is missing is begun, and nothing else happens. */
  refill(): void {
    this.begin();
  }

  /** What was to go is gone. */
  finishRemovals(): void {
    this.machines = this.machines.filter(({ state }) => state !== "deleting");
  }

  protected begin(): void {
    while (this.live.length < this.target) {
      if (this.live.length >= this.capacity) {
        this.problem({ kind: "capacity", message: "no capacity", at: new Date() });
        return;
      }
      const id = `${this.name}-${this.made++}`;
      this.machines.push({ id, providerId: `fake:///${id}`, nodeName: id, state: "creating" });
    }
  }

  /** No two at the same time. */
  problem(problem: NodeGroupProblem): void {
    const last = this.found.at(-1)?.at.getTime() ?? 0;
    this.found.push({ ...problem, at: new Date(Math.max(last + 1, problem.at.getTime())) });
  }

  /** Somebody takes a machine away. */
  lose(id: string): void {
    this.machines = this.machines.filter((machine) => machine.id !== id);
  }

  describe(): Promise<NodeGroupDescription> {
    return this.answer("describe", () => this.stale ?? { size: this.target, machines: [...this.machines] });
  }

  resize(size: number): Promise<void> {
    return this.answer("resize", () => {
      this.target = Math.max(size, this.live.length);
    });
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.answer("remove", () => {
      const leaving = this.live.filter(({ id }) => ids.includes(id));
      this.target -= leaving.length;
      this.removed.push(...leaving.map(({ id }) => id));
      this.machines = this.machines.map((machine) =>
        leaving.includes(machine) ? { ...machine, state: "deleting" } : machine,
      );
    });
  }

  problems(since: Date): Promise<NodeGroupProblem[]> {
    return this.answer("problems", () => this.found.filter(({ at }) => at >= since));
  }

  template() {
    return this.answer("template", () => fakeTemplate);
  }

  private async answer<T>(call: Call, act: () => T): Promise<T> {
    this.calls.push(call);
    const at = this.faults.findIndex((fault) => fault.call === call);
    const [fault] = at < 0 ? [] : this.faults.splice(at, 1);
    // As over a network: the caller goes on only later.
    await Promise.resolve();
    if (fault && !fault.afterEffect) throw fault.error;
    const result = act();
    if (fault) throw fault.error;
    return result;
  }
}

/** Has no groups of its own: a group's size is the number of its machines, and growing is making them there and then. */
export class FakeCloudOfMachines extends FakeCloud {
  override describe(): Promise<NodeGroupDescription> {
    this.target = this.live.length;
    return super.describe();
  }

  override async resize(size: number): Promise<void> {
    await super.resize(size);
    this.begin();
    const missing = this.target - this.live.length;
    this.target = this.live.length;
    if (missing > 0) throw new Error(`${missing} machines could not be made`);
  }

  override tick(): void {
    this.target = this.live.length;
    super.tick();
  }

  override lose(id: string): void {
    super.lose(id);
    this.target = this.live.length;
  }
}

export const fakeTemplate = {
  labels: { "kubernetes.io/arch": "amd64", "gpu-clusters/gpu": "h100", pool: "gpu" },
  taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
  capacity: { cpu: "32", memory: "131072Mi", pods: "110", "nvidia.com/gpu": "8" },
  allocatable: { cpu: "31", memory: "130000Mi", pods: "110", "nvidia.com/gpu": "8" },
  zones: ["a"],
} as const;
