/** One group on a cloud in memory, driven turn by turn with a clock that stands still otherwise. */
import type { NodeGroupProblem } from "../../provider/node-groups/driver";
import { Group, type Bounds } from "../../autoscaler/group/group";
import { defaultTiming, Reconciler } from "../../autoscaler/group/reconciler";
import { FakeCloud } from "./fake-cloud";

export const staleMs = 60_000;

let runs = 0;

export class GroupScene {
  time = 1_000_000;
  group!: Group;
  reconciler!: Reconciler;
  readonly stockOuts: NodeGroupProblem[] = [];

  constructor(
    readonly bounds: Bounds,
    readonly cloud = new FakeCloud("m"),
  ) {
    this.restart();
  }

  /** The server's process ends anywhere, and another begins. */
  restart(): void {
    this.group = new Group({ id: "gpu", ...this.bounds, run: `run${runs++}`, staleMs, joinMs: 1_800_000 });
    this.reconciler = new Reconciler(this.group, {
      open: () => Promise.resolve(this.cloud),
      timing: defaultTiming,
      now: () => this.time,
      mayChange: () => true,
      watch: {
        called: () => undefined,
        changed: () => undefined,
        stockedOut: (_, problem) => this.stockOuts.push(problem),
      },
    });
  }

  async turn(ms = 1_000): Promise<void> {
    this.time += ms;
    await this.reconciler.turn();
  }

  /** Time passes in the cloud and here, until nothing more happens. */
  async settle(): Promise<void> {
    for (let round = 0; round < 8; round++) {
      this.cloud.tick();
      await this.turn(staleMs + 1);
    }
  }

  async grown(size: number): Promise<this> {
    await this.cloud.resize(size);
    this.cloud.calls.length = 0;
    this.cloud.tick();
    this.cloud.tick();
    await this.turn();
    return this;
  }

  name(index: number) {
    const { nodeName, providerId } = this.cloud.machines[index]!;
    return { name: nodeName, providerId };
  }

  /** What cluster-autoscaler does with machines that could not be made. */
  giveBack(): void {
    const broken = this.group.instances().filter(({ problem }) => problem !== undefined);
    this.group.remove(broken.map(({ id }) => ({ providerId: id, name: id })));
  }

  get states(): string[] {
    return this.group.instances().map(({ state, problem }) => (problem ? `${state} ${problem.kind}` : state));
  }
}
