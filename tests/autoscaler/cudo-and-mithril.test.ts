/** The server over real drivers, opened from configuration and spec as in a cluster, on the simulated Cudo and Mithril. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { openNodeGroup } from "../../provider/clouds";
import type { AutoscalerTiming } from "../../autoscaler/autoscaler";
import type { GroupDriver } from "../../autoscaler/group/reconciler";
import type { ProviderConfig } from "../../provider/server/resource";
import type { NodeGroupDriver } from "../../provider/node-groups/driver";
import { until } from "../until";
import { cpuGroup, never, simulatedCloud, type SimulatedCloud, readyNetwork } from "../provider/cudo/simulated-cloud";
import { publicKey, signal, TestMithril } from "../provider/mithril/cloud";
import { market, orderCluster, region } from "../provider/mithril/hosted-cluster";
import { startServer, type TestServer } from "./server";

const patienceMs = 60_000;

const instances = async ({ client }: TestServer) => (await client.call("NodeGroupNodes", { id: "gpu" })).instances;
const target = async ({ client }: TestServer) => (await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize;
const named = (ids: readonly string[]) => ids.map((id) => ({ providerID: id, name: id, labels: {} }));
/** So many machines run, and all others are gone. */
const running = (server: TestServer, count: number) =>
  until(
    `${count} machines run`,
    async () => {
      const all = await instances(server);
      return (
        all.length === count &&
        all.every(({ status }) => status.instanceState === 1) &&
        (await target(server)) === count
      );
    },
    patienceMs,
  );
const broken = async (server: TestServer, count: number) => {
  let found: Awaited<ReturnType<typeof instances>> = [];
  const look = async () => {
    found = (await instances(server)).filter(({ status }) => status.errorInfo);
    return found.length === count;
  };
  await until(`${count} machines do not come`, look, patienceMs);
  return found;
};

/** What the server said, for its log and for pods that wait, of machines that do not come. */
const toldBy = ({ lines }: TestServer) => lines.filter((line) => line.includes("does not grow"));

function open(cloud: string, config: ProviderConfig, spec: object): Promise<NodeGroupDriver> {
  return openNodeGroup(cloud, config, spec, { owner: "urn:gpu", warn: () => undefined });
}

describe("the autoscaler's server on Cudo", () => {
  let cloud: SimulatedCloud;
  let server: TestServer;
  before(async () => {
    cloud = await simulatedCloud();
    await readyNetwork(cloud);
  });
  after(() => cloud.close());
  afterEach(() => server.close());

  const serve = async () => {
    const spec = {
      ...cpuGroup,
      name: "gpu",
      minSize: 0,
      maxSize: 5,
      startScript: "#!/bin/bash\ntrue",
      kubeconfig: "",
    };
    const gpu = await open("cudo", { cudo: cloud.config }, spec);
    server = await startServer({ clouds: { gpu }, timing: { staleMs: 300, patienceMs: 200 } });
    return server.client;
  };

  it("grows from zero, removes what is named, and restarts in the middle of both", async () => {
    let client = await serve();
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    await until("machines are being made", async () => (await cloud.api.vms.list(never)).length > 0, patienceMs);
    await server.close();
    client = await serve();
    const made = await target(server);
    if (made < 2) await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 - made });
    await running(server, 2);
    const [first] = await instances(server);
    await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([first!.id]) });
    await until(
      "the request is on its way",
      async () => (await cloud.operations()).includes("TerminateVM"),
      patienceMs,
    );
    await server.close();
    await serve();
    await running(server, 1);
    assert.equal((await cloud.api.vms.list(never)).filter(({ state }) => state === "ACTIVE").length, 1);
  });

  it("is full: machines that could be made stay, the rest is given back, and nothing is tried again until asked", async () => {
    const client = await serve();
    const before = await target(server);
    await cloud.simulator.setConditions("cudo", { quotas: { vms: before + 1 } });
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 3 });
    const missing = await broken(server, 2);
    assert.deepEqual(
      missing.map(({ status }) => status.errorInfo!.errorCode),
      ["QUOTA_EXCEEDED", "QUOTA_EXCEEDED"],
    );
    await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named(missing.map(({ id }) => id)) });
    await running(server, before + 1);
    await cloud.simulator.clearFaults();
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
    await running(server, before + 2);
  });

  it("says what became of a machine that failed as soon as it was made, takes it back, and makes no other until asked", async () => {
    const client = await serve();
    const before = await target(server);
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "gpu" } });
    await cloud.simulator.clearRequests();
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
    await until("it is told", () => toldBy(server).length > 0, patienceMs);
    const [failed] = await broken(server, 1);
    for (const said of [failed!.status.errorInfo!.errorMessage, ...toldBy(server)])
      assert.match(said, /VM \\?"[\w-]+\\?" went to the state FAILED.*Cudo gives no reason/);
    await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([failed!.id]) });
    await running(server, before);
    await delay(600);
    assert.equal((await cloud.operations()).filter((operation) => operation === "CreateVM").length, 1);
    assert.equal(toldBy(server).length, 1);
  });
});

