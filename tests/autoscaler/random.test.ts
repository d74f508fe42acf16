/** Whatever happens, in any order: at rest the group and its cloud agree, and nothing was lost or taken that was not named. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { NodeCare } from "../../autoscaler/cluster/node-care";
import { ClusterNodes } from "../../autoscaler/cluster/nodes";
import type { Group } from "../../autoscaler/group/group";
import { Refusal } from "../../autoscaler/group/refusal";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import type { NodeObject } from "../../provider/kubernetes/node-readiness";
import { FakeCloud, FakeCloudOfMachines } from "./fake-cloud";
import { GroupScene, staleMs } from "./scene";
import { FakeKubernetes } from "./server";

const minSize = 1;
const maxSize = 8;
const operationsOfARun = 500;

type Operation = (scene: GroupScene, pick: number, named: Set<string>) => Promise<void> | void;

/** Refusals are answers, too. */
const asked = (act: () => void) => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
};

const calls = ["describe", "resize", "remove", "problems"] as const;

const operations: Record<string, Operation> = {
  increase: ({ group }, pick) => asked(() => group.increase(1 + (pick % 3))),
  decrease: ({ group }, pick) => asked(() => group.decrease(-1 - (pick % 3))),
  remove: ({ group }, pick, named) => {
    const { everyMachine, target } = group;
    if (everyMachine.length === 0) return;
    const { nodeName, providerId, id } = everyMachine[pick % everyMachine.length]!;
    named.add(id);
    asked(() => group.remove([{ name: nodeName, providerId }]));
    if (target >= minSize && group.live > 0)
      assert.ok(group.target >= minSize || group.failed > 0, "below its minimum");
  },
  removeLate: ({ group }, _, named) => {
    const names = [...named].map((id) => ({ name: id, providerId: `fake:///${id}` }));
    const stillThere = new Set(group.everyMachine.map(({ id }) => id));
    const before = group.target;
    const gone = names.filter(({ name }) => !stillThere.has(name));
    asked(() => group.remove(gone));
    assert.equal(group.target, before, "a late request changes nothing");
  },
  giveBack: (scene) => asked(() => scene.giveBack()),
  turn: (scene) => scene.turn(),
  longTurn: (scene) => scene.turn(staleMs),
  tick: ({ cloud }) => cloud.tick(),
  full: ({ cloud }) => void (cloud.capacity = cloud.live.length),
  room: ({ cloud }) => void (cloud.capacity = Infinity),
  fail: ({ cloud }, pick) =>
    void cloud.faults.push({ call: calls[pick % 4]!, error: new Error("throttled"), afterEffect: pick % 2 === 0 }),
  stale: ({ cloud }) => void (cloud.stale ??= { size: cloud.target, machines: [...cloud.machines] }),
  fresh: ({ cloud }) => void (cloud.stale = undefined),
  lose: ({ cloud }, pick) => {
    if (cloud.machines.length > 0) cloud.lose(cloud.machines[pick % cloud.machines.length]!.id);
  },
  lostAtOnce: ({ cloud }, pick) => {
    // Only a cloud that makes another in its place has machines that are lost so.
    if (cloud instanceof FakeCloudOfMachines) return;
    const starting = cloud.machines.filter(({ state }) => state === "creating");
    if (starting.length === 0) return;
    const { id: machineId } = starting[pick % starting.length]!;
    cloud.lose(machineId);
    cloud.problem({ kind: "rejected", machineId, message: "its key cannot be used", at: new Date() });
    cloud.refill();
  },
  restart: async (scene) => {
    scene.cloud.stale = undefined;
    scene.restart();
    while (!scene.group.isKnown) await scene.turn();
  },
};

const graceMs = 2 * staleMs;

/** The machines' nodes: a running machine has one, which reports; that of a machine which is gone stays, and is silent. */
class Cluster {
  private readonly kubernetes = new FakeKubernetes();
  private readonly nodes = new ClusterNodes("train");
  private cared: { group: Group; care: NodeCare } | undefined;

  constructor(private readonly scene: GroupScene) {}

