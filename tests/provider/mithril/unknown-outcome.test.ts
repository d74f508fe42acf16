/** A create whose answer never comes, and which no list shows in time: it is not posted again, and the next operation finds what it made. */
import assert from "node:assert/strict";
import { EngineResource } from "../server/harness";
import { signal } from "./cloud";
import { Creates, type Create } from "./creates";

describe("A create of Mithril whose outcome is unknown", () => {
  before(() => (process.env.GPU_CLUSTERS_MITHRIL_SEARCH_MS = "50"));
  after(() => delete process.env.GPU_CLUSTERS_MITHRIL_SEARCH_MS);
  const scene = new Creates();

  /** An `up` whose create has `effect`, unseen by the look before it and the search after it. */
  async function unknown({ type, create, list, inputs }: Create, effect: "before" | "after") {
    const { mithril, plugin } = scene;
    mithril.inject(create, { effect, outcome: { status: 504 } });
    const empty = /^List(Bids|Reservations)$/.test(list) ? { data: [], next_cursor: null } : [];
    if (effect === "after") {
      const outcome = { status: 200, body: empty };
      mithril.inject(list, { effect: "before", outcome, times: 1_000 });
    }
    const resource = new EngineResource(plugin, `gpu-clusters:mithril:${type}`);
    await assert.rejects(resource.up({ ...inputs() }), /is unknown.*The next `pulumi up` looks for it/);
    mithril.clearFaults();
    assert.match(resource.stored!.id, /^unknown since /);
    assert.equal(mithril.count(create), 1);
    return resource;
  }

  for (const one of scene.all) {
    const { type, create, list, inputs } = one;
    it(`of a ${type} is taken by the next up when it shows later`, async () => {
      const resource = await unknown(one, "after");
      assert.equal(await resource.refresh(), true);
      assert.equal(await resource.up({ ...inputs() }), "replace");
      assert.match(resource.stored!.id, /^(sshkey|clust|vol|bid|res)_/);
      assert.equal(await resource.up({ ...inputs() }), "same");
      assert.equal(scene.mithril.count(create), 1);
      await resource.destroy();
    });

    it(`of a ${type} stays in the state when the next up cannot look for it`, async () => {
      const resource = await unknown(one, "after");
      const { id } = resource.stored!;
      scene.mithril.inject(list, { effect: "before", outcome: { status: 403 }, times: 1_000 });
      await assert.rejects(resource.up({ ...inputs() }), /HTTP 403/);
      scene.mithril.clearFaults();
      assert.equal(resource.stored?.id, id);
      assert.equal(await resource.up({ ...inputs() }), "replace");
      assert.equal(await resource.up({ ...inputs() }), "same");
      assert.equal(scene.mithril.count(create), 1);
      await resource.destroy();
    });

    it(`of a ${type} is deleted by a destroy directly after`, async () => {
      const resource = await unknown(one, "after");
      await resource.destroy();
      const { bids, clusters, instances, sshKeys, volumes } = scene.mithril.cloud.state;
      const left = [...Object.values(bids), ...Object.values(clusters), ...Object.values(instances)];
      assert.deepEqual(
        left.filter(({ status }) => status !== "Terminated" && status !== "STATUS_TERMINATED"),
        [],
      );
      assert.deepEqual(
        Object.values(sshKeys).map(({ name }) => name),
        ["k"],
      );
      assert.deepEqual(
        Object.values(volumes).filter((volume) => volume.deletedAt === undefined),
        [],
      );
    });

    it(`of a ${type} is made by the next up when it never was`, async () => {
      const resource = await unknown(one, "before");
      assert.equal(await resource.up({ ...inputs() }), "replace");
      assert.equal(scene.mithril.count(create), 2);
      assert.equal(await resource.up({ ...inputs() }), "same");
      await resource.destroy();
    });
  }

  it("of an order is made once more where it is replaced, and outlives the delete of the unknown one", async () => {
    const { mithril } = scene;
    const resource = await unknown(scene.bid, "before");
    await resource.replace({ ...scene.bid.inputs() });
    assert.ok(await resource.refresh());
    assert.equal(await resource.up({ ...scene.bid.inputs() }), "same");
    assert.equal(mithril.count("CreateBid"), 2);
    await resource.destroy();
  });

  it("leaves alone what had the name long before", async () => {
    const { mithril, plugin, key } = scene;
    const resource = await unknown(scene.bid, "before");
    const old = await mithril.api().bids.create(
      {
        ...scene.order(),
        instanceType: "it_5ECSoHQjLBzrp5YM",
        limitPrice: "$9.00",
        quantity: 1,
        launchSpecification: { volumes: [], sshKeys: [key] },
      },
      "k",
      signal(),
    );
    mithril.cloud.state.bids[old.fid]!.createdAt -= 3_600_000;
    await resource.destroy();
    assert.notEqual((await mithril.api().bids.find(old.fid, signal()))!.status, "Terminated");
    const told = plugin.messages.map(({ message }) => message).filter((message) => message.includes(old.fid));
    assert.equal(told.length, 1, "by a clock that was wrong it may be the resource's own");
    assert.match(told[0]!, /has the name "o" and stays: .*If the clock was wrong/);
  });
});