describe("the autoscaler's server on Mithril", () => {
  const type = "h100-80gb.sxm.8x";
  let mithril: TestMithril;
  let server: TestServer;
  let serve: (capacity: object, timing?: Partial<AutoscalerTiming>) => Promise<void>;
  let afterResize: () => Promise<unknown>;
  beforeEach(async () => {
    mithril = await TestMithril.start();
    afterResize = () => Promise.resolve();
    const { clusterId, key } = await orderCluster(mithril.api(), publicKey());
    serve = async (capacity, timing) => {
      const spec = {
        clusterId,
        clusterName: "train",
        name: "gpu",
        region,
        instanceType: type,
        sshKeys: [key],
        labels: { "gpu-clusters/gpu": "nvidia-h100" },
        minSize: 0,
        maxSize: 5,
        capacity,
      };
      const driver = await open("mithril", mithril.config, spec);
      const gpu: GroupDriver = Object.assign(Object.create(driver) as NodeGroupDriver, {
        resize: (size: number, signal: AbortSignal) => driver.resize(size, signal).then(() => afterResize()),
      });
      server = await startServer({ clouds: { gpu }, timing: { staleMs: 300, patienceMs: 100, ...timing } });
    };
    await serve({ spot: { limitPrice: "$20.00" } });
  });
  afterEach(async () => {
    await server.close();
    await mithril.close();
  });
  const setPrice = (spotPriceCents: number) => (mithril.cloud.conditions.markets = { [market]: { spotPriceCents } });
  const liveBids = () => Object.values(mithril.cloud.state.bids).filter(({ status }) => status !== "Terminated");

  it("bids for what is asked, ends the bids of what is named, and never a cheaper one", async () => {
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 3 });
    await running(server, 3);
    const [, second] = await instances(server);
    await server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([second!.id]) });
    await running(server, 2);
    assert.equal(liveBids().length, 2);
  });

  it("ends a bid of several instances whole, and no part of it", async () => {
    await server.close();
    await serve({ spot: { limitPrice: "$20.00", bidSize: 2 } });
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 4 });
    await running(server, 4);
    assert.equal(liveBids().length, 2);
    const first = (await instances(server))[0]!.id;
    const together = (await instances(server)).filter(({ id }) => id.replace(/\d+$/, "") === first.replace(/\d+$/, ""));
    assert.equal(together.length, 2);
    await assert.rejects(server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([first]) }), {
      code: status.FAILED_PRECONDITION,
    });
    assert.equal(await target(server), 4);
    const both = named(together.map(({ id }) => id));
    await server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: both });
    await running(server, 2);
    assert.equal(liveBids().length, 1);
  });

  it("shows new bids that the market is above as not coming, and ends them when they are given back", async () => {
    setPrice(2_500);
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    const waiting = await broken(server, 2);
    assert.match(waiting[0]!.status.errorInfo!.errorMessage, /the market .* is at \$25\.00/);
    await server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named(waiting.map(({ id }) => id)) });
    await running(server, 0);
    assert.deepEqual(liveBids(), []);
  });

  type Instance = (typeof mithril.cloud.state.instances)[string];
  const ways: [string, (instance: Instance) => [string, Parameters<TestServer["kubernetes"]["strangeNode"]>[1]?]][] = [
    ["its name, with a provider id of its own", ({ name }) => [name, { providerId: "undocumented://1" }]],
    ["its name alone", ({ name }) => [name]],
    ["its full name", ({ name }) => [`${name}.internal`]],
    ["its address", ({ address }) => ["ip-1", { address }]],
    ["a label with the instance's id", ({ fid }) => ["ip-1", { labels: { "example.test/id": fid } }]],
  ];
  for (const [way, node] of ways) {
    it(`knows a node by ${way}, and removes no paid bid as one that did not join`, async () => {
      const { client, kubernetes } = server;
      await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
      await running(server, 1);
      kubernetes.strangeNode(...node(Object.values(mithril.cloud.state.instances)[0]!));
      const ofNode = () => (kubernetes.nodes[0]!["spec"] as { providerID?: string }).providerID ?? "";
      await until("both have one id", async () => ofNode() !== "" && (await instances(server))[0]!.id === ofNode());
      await assert.rejects(client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([ofNode()]) }), /has joined/);
      assert.equal(liveBids().length, 1);
      const { name } = kubernetes.nodes[0]!.metadata;
      const asked = { providerID: ofNode(), name: name!, labels: {} };
      assert.equal((await client.call("NodeGroupForNode", { node: asked })).nodeGroup.id, "gpu");
      await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [asked] });
      await running(server, 0);
      assert.deepEqual(liveBids(), []);
    });
  }

  it("gives a node that has come the label of its GPUs at once, before cluster-autoscaler can take it for one without", async () => {
    await server.close();
    await serve({ spot: { limitPrice: "$20.00" } }, { nodesMs: 3_600_000 });
    const { client, kubernetes } = server;
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    await running(server, 2);
    for (const { name } of Object.values(mithril.cloud.state.instances)) {
      kubernetes.strangeNode(name);
      const node = kubernetes.nodes.at(-1)!;
      await until("it has the label", async () => node.metadata.labels!["gpu-clusters/gpu"] !== undefined);
    }
    const { readings } = kubernetes;
    kubernetes.strangeNode("of-another-group");
    await delay(100);
    assert.equal(kubernetes.readings, readings, "nobody is awaited any more");
  });

  it("keeps bids while nodes are there that it cannot tell apart, and while provider ids cannot be given", async () => {
    const { client, kubernetes } = server;
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    await running(server, 2);
    const ids = (await instances(server)).map(({ id }) => id);
    kubernetes.strangeNode("nobody-knows");
    kubernetes.patch = () => Promise.reject(new Error("forbidden"));
    const refusal = async (id: string) =>
      client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named([id]) }).then(
        () => "",
        ({ message }: Error) => message,
      );
    const seen = kubernetes.readings + 2;
    await until("it is seen", async () => kubernetes.readings >= seen);
    assert.match(await refusal(ids[0]!), /may be one of nobody-knows/);
    kubernetes.strangeNode(Object.values(mithril.cloud.state.instances)[1]!.name);
    await until("its node is seen", async () => /has joined/.test(await refusal(ids[1]!)));
    assert.equal(liveBids().length, 2);
  });

  for (const when of ["before it is seen", "while it starts"])
    it(`shows a bid that Mithril ends ${when} as one that does not come, tells it, and bids no more until asked`, async () => {
      const { client } = server;
      const endAll = () => Promise.all(liveBids().map(({ fid }) => mithril.api().bids.delete(fid, signal())));
      if (when === "while it starts") {
        mithril.stopClock();
        await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
        await until("the bid is seen", async () => (await instances(server)).length === 1);
        await endAll();
      } else {
        afterResize = endAll;
        await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
      }
      const lost = await broken(server, 1);
      assert.match(lost[0]!.status.errorInfo!.errorMessage, /ended before it ran/);
      assert.equal(mithril.count("CreateBid"), 1);
      await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: named(lost.map(({ id }) => id)) });
      assert.equal(await target(server), 0);
      await delay(600);
      assert.deepEqual([mithril.count("CreateBid"), await target(server)], [1, 0]);
      assert.equal(toldBy(server).length, 1);
    });

  it("keeps the bid of a machine that is outbid, and has it again when the price falls", async () => {
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
    await running(server, 1);
    const [{ id }] = (await instances(server)) as [Awaited<ReturnType<typeof instances>>[0]];
    setPrice(2_500);
    await until("it is outbid", async () => (await instances(server))[0]!.status.instanceState === 2, patienceMs);
    assert.equal((await instances(server))[0]!.status.errorInfo, null);
    setPrice(1_500);
    await running(server, 1);
    assert.equal((await instances(server))[0]!.id, id);
  });
});
