/** What every node group's driver promises (`provider/node-groups/driver.ts`), held against each cloud's simulator. */
import assert from "node:assert/strict";
import type { NodeGroupDriver } from "../../../provider/node-groups/driver";
import { until } from "../../until";
import { moments } from "../server/harness/gate";
import { HttpGate } from "../server/harness/http-gate";

/** The part of a Node object that a template foretells. */
export interface SeenNode {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { readonly taints?: readonly object[] };
  readonly status: { readonly capacity: Record<string, string>; readonly allocatable: Record<string, string> };
}

export interface DriverScene {
  /** Root of the cloud's API. */
  readonly endpoint: string;
  /** A driver that knows nothing but the group's spec, as another process would, at this address of the cloud. */
  open(endpoint: string): Promise<NodeGroupDriver>;
  /** A machine with the group's mark by other hands. */
  foreign(): Promise<void>;
  /** From now on the cloud gives no machine. */
  shortage(): Promise<void>;
  plenty(): Promise<void>;
  /** What the cloud has of the group. */
  left(): Promise<string[]>;
  /** As a machine of the simulator registers. */
  node(): Promise<SeenNode>;
  /** Labels of a template that come from elsewhere than kubelet: a cloud controller manager. */
  readonly lateLabels: readonly string[];
  close(): Promise<void>;
}

const deadline = () => AbortSignal.timeout(60_000);

export function itKeepsTheContract(start: () => Promise<DriverScene>): void {
  let scene: DriverScene;
  before(async function () {
    this.timeout(120_000);
    scene = await start();
  });
  after(() => scene.close());
  afterEach(async () => {
    await scene.plenty();
    await (await scene.open(scene.endpoint)).destroy(deadline());
    assert.deepEqual(await scene.left(), []);
  });

  const open = () => scene.open(scene.endpoint);
  const running = (group: NodeGroupDriver, count: number) =>
    until(`${count} running machines`, async () => {
      const { machines } = await group.describe(deadline());
      const up = machines.filter(({ state }) => state === "running");
      return up.length === count && machines.length === count ? up.map(({ id }) => id) : undefined;
    });
  const grown = async (size: number) => {
    const group = await open();
    await group.ensure(size, deadline());
    return { group, ids: await running(group, size) };
  };

  it("makes a group once, however often it is asked to", async () => {
    const first = await open();
    assert.equal((await first.describe(deadline())).id, undefined);
    const id = await first.ensure(2, deadline());
    assert.equal(await (await open()).ensure(2, deadline()), id);
    const { size, machines, id: described } = await (await open()).describe(deadline());
    assert.deepEqual([described, size], [id, 2]);
    const ages = machines.map(({ createdAt }) => createdAt!);
    assert.deepEqual(ages, [...ages].sort(), "oldest first");
    await running(first, 2);
  });

  it("takes absolute sizes, and terminates no live machine for a smaller one", async () => {
    const { group } = await grown(1);
    await group.resize(3, deadline());
    await group.resize(3, deadline());
    const ids = await running(group, 3);
    await group.resize(1, deadline());
    assert.deepEqual(new Set(await running(group, 3)), new Set(ids));
  });

  it("removes exactly the machines that are named, and their places", async () => {
    const { group, ids } = await grown(3);
    await group.remove([ids[1]!], deadline());
    await group.remove([ids[1]!], deadline());
    assert.deepEqual(new Set(await running(group, 2)), new Set([ids[0], ids[2]]));
    assert.equal((await (await open()).describe(deadline())).size, 2);
  });

  it("changes nothing when nothing differs", async () => {
    const { group } = await grown(1);
    await group.reshape(deadline());
    assert.equal(await (await open()).reshape(deadline()), false);
  });

  it("says why the cloud gives no machine, and gives up what is still to come", async () => {
    const { group } = await grown(1);
    await scene.shortage();
    const since = new Date();
    // Where the cloud answers at once, the call itself tells.
    await group.resize(2, deadline()).catch(() => undefined);
    const problems = await until("a problem", async () => {
      const found = await group.problems(since, deadline());
      return found.length > 0 && found;
    });
    assert.ok(problems.some(({ kind, message }) => kind === "capacity" && message !== ""));
    await group.resize(1, deadline());
    assert.equal((await group.describe(deadline())).size, 1);
  });

  it("makes no machine twice, wherever a change is interrupted", async () => {
    const gate = await HttpGate.open(scene.endpoint);
    try {
      for (let request = 1, more = true; more && request <= 8; request++) {
        for (const moment of moments) {
          const controller = new AbortController();
          const group = await scene.open(gate.url);
          await (await open()).ensure(1, deadline());
          gate.arm(request, moment, () => controller.abort(new Error("enough")));
          await group.resize(2, controller.signal).catch((error: unknown) => error);
          more = gate.disarm();
          const again = await open();
          await again.resize(2, deadline());
          const ids = await running(again, 2);
          await again.remove(ids.slice(1), deadline());
          await running(again, 1);
        }
      }
    } finally {
      await gate.close();
    }
  });

  it("destroys what carries the group's mark, whoever made it, and may be asked again", async () => {
    const { group } = await grown(1);
    await scene.foreign();
    await group.destroy(deadline());
    assert.deepEqual(await scene.left(), []);
    await (await open()).destroy(deadline());
    assert.equal((await group.describe(deadline())).id, undefined);
  });

  it("foretells what a machine of it registers", async () => {
    const template = await (await open()).template(deadline());
    const node = await scene.node();
    const labels = Object.entries(template.labels).filter(([key]) => !scene.lateLabels.includes(key));
    for (const [key, value] of labels) assert.equal(node.metadata.labels[key], value, key);
    assert.deepEqual(template.taints, node.spec.taints ?? []);
    assert.equal(template.capacity["nvidia.com/gpu"], node.status.capacity["nvidia.com/gpu"]);
    for (const resource of ["cpu", "memory", "pods"]) {
      const [foretold, real] = [template.allocatable, node.status.allocatable].map((each) => quantity(each[resource]!));
      assert.ok(foretold! > 0 && foretold! <= real!, `${resource}: ${foretold} of ${real}`);
    }
  });
}

function quantity(text: string): number {
  const [, digits, unit] = /^(\d+)(Ki|Mi)?$/.exec(text)!;
  return Number(digits) * { Ki: 1024, Mi: 1024 ** 2, "": 1 }[unit ?? ""]!;
}
