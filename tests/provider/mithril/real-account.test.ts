/** What Mithril's documentation and other clients tell of the real API, where the first design took more for granted. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { provider } from "../../../plugin/provider";
import { controlPlaneProblem, regionProblem } from "../../../provider/mithril/offers";
import { inPlaces, isGone, isGoneWithOrder } from "../../../provider/mithril/orders";
import { possibleStart } from "../../../provider/mithril/reservation-lifecycle";
import type { Instance, InstanceType, Region } from "../../../provider/mithril/types";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { projectId, publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";

describe("Instances of Mithril", () => {
  const instance = (name: string, status = "STATUS_RUNNING"): Instance => {
    const where = {
      instanceType: "it_1",
      region,
      reservation: undefined,
      sshDestination: undefined,
      privateIp: undefined,
    };
    return { fid: `inst_${name}`, name, status, bid: "bid_1", createdAt: "", ...where };
  };

  it("are gone with their order when it has ended, and not before", () => {
    for (const status of ["STATUS_PREEMPTED", "STATUS_ERROR", "STATUS_TERMINATED", "STATUS_REPLACED"]) {
      assert.equal(isGoneWithOrder({ status }), true, status);
    }
    for (const status of ["STATUS_RUNNING", "STATUS_STOPPING", "STATUS_RELOCATING", "STATUS_PAUSED", "STATUS_NEW"]) {
      assert.equal(isGoneWithOrder({ status }), false, status);
    }
    assert.equal(isGone({ status: "STATUS_PREEMPTED" }), false);
  });

  it("stand in the places that their names say, relocated ones without a name in those that are left", () => {
    const at = (...instances: Instance[]) => inPlaces(["b-1", "b-2"], instances).map((each) => each?.name);
    assert.deepEqual(at(instance("b-2"), instance("b-1")), ["b-1", "b-2"]);
    assert.deepEqual(at(instance("moved-x"), instance("b-1")), ["b-1", "moved-x"]);
    assert.deepEqual(at(instance("b-1", "STATUS_REPLACED"), instance("moved-x")), ["moved-x", undefined]);
    assert.deepEqual(at(), [undefined, undefined]);
  });
});

describe("Lists of Mithril that only some projects have", () => {
  const type = (name: string, fid: string, gpus: number) => ({ name, fid, gpus }) as InstanceType;
  const catalogue = (instanceTypes: InstanceType[], regions: Region[] = []) => ({
    instanceTypes,
    regions,
    markets: [],
  });

  it("speak for what they have, and against nothing", () => {
    const known: Region = { name: region, kubernetes: true, blockStorage: true, fileShares: true, maxVolumeSizeTb: 32 };
    assert.match(regionProblem("other", "kubernetes", catalogue([], [known]))!, /there is no region "other"/);
    assert.equal(regionProblem("other", "kubernetes", catalogue([], [{ ...known, partial: true }])), undefined);
    assert.equal(regionProblem("other", "kubernetes", catalogue([])), undefined);
    assert.equal(controlPlaneProblem("cpu.4x", region, catalogue([type("h100", "it_g", 8)])), undefined);
    assert.match(
      controlPlaneProblem("cpu.5x", region, catalogue([type("cpu.4x", "it_c", 0)]))!,
      /there is no instance type/,
    );
  });

  it("do not decide between types of one name", () => {
    const twice = catalogue([type("cpu.4x", "it_a", 0), type("cpu.4x", "it_b", 0)]);
    assert.match(controlPlaneProblem("cpu.4x", region, twice)!, /give one of it_a, it_b/);
    assert.equal(controlPlaneProblem("it_b", region, twice), undefined);
    const here = { ...twice, markets: [{ instanceType: "it_b", region }] } as unknown as typeof twice;
    assert.equal(controlPlaneProblem("cpu.4x", region, here), undefined);
  });
});

describe("The start of a reservation", () => {
  const hour = 3_600_000;
  const now = Date.parse("2026-11-28T10:20:00Z");

  it("moves on when it passes, to where whole hours are left, never beyond the end", () => {
    fc.assert(
      fc.property(fc.integer({ min: -20 * hour, max: 20 * hour }), fc.integer({ min: 3, max: 336 }), (early, hours) => {
        const start = new Date(now + early).toISOString();
        const end = new Date(now + early + hours * hour).toISOString();
        if (Date.parse(end) - now < 3 * hour && early < -300_000) {
          assert.throws(() => possibleStart(start, end, now), /has passed/);
          return;
        }
        const moved = Date.parse(possibleStart(start, end, now));
        assert.ok(moved >= Math.min(now, Date.parse(start)) && moved < Math.max(now, Date.parse(start)) + hour);
        assert.equal((Date.parse(end) - moved) % hour, 0);
      }),
    );
  });
});

describe("A real account of Mithril", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  beforeEach(async () => {
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
  });
  afterEach(async () => {
    await plugin.stop();
    await mithril.close();
  });
  const resource = (type: string) => new EngineResource(plugin, `gpu-clusters:mithril:${type}`);

  it("has a key already: it is used, and stays when the resource goes", async () => {
    const api = mithril.api();
    const mine = await api.sshKeys.create({ name: "laptop", publicKey: publicKey(), required: false }, signal());
    const key = resource("SshKey");
    const inputs = { name: "train", publicKey: publicKey().replace("test-1", "another comment") };
    await key.up(inputs);
    assert.equal(key.stored!.id, mine.fid);
    assert.equal(await key.up(inputs), "same");
    await key.refresh();
    assert.equal(await key.up(inputs), "same");
    await key.destroy();
    assert.deepEqual(
      (await api.sshKeys.list(signal())).map(({ name }) => name),
      ["laptop"],
    );
    assert.equal(mithril.count("CreateSshKey"), 1);
  });

  it("refuses at the preview a key that the project does not have, and keeps clusters whose key is gone", async () => {
    const api = mithril.api();
    const { fid } = await api.sshKeys.create({ name: "laptop", publicKey: publicKey(), required: false }, signal());
    const cluster = resource("Cluster");
    const inputs = { name: "c", region, instanceType: "cpu.4x" };
    const { failures } = await cluster.check({ ...inputs, sshKeys: [fid, "sshkey_other"] });
    assert.deepEqual(
      failures.map(({ property, reason }) => `${property}: ${reason}`),
      [`sshKeys[1]: project ${projectId} has no SSH key sshkey_other; it has: laptop (${fid})`],
    );
    await cluster.up({ ...inputs, sshKeys: [fid] });
    await api.sshKeys.delete(fid, signal());
    assert.equal(await cluster.up({ ...inputs, sshKeys: [fid] }), "same");
  });

  it("has a long history of bids: it is read to order one, and not at each look", async () => {
    const spec = {
      clusterId: "",
      clusterName: "c",
      name: "gpu",
      region,
      instanceType: "h100-80gb.sxm.8x",
      sshKeys: [],
    };
    const inputs = { ...spec, capacity: { spot: { limitPrice: "$20.00" } }, minSize: 1, maxSize: 1 };
    const api = mithril.api();
    const key = (await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal())).fid;
    const shape = { name: "c", region, sshKeys: [key], instanceType: "it_simCpu4x000000", kubernetesVersion: "1.34" };
    inputs.clusterId = (await api.clusters.create(shape, signal())).fid;
    const group = resource("NodeGroup");
    await group.up(inputs);
    const [bid] = Object.values(mithril.cloud.state.bids);
    for (let index = 0; index < 350; index++) {
      const old = { ...bid!, fid: `bid_old${index}`, name: `c-gpu-${index + 1}`, status: "Terminated", instances: [] };
      mithril.cloud.state.bids[old.fid] = old as typeof bid & object;
    }
    const pages = () =>
      mithril.requests.filter(({ operation, query }) => operation === "ListBids" && !query.has("status")).length;
    const before = pages();
    await group.refresh();
    assert.equal(await group.up(inputs), "same");
    assert.equal(pages(), before);
    await group.up({ ...inputs, minSize: 2, maxSize: 2 });
    assert.equal(pages(), before + 4);
    // Names of bids that have ended are not used again.
    assert.ok(Object.values(mithril.cloud.state.bids).some(({ name }) => name === "c-gpu-351"));
    await group.destroy();
  });

  it("keeps rows of instances under a bid that has ended: a destroy does not wait for them", async () => {
    const bid = resource("SpotBid");
    await bid.up({ name: "b", region, instanceType: "h100-80gb.sxm.8x", limitPrice: "$20.00", sshKeys: [] });
    const rows = ["STATUS_PREEMPTED", "STATUS_ERROR"].map((status, index) => {
      const facts = { fid: `inst_${index}`, name: `b-${index}`, status, bid: bid.stored!.id, instance_type: "it_1" };
      return { ...facts, project: "p", created_at: new Date().toISOString(), created_by: "user_1" };
    });
    const body = { data: rows, next_cursor: null };
    mithril.inject("ListInstances", { effect: "before", outcome: { status: 200, body }, times: 100 });
    await bid.destroy();
    mithril.clearFaults();
  });

  it("begins no reservation in the past", async () => {
    const thisHour = Math.floor(Date.now() / 3_600_000);
    const at = (hours: number) => new Date((thisHour + hours) * 3_600_000).toISOString();
    const order = { name: "r", region, instanceType: "h100-80gb.sxm.8x", sshKeys: [], onDestroy: "keep" };
    const reservation = resource("Reservation");
    await assert.rejects(reservation.up({ ...order, start: at(-2), end: at(3) }), /start: .* has passed/);
    await reservation.up({ ...order, start: at(1), end: at(5) });
    assert.equal(await reservation.up({ ...order, start: at(1), end: at(5) }), "same");
  });
});
