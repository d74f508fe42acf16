/** A random life with each cloud's own driver, against its simulator: 500 operations of one seed. At rest all agree, and what runs goes only when named. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Group } from "../../autoscaler/group/group";
import { Reconciler } from "../../autoscaler/group/reconciler";
import { Refusal } from "../../autoscaler/group/refusal";
import { moments, type Gate } from "../provider/server/harness/gate";
import { HttpGate } from "../provider/server/harness/http-gate";
import type { DriverScene } from "../provider/node-groups/contract";
import { aws, cudo, mithril } from "../provider/node-groups/driver-scenes";
import { until } from "../until";
import { quickTiming } from "./server";

const bounds = { minSize: 1, maxSize: 5 };
const operationsOfARun = 500;

/** One server after the other over the same group. */
class Life {
  group!: Group;
  private reconciler!: Reconciler;
  /** By cluster-autoscaler. */
  readonly named = new Set<string>();
  readonly ran = new Set<string>();
  private runs = 0;

  constructor(
    readonly scene: DriverScene,
    readonly gate: Gate,
  ) {}

  async restart(): Promise<void> {
    const { staleMs } = quickTiming;
    const group = (this.group = new Group({
      id: "gpu",
      ...bounds,
      run: `run${this.runs++}`,
      staleMs,
      joinMs: 1_800_000,
    }));
    const nothing = () => undefined;
    this.reconciler = new Reconciler(group, {
      open: () => this.scene.open(this.gate.url),
      timing: quickTiming,
      now: () => performance.now(),
      mayChange: () => true,
      watch: { called: nothing, changed: nothing, stockedOut: nothing },
    });
    await until("the group is known", async () => {
      await this.turn();
      return group.isKnown;
    });
  }

  async turn(): Promise<void> {
    await this.reconciler.turn();
    for (const { id, state } of this.group.everyMachine) if (state === "running") this.ran.add(id);
  }

  remove(pick: number): void {
    const { everyMachine } = this.group;
    if (everyMachine.length === 0) return;
    const { nodeName, providerId, id } = everyMachine[pick % everyMachine.length]!;
    this.named.add(id);
    this.asked(() => this.group.remove([{ name: nodeName, providerId }]));
  }

  giveBack(): void {
    const broken = this.group.instances().filter(({ problem }) => problem !== undefined);
    this.asked(() => this.group.remove(broken.map(({ id }) => ({ providerId: id, name: id }))));
  }

  /** Refusals are answers, too. */
  asked(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** What cluster-autoscaler goes on doing. */
  async rest(): Promise<void> {
    this.gate.disarm();
    await this.scene.plenty();
    await until("the group is at rest", async () => {
      await this.turn();
      this.giveBack();
      if (this.group.target < bounds.minSize) this.group.increase(bounds.minSize - this.group.target);
      return this.group.isAtRest && this.group.target >= bounds.minSize;
    });
  }
}

const operations: Record<string, (life: Life, pick: number) => Promise<unknown> | void> = {
  increase: (life, pick) => life.asked(() => life.group.increase(1 + (pick % 3))),
  decrease: (life, pick) => life.asked(() => life.group.decrease(-1 - (pick % 3))),
  remove: (life, pick) => life.remove(pick),
  giveBack: (life) => life.giveBack(),
  turn: (life) => life.turn(),
  shortage: ({ scene }) => scene.shortage(),
  plenty: ({ scene }) => scene.plenty(),
  /** The connection breaks at one of the next requests, before or after the cloud has done what it says. */
  broken: ({ gate }, pick) => gate.arm(1 + (pick % 4), moments[pick % moments.length]!, () => undefined),
  restart: (life) => life.restart(),
};

const often = ["turn", "turn", "turn", "increase", "increase", "remove", "remove", "giveBack"];
const step = fc.tuple(fc.constantFrom(...Object.keys(operations), ...often), fc.nat(1000));

for (const [cloud, start] of Object.entries({ aws: () => aws(), cudo, mithril: () => mithril() }))
  describe(`a node group of ${cloud} in a random life`, function () {
    this.timeout(600_000);
    let life: Life;
    before(async () => {
      const scene = await start();
      life = new Life(scene, await HttpGate.open(scene.endpoint));
    });
    after(async () => {
      await life.gate.close();
      await life.scene.close();
    });

    it(`agrees with its cloud after ${operationsOfARun} operations of a seed`, async () => {
      const { scene } = life;
      const driver = await scene.open(scene.endpoint);
      const never = new AbortController().signal;
      await driver.ensure(bounds.minSize, never);
      await life.restart();
      for (const [name, pick] of fc.sample(step, { seed: 20261128, numRuns: operationsOfARun })) {
        await operations[name]!(life, pick);
        assert.ok(life.group.target <= bounds.maxSize, "above its maximum");
        assert.ok(life.group.live <= bounds.maxSize, "machines above its maximum");
      }
      await life.rest();
      const { size, machines } = await driver.describe(never);
      const live = machines.filter(({ state }) => state === "running").map(({ id }) => id);
      assert.deepEqual([live.length, size], [life.group.target, life.group.target]);
      assert.ok(size >= bounds.minSize && size <= bounds.maxSize);
      for (const id of life.ran) assert.ok(live.includes(id) || life.named.has(id), `${id} went and was never named`);
      await driver.destroy(never);
      assert.deepEqual(await scene.left(), []);
    });
  });
