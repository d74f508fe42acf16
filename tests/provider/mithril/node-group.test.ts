import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { SpotGroupDriver, type SpotGroup } from "../../../provider/mithril/node-group-driver";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";
import { noTemplate, projectId, publicKey, signal, TestMithril } from "./cloud";
import { until } from "../../until";

const region = "us-central5-a";
const h100 = "it_5ECSoHQjLBzrp5YM";
const market = `h100-80gb.sxm.8x/${region}`;
const hour = 3_600_000;

describe("Mithril node group", () => {
  let mithril: TestMithril;
  let clusterId: string;
  let key: string;
  beforeEach(async () => {
    mithril = await TestMithril.start();
    const api = mithril.api();
    key = (await api.sshKeys.create({ name: "mine", publicKey: publicKey(), required: false }, signal())).fid;
    const cluster = {
      name: "train",
      region,
      sshKeys: [key],
      instanceType: "it_simCpu4x000000",
      kubernetesVersion: "1.34",
    };
    clusterId = (await api.clusters.create(cluster, signal())).fid;
  });
  afterEach(() => mithril.close());

  const bids = () => Object.values(mithril.cloud.state.bids);
  const liveBids = () => bids().filter(({ status }) => status !== "Terminated");
  const setPrice = (spotPriceCents: number) => (mithril.cloud.conditions.markets = { [market]: { spotPriceCents } });

  function driver(changes: Partial<SpotGroup> = {}): SpotGroupDriver {
    return new SpotGroupDriver({
      api: mithril.api(),
      clusterId,
      clusterName: "train",
      group: "gpu",
      region,
      limitPrice: "$20.00",
      bidSize: 1,
      order: async () => ({
        instanceType: h100,
        launchSpecification: { volumes: [], sshKeys: [key], cluster: clusterId },
      }),
      paused: false,
      search: { ms: 100, pace: { firstMs: 1, factor: 1, longestMs: 1 } },
      template: noTemplate,
      ...changes,
    });
  }

  /** All of its machines: how their bids stand, and they. */
  const reaches = (group: SpotGroupDriver, state: string) =>
    until(state, async () => {
      const found = await group.describe(signal());
      return found.machines.every((machine) => `${machine.orderStatus} ${machine.state}` === state) && found;
    });

  describe("driver", () => {
    it("places one bid for each node, and describes them while they come up", async () => {
      const group = driver();
      await group.resize(2, signal());
      const { size, machines } = await reaches(group, "Allocated running");
      assert.equal(size, 2);
      assert.deepEqual(
        machines.map(({ id, nodeName, providerId }) => ({ id, nodeName, providerId })),
        liveBids().map(({ fid, name }) => ({
          id: `${fid}/1`,
          nodeName: `${name}-1`,
          providerId: `mithril://${projectId}/${name}-1`,
        })),
      );
      assert.deepEqual(
        liveBids()
          .map(({ name }) => name)
          .sort(),
        ["train-gpu-0", "train-gpu-1"],
      );
      await group.resize(2, signal());
      assert.equal(bids().length, 2);
    });

    it("buys several at once when bids are larger, in whole steps, and removes them together", async () => {
      const group = driver({ bidSize: 2 });
      await group.resize(3, signal());
      assert.deepEqual(
        liveBids().map(({ quantity }) => quantity),
        [2, 2],
      );
      const [bid] = liveBids();
      await assert.rejects(
        group.remove([`${bid!.fid}/1`], signal()),
        /can only be removed together; bid_\w+\/2 should stay/,
      );
      await group.remove([`${bid!.fid}/1`, `${bid!.fid}/2`], signal());
      assert.equal((await group.describe(signal())).size, 2);
    });

    it("gives up only what waits when the size falls", async () => {
      mithril.cloud.conditions.markets = { [market]: { capacity: 2 } };
      const group = driver();
      await group.resize(2, signal());
      await reaches(group, "Allocated running");
      await group.resize(4, signal());
      assert.equal((await group.describe(signal())).size, 4);
      await group.resize(1, signal());
      assert.deepEqual(
        liveBids()
          .map(({ name }) => name)
          .sort(),
        ["train-gpu-0", "train-gpu-1"],
      );
    });

    it("does not place a bid twice when answers are lost, and the next run places what is not there", async () => {
      mithril.inject("CreateBid", { effect: "after", outcome: "dropConnection", times: 2 });
      mithril.inject("CreateBid", { effect: "before", outcome: { status: 503 }, nth: 3 });
      await assert.rejects(driver().resize(3, signal()), /whether spot bid "train-gpu-\d" was made is unknown/);
      assert.equal(liveBids().length, 2);
      assert.equal(mithril.count("CreateBid"), 3);
      await driver().resize(3, signal());
      assert.deepEqual(
        liveBids()
          .map(({ name }) => name)
          .sort(),
        ["train-gpu-0", "train-gpu-1", "train-gpu-2"],
      );
    });

    it("never takes bids of other groups and clusters for its own", async () => {
      const api = mithril.api();
      const other = { name: "train-gpu-7", region, instanceType: h100, limitPrice: "$20.00", quantity: 1 };
      await api.bids.create({ ...other, launchSpecification: { volumes: [], sshKeys: [] } }, "k", signal());
      await driver({ group: "cpu" }).resize(1, signal());
      const group = driver();
      assert.equal((await group.describe(signal())).size, 0);
      await group.resize(1, signal());
      await group.destroy(signal());
      assert.deepEqual(
        liveBids()
          .map(({ name }) => name)
          .sort(),
        ["train-cpu-0", "train-gpu-7"],
      );
    });

    it("says in words why bids stay open", async () => {
      setPrice(3000);
      const group = driver();
      await group.resize(1, signal());
      await reaches(group, "Open creating");
      const [problem, ...others] = await group.problems(new Date(0), signal());
      assert.deepEqual(others, []);
      assert.equal(problem!.kind, "capacity");
      assert.match(
        problem!.message,
        /train-gpu-0 \(bid_\w+\) offers \$20\.00 .* the market in us-central5-a is at \$30\.00: raise limitPrice/,
      );
      mithril.cloud.conditions.markets = { [market]: { capacity: 0 } };
      assert.match((await group.problems(new Date(0), signal()))[0]!.message, /0 instances are free .* it needs 1/);
    });

    it("destroys all that is marked and returns when instances are gone", async () => {
      const group = driver();
      await group.resize(3, signal());
      await reaches(group, "Allocated running");
      mithril.inject("DeleteBid", { effect: "after", outcome: "dropConnection" });
      await group.destroy(signal());
      assert.deepEqual(liveBids(), []);
      assert.ok(Object.values(mithril.cloud.state.instances).every(({ status }) => status === "STATUS_TERMINATED"));
      await group.destroy(signal());
      // Names of bids that have ended are left alone.
      await group.resize(1, signal());
      assert.deepEqual(
        liveBids().map(({ name }) => name),
        ["train-gpu-3"],
      );
    });
  });

  describe("resource", () => {
    let plugin: Plugin;
    beforeEach(async () => {
      plugin = await startPlugin(provider, { config: mithril.config });
    });
    afterEach(() => plugin.stop());

    const inputs = (changes: Record<string, unknown> = {}) => ({
      clusterId,
      clusterName: "train",
      name: "gpu",
      region,
      instanceType: "h100-80gb.sxm.8x",
      capacity: { spot: { limitPrice: "$20.00" } },
      minSize: 1,
      maxSize: 3,
      sshKeys: [key],
      ...changes,
    });
    const reserved = (changes: Record<string, unknown> = {}) => {
      const start = new Date().toISOString();
      const end = new Date(Date.parse(start) + 3 * hour).toISOString();
      return inputs({ minSize: 2, maxSize: 2, capacity: { reservation: { start, end, ...changes } } });
    };
    const resource = () => new EngineResource(plugin, "gpu-clusters:mithril:NodeGroup");
    const outputs = (group: EngineResource) =>
      group.stored!.state.values as {
        size: number;
        problems: string[];
        machines: { nodeName: string; state: string; orderStatus: string }[];
      };

    it("keeps the contract", () =>
      driveResource({
        plugin,
        type: "gpu-clusters:mithril:NodeGroup",
        inputs: inputs(),
        updated: inputs({ minSize: 2, capacity: { spot: { limitPrice: "$25.00" } } }),
        replaced: inputs({ name: "other" }),
        importable: false,
        volatile: ["machines", "problems", "size"],
      }));

    it("keeps the contract when it is reserved", () =>
      driveResource({
        plugin,
        type: "gpu-clusters:mithril:NodeGroup",
        inputs: reserved({ onDestroy: "terminateInstances" }),
        importable: false,
        volatile: ["machines", "problems", "size"],
      }));

    it("leaves the size to the autoscaler and makes terminated bids again", async () => {
      const group = resource();
      await group.up(inputs());
      await driver().resize(3, signal());
      await group.refresh();
      assert.equal(outputs(group).size, 3);
      assert.equal(await group.up(inputs()), "same");
      for (const bid of liveBids()) await mithril.api().bids.delete(bid.fid, signal());
      await group.refresh();
      assert.equal(outputs(group).size, 0);
      assert.equal(await group.up(inputs()), "update");
      assert.deepEqual(
        liveBids().map(({ name }) => name),
        ["train-gpu-3"],
      );
      assert.equal(outputs(group).size, 1);
    });

    it("does not call an outbid node a difference, and shows it", async () => {
      const group = resource();
      await group.up(inputs());
      await reaches(driver(), "Allocated running");
      setPrice(3000);
      await reaches(driver(), "Open creating");
      await group.refresh();
      assert.deepEqual(
        outputs(group).machines.map(({ orderStatus }) => orderStatus),
        ["Open"],
      );
      assert.match(outputs(group).problems.join(), /the market in us-central5-a is at \$30\.00/);
      assert.equal(await group.up(inputs()), "same");
      // A higher price reaches the bids that are there.
      await group.up(inputs({ capacity: { spot: { limitPrice: "$35" } } }));
      assert.equal(liveBids()[0]!.limitCents, 3500);
      await reaches(driver(), "Allocated running");
    });

    it("pauses and resumes all of its bids", async () => {
      const group = resource();
      await group.up(inputs({ minSize: 2 }));
      await group.up(inputs({ minSize: 2, paused: true }));
      assert.deepEqual(
        liveBids().map(({ status }) => status),
        ["Paused", "Paused"],
      );
      await mithril.api().bids.update(liveBids()[0]!.fid, { paused: false }, signal());
      await group.refresh();
      assert.equal(await group.up(inputs({ minSize: 2, paused: true })), "update");
      assert.deepEqual(
        liveBids().map(({ status }) => status),
        ["Paused", "Paused"],
      );
      await group.up(inputs({ minSize: 2 }));
      await reaches(driver(), "Allocated running");
    });

    it("removes the newest beyond a lowered maximum", async () => {
      const group = resource();
      await group.up(inputs({ minSize: 3 }));
      await reaches(driver(), "Allocated running");
      await group.up(inputs({ maxSize: 1 }));
      assert.deepEqual(
        liveBids().map(({ name }) => name),
        ["train-gpu-0"],
      );
    });

    it("keeps what was placed when a bid is refused, and goes on", async () => {
      const group = resource();
      mithril.cloud.conditions.spotQuota = { "h100-80gb.sxm.8x": 2 };
      await assert.rejects(group.up(inputs({ minSize: 3 })), /quota exceeded .* \(it has 2 machines now/i);
      assert.equal(group.stored!.id, `${projectId}/${clusterId}/train/gpu`);
      mithril.cloud.conditions.spotQuota = {};
      await group.up(inputs({ minSize: 3 }));
      assert.equal(liveBids().length, 3);
      const second = new EngineResource(plugin, "gpu-clusters:mithril:NodeGroup", "second");
      await assert.rejects(second.up(inputs()), /exists already, with 3 nodes: .*pulumi import/);
    });

    it("is imported as its orders show it", async () => {
      await resource().up(inputs({ minSize: 2 }));
      const imported = resource();
      assert.equal(await imported.import(`${projectId}/${clusterId}/train/gpu`), true);
      assert.deepEqual(imported.stored!.inputs.values, {
        clusterId,
        clusterName: "train",
        name: "gpu",
        region,
        instanceType: h100,
        minSize: 2,
        maxSize: 2,
        capacity: { spot: { limitPrice: "$20.00", bidSize: 1 } },
        sshKeys: [key],
        volumes: [],
        paused: false,
      });
      assert.equal(await imported.up(inputs({ minSize: 2 })), "update");
      assert.equal(bids().length, 2);
      assert.equal(await resource().import(`${projectId}/${clusterId}/train/none`), false);
      await assert.rejects(resource().import("x"), /must be <project>\/<cluster's fid>\/<clusterName>\/<group>/);
    });

    it("has a fixed size when it is reserved, and ends only as it was told", async () => {
      const group = resource();
      const told = reserved();
      await group.up(told);
      assert.equal(outputs(group).size, 2);
      assert.equal(await group.up(told), "same");
      await assert.rejects(
        group.destroy(),
        /capacity\.reservation\.onDestroy: reservation "train-gpu" .* cannot be cancelled/s,
      );
      const capacity = {
        reservation: { ...(told.capacity as unknown as { reservation: object }).reservation, onDestroy: "keep" },
      };
      await group.up({ ...told, capacity });
      await group.destroy();
      assert.equal(Object.values(mithril.cloud.state.reservations)[0]!.status, "Active");
    });

    it("has a reserved node that was moved to another host under another name of its instance", async () => {
      const group = resource();
      await group.up(reserved());
      const [first] = Object.values(mithril.cloud.state.instances);
      first!.name = "moved";
      await group.refresh();
      assert.deepEqual(
        outputs(group).machines.map(({ nodeName, state }) => `${nodeName} ${state}`),
        ["train-gpu-1 running", "train-gpu-2 running"],
      );
    });

    it("frees its volumes when its instances are terminated, and says until when its name is taken", async () => {
      const share = { name: "data", region, diskInterface: "File", sizeGb: 1 } as const;
      const { fid } = await mithril.api().volumes.create(share, "key", signal());
      const told = { ...reserved({ onDestroy: "terminateInstances" }), volumes: [fid] };
      const group = resource();
      await group.up(told);
      await group.destroy();
      await mithril.api().volumes.delete(fid, signal());
      await assert.rejects(resource().up({ ...told, volumes: [] }), /"train-gpu" .* keeps its name until it ends/);
    });

    it("says at preview what is wrong", async () => {
      const words = async (changes: Record<string, unknown>) =>
        (await resource().check(inputs(changes))).failures.map(({ property, reason }) => `${property}: ${reason}`);
      assert.deepEqual(await words({ capacity: {} }), ['capacity: must have exactly one of "spot" and "reservation"']);
      assert.deepEqual(await words({ capacity: { spot: { limitPrice: "$20", bidSize: 2 } } }), [
        "minSize: must be a multiple of capacity.spot.bidSize, 2, is 1",
        "maxSize: must be a multiple of capacity.spot.bidSize, 2, is 3",
      ]);
      assert.deepEqual(await words({ region: "eu-central1-a", minSize: 5 }), [
        "minSize: 5 is more than maxSize, 3",
        'region: "eu-central1-a" must be us-central5-a; cluster "train" is in us-central5-a: instances of another region never join it',
      ]);
      assert.match((await words({ ...reserved(), maxSize: 3 }))[0]!, /^maxSize: must be minSize, 2/);
      const api = mithril.api();
      const block = await api.volumes.create(
        { name: "disk", region, diskInterface: "Block", sizeGb: 10 },
        "k",
        signal(),
      );
      assert.match(
        (await words({ volumes: [block.fid] }))[0]!,
        /^volumes\[0\]: "disk" is a block volume, which only one instance can have/,
      );
    });
  });
});
