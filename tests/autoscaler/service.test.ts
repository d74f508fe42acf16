import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Method } from "../../autoscaler/protocol/messages";
import { nodeType } from "../../autoscaler/protocol/descriptors";
import { until } from "../until";
import { FakeCloud, fakeTemplate } from "./fake-cloud";
import { FakeKubernetes, startServer, type TestServer } from "./server";
import { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";

describe("the server that cluster-autoscaler asks", () => {
  let cloud: FakeCloud;
  let server: TestServer;
  afterEach(() => server.close());
  const start = async (size = 2, rest: Partial<Parameters<typeof startServer>[0]> = {}) => {
    cloud = new FakeCloud("m");
    await cloud.resize(size);
    cloud.tick();
    cloud.tick();
    server = await startServer({ clouds: { gpu: cloud }, ...rest });
    return server.client;
  };
  const refused = async (method: Method, request: object, code: number) =>
    assert.rejects(server.client.call(method, request as never), (error: ServiceError) => error.code === code);
  const node = (name: string, rest: object = {}) => ({ providerID: `fake:///${name}`, name, labels: {}, ...rest });

  it("lists groups, sizes and machines", async () => {
    const client = await start();
    const { nodeGroups } = await client.call("NodeGroups", {});
    assert.deepEqual(
      nodeGroups.map(({ id, minSize, maxSize }) => [id, minSize, maxSize]),
      [["gpu", 0, 10]],
    );
    assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 2);
    const { instances } = await client.call("NodeGroupNodes", { id: "gpu" });
    assert.deepEqual(
      instances.map(({ id, status: { instanceState } }) => [id, instanceState]),
      [
        ["fake:///m-0", 1],
        ["fake:///m-1", 1],
      ],
    );
  });

  it("takes a node for its own group's, though it says that it is another group's machine", async () => {
    const [gpu, other] = [new FakeCloud("m"), new FakeCloud("o")];
    for (const each of [gpu, other]) {
      await each.resize(1);
      each.tick();
      each.tick();
    }
    const kubernetes = new FakeKubernetes();
    kubernetes.node("m-0");
    kubernetes.node("o-0", { group: "other", providerId: "fake:///m-0" });
    server = await startServer({ clouds: { gpu, other }, kubernetes });
    const { client } = server;
    const forged = node("o-0", { providerID: "fake:///m-0" });
    const groupOf = async () => (await client.call("NodeGroupForNode", { node: forged })).nodeGroup?.id;
    await until("both are known", async () => (await client.call("NodeGroups", {})).nodeGroups.length === 2);
    assert.notEqual(await groupOf(), "gpu");
    await until("its node was read", async () => (await groupOf()) === "other");
    await client.call("NodeGroupDeleteNodes", { id: "other", nodes: [forged] });
    await until("it is removed", async () => other.removed.length > 0);
    assert.deepEqual([gpu.removed, other.removed], [[], ["o-0"]]);
  });

  it("grows and shrinks the group, answering before the cloud has done anything", async () => {
    const client = await start();
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 4);
    await until("the cloud has it", async () => cloud.target === 4);
    cloud.tick();
    await until(
      "the machines are told",
      async () => (await client.call("NodeGroupNodes", { id: "gpu" })).instances.length === 4,
    );
    await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [node("m-1")] });
    await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [node("m-1")] });
    assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 3);
    await until("it is removed", async () => cloud.target === 3);
    assert.deepEqual(cloud.removed, ["m-1"]);
    await client.call("NodeGroupDecreaseTargetSize", { id: "gpu", delta: -3 });
    assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 3, "no machine is taken for it");
  });

  it("changes nothing while its cluster is silent, which may be about to be destroyed, and goes on when it answers again", async () => {
    const kubernetes = new FakeKubernetes();
    const client = await start(2, { kubernetes, timing: { silenceMs: 200 } });
    const { list } = kubernetes;
    kubernetes.list = () => Promise.reject(new Error("connect ECONNREFUSED"));
    await until("it is silent", async () => server.lines.some((line) => line.includes("the API server refused")));
    await delay(250);
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 2 });
    const looks = cloud.calls.length;
    await until(
      "the cloud is looked at",
      async () => cloud.calls.slice(looks).filter((call) => call === "describe").length > 2,
    );
    assert.equal(cloud.target, 2);
    kubernetes.list = list;
    await until("the cloud has it", async () => cloud.target === 4);
  });

  it("tells the group of a node: by its provider id, its placeholder, its label or its name; and of none for others", async () => {
    const client = await start();
    const groupOf = async (asked: object) =>
      (await client.call("NodeGroupForNode", { node: asked as never })).nodeGroup.id;
    assert.equal(await groupOf(node("m-0")), "gpu");
    assert.equal(await groupOf({ name: "m-0", providerID: "", labels: {} }), "gpu");
    assert.equal(await groupOf({ name: "x", providerID: "placeholder://gpu/old-3", labels: {} }), "gpu");
    assert.equal(await groupOf(node("new", { labels: { "gpu-clusters/node-group": "gpu" } })), "gpu");
    const foreign = { "gpu-clusters/node-group": "gpu", "gpu-clusters/cluster": "other" };
    assert.equal(await groupOf(node("new", { labels: foreign })), "");
    const control = { "gpu-clusters/node-group": "gpu", "node-role.kubernetes.io/control-plane": "" };
    assert.equal(await groupOf(node("cp", { labels: control })), "");
    assert.equal(await groupOf(node("stranger")), "");
  });

  it("gives the template of a group without nodes in both encodings, never empty", async () => {
    const client = await start(0);
    const { nodeInfo, nodeBytes } = await client.call("NodeGroupTemplateNodeInfo", { id: "gpu" });
    assert.deepEqual(nodeInfo, nodeBytes);
    const template = nodeType.toObject(nodeType.decode(nodeBytes)) as Record<string, any>;
    assert.equal(template["metadata"].labels.pool, "gpu");
    assert.equal(template["metadata"].labels["topology.kubernetes.io/zone"], "a");
    assert.deepEqual(template["spec"].taints, fakeTemplate.taints);
    assert.deepEqual(template["status"].capacity["nvidia.com/gpu"], { string: "8" });
    assert.deepEqual(template["status"].allocatable.cpu, { string: "31" });
    assert.deepEqual(template["status"].conditions, [{ type: "Ready", status: "True" }]);
  });

  it("has no template rather than an empty one, or an error that would end cluster-autoscaler's round", async () => {
    cloud = new FakeCloud("m");
    cloud.template = () => Promise.reject(new Error("DescribeInstanceTypes is not allowed"));
    server = await startServer({ clouds: { gpu: cloud }, timing: { startMs: 50 } });
    await refused("NodeGroupTemplateNodeInfo", { id: "gpu" }, status.UNIMPLEMENTED);
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
  });

  it("does not implement options and prices, and knows no other group", async () => {
    await start();
    for (const method of ["NodeGroupGetOptions", "PricingNodePrice", "PricingPodPrice"] as const)
      await refused(method, { id: "gpu" }, status.UNIMPLEMENTED);
    for (const method of ["NodeGroupTargetSize", "NodeGroupNodes", "NodeGroupTemplateNodeInfo"] as const)
      await refused(method, { id: "nope" }, status.NOT_FOUND);
  });

  it("tells its GPU label and the models that groups have", async () => {
    const client = await start();
    assert.deepEqual(await client.call("GPULabel", {}), { label: "gpu-clusters/gpu" });
    assert.deepEqual(Object.keys((await client.call("GetAvailableGPUTypes", {})).gpuTypes), ["h100"]);
  });

  it("leaves everything as it is when cluster-autoscaler ends, and when it ends itself", async () => {
    const client = await start();
    await client.call("Cleanup", {});
    await client.call("Refresh", {});
    await server.autoscaler.stop();
    assert.deepEqual([cloud.target, cloud.removed], [2, []]);
  });

  it("answers a refresh while the cloud hangs", async () => {
    const client = await start();
    cloud.describe = () => new Promise(() => undefined);
    await client.call("Refresh", {});
    await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
    assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 3);
  });

  it("refuses sizes beyond the bounds, machines of other groups and groups whose cloud does not answer", async () => {
    const other = new FakeCloud("other");
    await other.resize(1);
    other.tick();
    cloud = new FakeCloud("m");
    await cloud.resize(2);
    cloud.tick();
    server = await startServer({ clouds: { gpu: cloud, other }, bounds: { minSize: 1, maxSize: 3 } });
    await refused("NodeGroupIncreaseSize", { id: "gpu", delta: 2 }, status.OUT_OF_RANGE);
    await refused("NodeGroupIncreaseSize", { id: "gpu", delta: 0 }, status.INVALID_ARGUMENT);
    await refused(
      "NodeGroupDeleteNodes",
      { id: "gpu", nodes: [node("m-0"), node("other-0")] },
      status.INVALID_ARGUMENT,
    );
    await refused("NodeGroupDeleteNodes", { id: "gpu", nodes: [node("m-0"), node("m-1")] }, status.OUT_OF_RANGE);
    assert.deepEqual([cloud.removed, other.removed], [[], []]);
    const expired = new Error("ExpiredToken");
    for (let times = 0; times < 1000; times++) cloud.faults.push({ call: "describe", error: expired });
    await until("the cloud is seen to be out", async () =>
      server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 }).then(
        () => server.client.call("NodeGroupDecreaseTargetSize", { id: "gpu", delta: -1 }).then(() => false),
        (error: ServiceError) => error.code === status.UNAVAILABLE && /ExpiredToken/.test(error.details),
      ),
    );
    await server.client.call("NodeGroupIncreaseSize", { id: "other", delta: 1 });
  });

  it("says at the node why its machine stays, and not in each round again", async () => {
    await start(2, { bounds: { minSize: 1, maxSize: 3 } });
    const { kubernetes } = server;
    for (let round = 0; round < 3; round++)
      await refused("NodeGroupDeleteNodes", { id: "gpu", nodes: [node("m-0"), node("m-1")] }, status.OUT_OF_RANGE);
    await until("the events are written", async () => kubernetes.created.length >= 2);
    const told = kubernetes.created.map(({ kind, regarding, note }) => [
      kind,
      (regarding as { name: string }).name,
      note,
    ]);
    const note = 'node group gpu keeps its machine: node group "gpu" has 2 machines and keeps 1: 2 cannot go';
    assert.deepEqual(told, [
      ["Event", "m-0", note],
      ["Event", "m-1", note],
    ]);
  });

  it("removes at the minimum too what runs and has not become a node, tells it at the node that was to be, and is filled again", async () => {
    const kubernetes = new FakeKubernetes();
    kubernetes.node("m-0");
    await start(2, { bounds: { minSize: 2, maxSize: 3 }, kubernetes });
    const unregistered = { ...node("m-1"), name: "fake:///m-1" };
    const asked = () => server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [unregistered] });
    await assert.rejects(asked(), /keeps 2: 1 cannot go/, "it may still join");
    await until("it has run for long", () =>
      asked().then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await server.client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 1);
    const given = () => kubernetes.created.filter(({ reason }) => reason === "MachineWithoutNode");
    await until("it is told", async () => given().length > 0);
    assert.deepEqual(
      given().map(({ regarding }) => (regarding as { name: string }).name),
      ["m-1"],
    );
    assert.match(given()[0]!["note"] as string, /machine m-1 of node group gpu runs and has not become a node/);
    assert.ok(server.lines.some((line) => /"machines":\["m-1"\].*have not become nodes/.test(line)));
    await until("it goes", async () => cloud.removed.length === 1);
    await server.client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
    await until("another comes", async () => cloud.target === 2);
    assert.deepEqual(cloud.removed, ["m-1"]);
  });

  it("says with an error class why machines do not come", async () => {
    const client = await start(0);
    cloud.capacity = 0;
    const ticking = setInterval(() => cloud.tick(), 10);
    try {
      await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
      const broken = async () => (await client.call("NodeGroupNodes", { id: "gpu" })).instances;
      await until("the shortage is told", async () => (await broken()).length === 1);
      const [{ id, status: state }] = (await broken()) as [Awaited<ReturnType<typeof broken>>[0]];
      assert.deepEqual(state, {
        instanceState: 2,
        errorInfo: { errorCode: "OUT_OF_CAPACITY", errorMessage: "no capacity", instanceErrorClass: 1 },
      });
      await client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [{ name: id, providerID: id, labels: {} }] });
      assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 0);
      await until("the cloud is asked for none", async () => cloud.target === 0);
    } finally {
      clearInterval(ticking);
    }
  });

  it("keeps a group that left the configuration until its last node is gone", async () => {
    const kubernetes = new FakeKubernetes();
    kubernetes.node("old-0", { group: "old" });
    const client = await start(1, { kubernetes });
    const listed = async () =>
      (await client.call("NodeGroups", {})).nodeGroups.map(({ id, minSize, maxSize }) => [id, minSize, maxSize]);
    await until("the nodes are read", async () => (await listed()).length === 2);
    assert.deepEqual((await listed())[1], ["old", 0, 0]);
    const old = node("old-0", { labels: { "gpu-clusters/node-group": "old", "gpu-clusters/cluster": "train" } });
    assert.equal((await client.call("NodeGroupForNode", { node: old })).nodeGroup.id, "old");
    assert.equal((await client.call("NodeGroupTargetSize", { id: "old" })).targetSize, 1);
    await refused("NodeGroupIncreaseSize", { id: "old", delta: 1 }, status.FAILED_PRECONDITION);
    await refused("NodeGroupDeleteNodes", { id: "old", nodes: [old] }, status.FAILED_PRECONDITION);
    kubernetes.nodes = [];
    await until("it is empty", async () => (await listed()).length === 1);
  });

  it("does not list a group before its cloud has answered, and waits for the others only", async () => {
    const silent = new FakeCloud("silent");
    silent.describe = () => new Promise(() => undefined);
    cloud = new FakeCloud("m");
    server = await startServer({ clouds: { gpu: cloud, silent }, timing: { startMs: 2_000 } });
    const { nodeGroups } = await server.client.call("NodeGroups", {});
    assert.deepEqual(
      nodeGroups.map(({ id }) => id),
      ["gpu"],
    );
    await refused("NodeGroupTargetSize", { id: "silent" }, status.UNAVAILABLE);
  });

  it("listens on a unix socket, over one that a killed process left", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoscaler-socket-"));
    const path = join(folder, "server.sock");
    writeFileSync(path, "");
    try {
      const client = await start(1, { address: `unix://${path}` });
      assert.equal((await client.call("NodeGroups", {})).nodeGroups.length, 1);
      assert.ok(existsSync(path));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("answers kubelet and Prometheus", async () => {
    const client = await start();
    await client.call("NodeGroups", {});
    const page = async (path: string) => {
      const answer = await fetch(server.health + path);
      return [answer.status, await answer.text()] as const;
    };
    assert.deepEqual(await page("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await page("/readyz"), [200, "ok\n"]);
    assert.equal((await page("/else"))[0], 404);
    const [, metrics] = await page("/metrics");
    assert.match(metrics, /gpu_clusters_autoscaler_group_machines\{group="gpu",state="target"\} 2/);
    assert.match(metrics, /gpu_clusters_autoscaler_answer_seconds_count\{method="NodeGroups",status="OK"\} 1/);
    assert.match(
      metrics,
      /gpu_clusters_autoscaler_cloud_call_seconds_count\{group="gpu",call="describe",outcome="ok"\}/,
    );
  });

  it("asks an idle cloud once in a while only", async () => {
    const client = await start(2, { timing: { idleMs: 60_000 } });
    const asked = cloud.calls.length;
    for (let round = 0; round < 50; round++) {
      await client.call("Refresh", {});
      await client.call("NodeGroupNodes", { id: "gpu" });
    }
    assert.equal(cloud.calls.length, asked);
    assert.equal(cloud.calls.filter((call) => call === "describe").length, 1);
  });

  it("is right about a removal whose answer came too late, and that is asked for again", async () => {
    const client = await start();
    const removal = { id: "gpu", nodes: [node("m-0")] };
    const hurried = new ProtocolClient(server.address, 0);
    await assert.rejects(hurried.call("NodeGroupDeleteNodes", removal), { code: status.DEADLINE_EXCEEDED });
    hurried.close();
    await client.call("NodeGroupDeleteNodes", removal);
    await client.call("NodeGroupDeleteNodes", removal);
    await until("the machine goes", async () => cloud.target === 1);
    assert.deepEqual(cloud.removed, ["m-0"]);
  });
});
