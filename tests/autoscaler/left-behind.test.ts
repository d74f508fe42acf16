/** Nodes that a gone machine has left, where another machine has its name by now: private addresses are given again soon, and so are names. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../until";
import { FakeCloud } from "./fake-cloud";
import { FakeKubernetes, startServer, type TestServer } from "./server";

describe("a node that a gone machine has left", () => {
  let kubernetes: FakeKubernetes;
  let cloud: FakeCloud;
  let server: TestServer;
  const start = async (timing = {}) => {
    kubernetes = new FakeKubernetes();
    cloud = new FakeCloud("m");
    await cloud.resize(1);
    cloud.tick();
    cloud.tick();
    const left = "fake:///m-gone";
    kubernetes.node("m-0", { providerId: left, ready: false });
    server = await startServer({ clouds: { gpu: cloud }, kubernetes, timing });
    await until("nodes were read", () => kubernetes.readings > 1);
    return left;
  };
  afterEach(() => server.close());
  const ids = async () => {
    const { instances } = await server.client.call("NodeGroupNodes", { id: "gpu" });
    return instances.map(({ id }) => id);
  };

  it("is not taken for the new machine's, which counts as not joined", async () => {
    await start({ nodeGraceMs: 60_000 });
    assert.deepEqual(await ids(), ["fake:///m-0"]);
    assert.equal(server.autoscaler.groups.get("gpu").instances()[0]!.state, "running");
    const nodes = [{ providerID: "fake:///m-0", name: "fake:///m-0", labels: {} }];
    // As cluster-autoscaler does with what has not joined in time.
    await server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes });
    await until("it is removed", () => cloud.removed.length === 1);
  });

  it("is deleted, and no machine with it when its removal is asked for", async () => {
    const left = await start({ nodeGraceMs: 400 });
    const asked = { providerID: left, name: "m-0", labels: {} };
    await server.client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [asked] });
    const { nodeGroup } = await server.client.call("NodeGroupForNode", {
      node: { ...asked, labels: { "gpu-clusters/node-group": "gpu" } },
    });
    assert.equal(nodeGroup.id, "gpu");
    await until("the node is deleted", () => kubernetes.nodes.length === 0);
    kubernetes.node("m-0");
    await delay(600);
    assert.deepEqual([kubernetes.nodes.length, cloud.removed, await ids()], [1, [], ["fake:///m-0"]]);
  });

  it("is not drained for what its machine was told, as the new machine's", async () => {
    await start({ nodeGraceMs: 60_000 });
    kubernetes.nodes[0]!.metadata.annotations = { "gpu-clusters/notice": "EC2 takes the machine back: terminate" };
    const { readings } = kubernetes;
    await until("nodes were read again", () => kubernetes.readings > readings + 2);
    assert.ok(!server.lines.some((line) => line.includes("draining")), server.lines.join(""));
  });
});
