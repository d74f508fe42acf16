/** ^C while a create is on its way: what it makes has no id before the answer comes, and must be in the state all the same. */
import assert from "node:assert/strict";
import { EngineResource } from "../server/harness";
import { signal } from "./cloud";
import { Creates, region } from "./creates";
import { until } from "../../until";

const soon = 200;
const tooLate = 60_000;

describe("An interrupted create of Mithril", () => {
  const scene = new Creates();

  /** Interrupts the create once the cloud has it; the engine then keeps what the plugin told. */
  async function interrupted(name: string, operation: string, inputs: object, delayMs: number) {
    const { mithril, plugin } = scene;
    mithril.inject(operation, { effect: "after", outcome: { delayMs }, times: 4 });
    const resource = new EngineResource(plugin, `gpu-clusters:mithril:${name}`);
    const creating = resource.up({ ...inputs }).catch((error: Error) => error.message);
    await until(operation, () => mithril.count(operation) > 0);
    await plugin.cancel();
    return { resource, outcome: await creating };
  }

  for (const { type, create, inputs } of scene.all) {
    it(`of a ${type} waits for the answer, so that the id is kept, and the next up goes on`, async () => {
      const { resource, outcome } = await interrupted(type, create, inputs(), soon);
      assert.match(resource.stored?.id ?? "nothing is kept", /^(sshkey|clust|vol|bid|res)_/);
      if (outcome !== "create") assert.match(outcome, /was cancelled/);
      await resource.up({ ...inputs() });
      assert.equal(await resource.up({ ...inputs() }), "same");
      assert.equal(scene.mithril.count(create), 1);
    });
  }

  it("is found by its name when no answer comes", async () => {
    const { mithril } = scene;
    const inputs = { ...scene.bid.inputs() };
    const { resource } = await interrupted("SpotBid", "CreateBid", inputs, tooLate);
    assert.deepEqual([resource.stored?.id], Object.keys(mithril.cloud.state.bids));
    await resource.up(inputs);
    assert.equal(mithril.count("CreateBid"), 1);
    await resource.destroy();
  });

  it("of a node group keeps the group with the bids that it has, and the next up places the others", async () => {
    const { mithril, key } = scene;
    const api = mithril.api();
    const cluster = { name: "c", region, sshKeys: [key], instanceType: "it_simCpu4x000000", kubernetesVersion: "1.34" };
    const { fid: clusterId } = await api.clusters.create(cluster, signal());
    const capacity = { spot: { limitPrice: "$20.00" } };
    const inputs = { ...scene.order(), clusterId, clusterName: "c", name: "gpu", capacity, minSize: 6, maxSize: 6 };
    const { resource, outcome } = await interrupted("NodeGroup", "CreateBid", inputs, soon);
    assert.match(outcome, /was cancelled.*the next `pulumi up` goes on/);
    const before = Object.keys(mithril.cloud.state.bids).length;
    assert.ok(before >= 1 && before < 6, `${before} bids`);
    assert.equal(resource.stored!.state.values.size, before);
    assert.equal(await resource.up(inputs), "update");
    const names = Object.values(mithril.cloud.state.bids).map((bid) => bid.name);
    assert.deepEqual(
      names.sort(),
      Array.from({ length: 6 }, (_, ordinal) => `c-gpu-${ordinal}`),
    );
    await resource.destroy();
  });
});
