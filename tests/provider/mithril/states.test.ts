/** The states of bids and instances, as resources show them after a refresh; none of them but the end is a difference. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { openGroup, type MithrilGroupSpec } from "../../../provider/mithril/open-node-group";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";
const market = `h100-80gb.sxm.8x/${region}`;
const second = 1000;
const slow = {
  auctionInterval: second,
  instanceStarting: 5 * second,
  instanceStopping: 5 * second,
  preemptionNotice: 10 * second,
};

describe("States of Mithril's orders", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  let group: EngineResource;
  let bid: EngineResource;
  beforeEach(async () => {
    mithril = await TestMithril.start(slow);
    pass = mithril.stopClock();
    plugin = await startPlugin(provider, { config: mithril.config });
    const api = mithril.api();
    const key = (await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal())).fid;
    const cluster = { name: "train", region, sshKeys: [key], instanceType: "it_simCpu4x000000" };
    const clusterId = (await api.clusters.create({ ...cluster, kubernetesVersion: "1.34" }, signal())).fid;
    const order = { region, instanceType: "h100-80gb.sxm.8x", sshKeys: [key] };
    const names = { clusterId, clusterName: "train", name: "gpu" };
    const capacity = { spot: { limitPrice: "$20.00" } };
    groupInputs = { ...order, ...names, capacity, minSize: 1, maxSize: 1 };
    bidInputs = { ...order, name: "alone", limitPrice: "$20.00", cluster: clusterId };
    group = new EngineResource(plugin, "gpu-clusters:mithril:NodeGroup", "group");
    bid = new EngineResource(plugin, "gpu-clusters:mithril:SpotBid", "bid");
  });
  afterEach(async () => {
    await plugin.stop();
    await mithril.close();
  });

  /** Lets the cloud's time pass, which it does not do by itself. */
  let pass: (ms: number) => void;
  let groupInputs: Record<string, unknown>;
  let bidInputs: Record<string, unknown>;
  const setPrice = (spotPriceCents: number) =>
    (mithril.cloud.conditions = { markets: { [market]: { spotPriceCents } } });

  /** Order and instance, as the group and as the bid show them. */
  async function shown(): Promise<string[]> {
    const all: string[] = [];
    if (await group.refresh()) {
      const { machines } = group.stored!.state.values as {
        machines: { orderStatus: string; instanceStatus: string; state: string }[];
      };
      all.push(...machines.map((machine) => `${machine.orderStatus} ${machine.instanceStatus} ${machine.state}`));
    }
    if (await bid.refresh()) {
      const { status, instances } = bid.stored!.state.values as { status: string; instances: { status: string }[] };
      all.push(`${status} ${instances[0]?.status ?? ""}`);
    }
    return all;
  }

  /** Lets time pass; then both must show it, and a second `up` must have nothing to do. */
  async function after(seconds: number, order: string, instance: string, state: string): Promise<void> {
    pass(seconds * second);
    assert.deepEqual(await shown(), [`${order} ${instance} ${state}`, `${order} ${instance}`]);
    assert.deepEqual([await group.up(groupInputs), await bid.up(bidInputs)], ["same", "same"]);
  }

  it("are told to be under way while orders are deleted, which takes minutes", async () => {
    await group.up(groupInputs);
    await bid.up(bidInputs);
    plugin.messages.length = 0;
    const clock = setInterval(() => pass(second), 20);
    await Promise.all([group.destroy(), bid.destroy()]).finally(() => clearInterval(clock));
    const told = plugin.messages.map(({ message }) => message).join("\n");
    assert.match(told, /node group "gpu" is being deleted: waiting until its machines are gone/);
    assert.match(told, /spot bid "alone" is being deleted: waiting until its instances are gone/);
  });

  it("are shown as they change: won, outbid, won again, moved to other hosts", async () => {
    setPrice(9000);
    await group.up(groupInputs);
    await bid.up(bidInputs);
    await after(2, "Open", "", "creating");
    setPrice(1600);
    await after(2, "Allocated", "STATUS_STARTING", "creating");
    await after(5, "Allocated", "STATUS_RUNNING", "running");
    setPrice(9000);
    await after(2, "Preempting", "STATUS_PREEMPTING", "running");
    await after(10, "Open", "STATUS_PREEMPTED", "creating");
    setPrice(1600);
    await after(7, "Allocated", "STATUS_RUNNING", "running");
    mithril.cloud.conditions = { relocating: ["train-gpu-0", "alone"] };
    await after(60, "Relocating", "STATUS_RELOCATING", "running");
    mithril.cloud.conditions = {};
    await after(0, "Allocated", "STATUS_STARTING", "creating");
    await after(5, "Allocated", "STATUS_RUNNING", "running");
  });

  it("keeps a node that is outbid until it wins again", async () => {
    const driver = openGroup(mithril.config, groupInputs as unknown as MithrilGroupSpec);
    const afterwards = async (seconds: number, state: string) => {
      pass(seconds * second);
      const found = await driver.describe(signal());
      const [machine, ...others] = found.machines;
      assert.deepEqual([`${machine!.orderStatus} ${machine!.state}`, others, found.size], [state, [], 1]);
      return machine!;
    };
    await driver.resize(1, signal());
    const { id } = await afterwards(7, "Allocated running");
    const [instance] = Object.keys(mithril.cloud.state.instances);
    setPrice(3000);
    await afterwards(2, "Preempting running");
    const [lost] = await driver.problems(new Date(0), signal());
    assert.equal(lost!.kind, "lost");
    assert.equal((await driver.describe(signal())).machines[0]!.notice, lost!.message);
    assert.match(lost!.message, /was outbid at \$20\.00/);
    assert.equal((await afterwards(10, "Open creating")).instanceStatus, "STATUS_PREEMPTED");
    setPrice(1600);
    const back = await afterwards(7, "Allocated running");
    assert.deepEqual([back.id, back.notice], [id, undefined]);
    assert.deepEqual(Object.keys(mithril.cloud.state.instances), [instance]);
  });

  it("are paused and resumed by an input, and ended bids are made again by the next up", async () => {
    await group.up(groupInputs);
    await bid.up(bidInputs);
    await after(7, "Allocated", "STATUS_RUNNING", "running");
    const running = [groupInputs, bidInputs] as const;
    [groupInputs, bidInputs] = [
      { ...groupInputs, paused: true },
      { ...bidInputs, paused: true },
    ];
    assert.deepEqual([await group.up(groupInputs), await bid.up(bidInputs)], ["update", "update"]);
    await after(1, "Paused", "STATUS_STOPPING", "creating");
    await after(5, "Paused", "STATUS_PAUSED", "creating");
    [groupInputs, bidInputs] = running;
    assert.deepEqual([await group.up(groupInputs), await bid.up(bidInputs)], ["update", "update"]);
    await after(7, "Allocated", "STATUS_RUNNING", "running");
    const ended = Object.keys(mithril.cloud.state.bids);
    for (const fid of ended) await mithril.api().bids.delete(fid, signal());
    assert.deepEqual(await shown(), [], "a group without nodes, and no bid");
    assert.deepEqual([await group.up(groupInputs), await bid.up(bidInputs)], ["update", "create"]);
    const { bids } = mithril.cloud.state;
    assert.deepEqual(
      ended.map((fid) => bids[fid]!.status),
      ["Terminated", "Terminated"],
    );
    await after(7, "Allocated", "STATUS_RUNNING", "running");
    let time = mithril.clock();
    mithril.clock = () => (time += second);
    await group.destroy();
    await bid.destroy();
  });
});