  /** One reading of the nodes, as the server does it. */
  async attend(): Promise<void> {
    const { cloud } = this.scene;
    const running = new Set(cloud.machines.filter(({ state }) => state === "running").map(({ id }) => id));
    for (const { metadata, status } of this.kubernetes.nodes as NodeObject[])
      status!.conditions![0]!.status = running.has(metadata.name!) ? "True" : "Unknown";
    for (const id of running) if (!this.names.includes(id)) this.kubernetes.node(id);
    this.nodes.update(this.kubernetes.nodes as NodeObject[]);
    await this.care().attend(new AbortController().signal);
  }

  get names(): string[] {
    return this.kubernetes.nodes.map(({ metadata }) => metadata.name!);
  }

  /** Another process has no memory. */
  private care(): NodeCare {
    const { group, cloud } = this.scene;
    if (this.cared?.group !== group) {
      const care = new NodeCare({
        api: this.kubernetes as unknown as KubernetesApi,
        nodes: this.nodes,
        groups: [group],
        labelsOf: () => ({}),
        graceMs,
        now: () => this.scene.time,
        removed: (_, { name }) => assert.ok(!cloud.live.some(({ id }) => id === name), `${name} lives`),
      });
      this.cared = { group, care };
    }
    return this.cared.care;
  }
}

/** What cluster-autoscaler goes on doing: gives back what did not come, and holds the minimum. */
async function rest(scene: GroupScene): Promise<void> {
  scene.cloud.faults.length = 0;
  scene.cloud.stale = undefined;
  scene.cloud.capacity = Infinity;
  for (let round = 0; round < 3; round++) {
    await scene.settle();
    scene.giveBack();
    await scene.settle();
    if (scene.group.target < minSize) scene.group.increase(minSize - scene.group.target);
  }
  await scene.settle();
}

async function run(scene: GroupScene, steps: readonly (readonly [string, number])[]): Promise<void> {
  const [named, ran] = [new Set<string>(), new Set<string>()];
  await scene.grown(minSize);
  const cluster = new Cluster(scene);
  for (const [name, pick] of steps) {
    await operations[name]!(scene, pick, named);
    await cluster.attend();
    for (const { id, state } of scene.group.everyMachine) if (state === "running") ran.add(id);
    assert.ok(scene.group.target <= maxSize, "above its maximum");
    assert.ok(scene.cloud.live.length <= maxSize, "machines above its maximum");
  }
  await rest(scene);
  const { group, cloud } = scene;
  assert.equal(cloud.live.length, group.target, "live = target");
  assert.equal(group.live, group.target);
  assert.ok(group.isAtRest);
  assert.ok(group.target >= minSize && group.target <= maxSize);
  for (let reading = 0; reading < 2; reading++) {
    await cluster.attend();
    scene.time += graceMs;
  }
  await cluster.attend();
  assert.deepEqual(new Set(cluster.names), new Set(cloud.live.map(({ id }) => id)), "machines and nodes");
  // What was made in the place of a machine that was lost at once is taken back while it starts.
  for (const id of cloud.removed) assert.ok(named.has(id) || !ran.has(id), `${id} was removed and never named`);
}

describe("a node group in a random life", () => {
  const names = Object.keys(operations).flatMap((name) =>
    /turn|tick|increase|remove$/.test(name) ? [name, name, name] : [name],
  );
  const step = fc.tuple(fc.constantFrom(...names), fc.nat(1000));
  for (const Cloud of [FakeCloud, FakeCloudOfMachines]) {
    it(`agrees with its cloud at rest (${Cloud.name})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), (steps) =>
          run(new GroupScene({ minSize, maxSize }, new Cloud("m")), steps),
        ),
        { numRuns: 150 },
      );
    });

    it(`agrees after ${operationsOfARun} operations of a seed (${Cloud.name})`, async () => {
      const steps = fc.sample(step, { seed: 20261128, numRuns: operationsOfARun });
      await run(new GroupScene({ minSize, maxSize }, new Cloud("m")), steps);
    });
  }
});
