/** The stand-in's rounds against our server, with clouds and nodes in memory. */
import assert from "node:assert/strict";
import type { KubernetesApi } from "../../../../provider/kubernetes/api";
import { ClusterAutoscaler } from "../../../../simulator/machines/cluster-autoscaler/cluster-autoscaler";
import { parseFlags } from "../../../../simulator/machines/cluster-autoscaler/flags";
import { FakeCloud, fakeTemplate } from "../../../autoscaler/fake-cloud";
import { startServer, type TestServer } from "../../../autoscaler/server";
import { until } from "../../../until";
import { podOf } from "./objects";

const second = 1_000;

describe("rounds of the stand-in for cluster-autoscaler", () => {
  let server: TestServer;
  let time = 0;
  const clouds = () => ({ a: new FakeCloud("a"), b: new FakeCloud("b") });
  let cloud: ReturnType<typeof clouds>;
  let autoscaler: ClusterAutoscaler;
  const never = new AbortController().signal;

  const start = (more: readonly string[] = []) => {
    return new ClusterAutoscaler({
      client: server.client,
      kubernetes: server.kubernetes as unknown as KubernetesApi,
      flags: parseFlags([
        "--scale-down-unneeded-time=30s",
        "--scale-down-delay-after-add=30s",
        "--startup-taint=network.example.com/begins",
        ...more,
      ]),
      now: () => time,
      log: () => undefined,
    });
  };
  beforeEach(async () => {
    time = 0;
    cloud = clouds();
    server = await startServer({ clouds: cloud });
    autoscaler = start();
  });
  afterEach(() => server.close());

  const waits = (name: string) =>
    podOf(name, {
      waiting: true,
      requests: { "nvidia.com/gpu": "8" },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists" }],
    });
  const round = () => autoscaler.round(never);
  const machines = () => cloud.a.live.length + cloud.b.live.length;

  /** Machines become nodes. */
  function join(group: "a" | "b"): void {
    cloud[group].tick();
    cloud[group].tick();
    for (const { nodeName } of cloud[group].machines) {
      if (server.kubernetes.nodes.some(({ metadata }) => metadata.name === nodeName)) continue;
      server.kubernetes.node(nodeName, { group });
      const node = server.kubernetes.nodes.at(-1)!;
      Object.assign(node["status"] as object, { allocatable: fakeTemplate.allocatable });
      (node["spec"] as { taints?: object }).taints = fakeTemplate.taints;
    }
  }

  async function grown(): Promise<"a" | "b"> {
    server.kubernetes.pods = [waits("p")];
    assert.equal(await round(), true);
    await until("the cloud is asked", async () => cloud.a.target + cloud.b.target === 1);
    const group = cloud.a.target === 1 ? "a" : "b";
    join(group);
    return group;
  }

  it("grow one group by what waits, once", async () => {
    await grown();
    assert.equal(await round(), false, "the node that comes is enough");
    assert.equal(machines(), 1);
  });

  it("wait for a node whose network begins, and buy no other beside it", async () => {
    await grown();
    const { spec } = server.kubernetes.nodes.at(-1)! as unknown as { spec: { taints: object[] } };
    spec.taints = [...spec.taints, { key: "network.example.com/begins", effect: "NoSchedule" }];
    assert.equal(await round(), false);
    assert.equal(machines(), 1);
  });

  it("leave a node that somebody uses, however long ago it came", async () => {
    const group = await grown();
    const { nodeName } = cloud[group].machines[0]!;
    server.kubernetes.pods = [podOf("train", { nodeName, requests: { "nvidia.com/gpu": "8" } })];
    for (let minute = 0; minute < 3; minute++) {
      time += 60 * second;
      assert.equal(await round(), false);
    }
    assert.deepEqual([server.kubernetes.evicted, machines()], [[], 1]);
  });

  it("give back what a cloud does not have, and try the next group", async () => {
    cloud.a.capacity = cloud.b.capacity = 0;
    server.kubernetes.pods = [waits("p")];
    await round();
    await until("the cloud is asked", async () => cloud.a.target + cloud.b.target === 1);
    const [first, other] = cloud.a.target === 1 ? ([cloud.a, cloud.b] as const) : ([cloud.b, cloud.a] as const);
    first.tick();
    const failed = async () =>
      server.autoscaler.groups.all().some((group) => group.instances().some((each) => each.problem));
    await until("the stock-out is known", failed);
    await round();
    await until("the order is taken back", async () => first.target === 0);
    await round();
    await until("the other is asked", async () => other.target === 1);
  });

  it("remove a node that nobody has needed for a while, after its pods have left it", async () => {
    const group = await grown();
    const { nodeName } = cloud[group].machines[0]!;
    const shared = podOf("small", { nodeName, requests: { cpu: "1" }, tolerations: [{ operator: "Exists" }] });
    server.kubernetes.pods = [shared];
    server.kubernetes.node("elsewhere", { labels: { "gpu-clusters/cluster": "other" } });
    Object.assign(server.kubernetes.nodes.at(-1)!["status"] as object, {
      allocatable: { cpu: "8", memory: "8Gi", pods: "9" },
    });
    await until("the server knows its node", async () =>
      server.autoscaler.groups.ofNode({ name: nodeName, providerId: `fake:///${nodeName}`, labels: {} }),
    );
    time += 60 * second;
    assert.equal(await round(), false, "only since now");
    time += 31 * second;
    assert.equal(await round(), true);
    assert.deepEqual(server.kubernetes.evicted, ["small"]);
    await until("the machine goes", async () => cloud[group].removed.length === 1);
    assert.equal(machines(), 0);
  });

  it("replace a machine that does not become a node at its group's minimum too, each time after a longer while, where the flag says so", async () => {
    await server.close();
    server = await startServer({ clouds: cloud, bounds: { minSize: 1, maxSize: 3 }, timing: { joinMs: 0 } });
    const flags = ["--enforce-node-group-min-size=true"];
    autoscaler = start(flags);
    await round();
    await until("both are asked", async () => cloud.a.target === 1 && cloud.b.target === 1);
    join("b");
    cloud.a.tick();
    cloud.a.tick();
    const seen = () => server.autoscaler.groups.get("a").instances();
    await until("it runs", async () => seen().some(({ state }) => state === "running"));
    const late = async () => {
      await round();
      time += 901 * second;
      await round();
    };
    await late();
    assert.deepEqual(cloud.a.removed, [], "the minimum");
    autoscaler = start([...flags, "--force-delete-unregistered-nodes=true"]);
    await late();
    await until("it goes", async () => cloud.a.removed.length === 1);
    cloud.a.tick();
    await until("it is gone", async () => seen().length === 0);
    await round();
    assert.equal(cloud.a.target, 0, "the group is passed over for a while");
    time += 301 * second;
    await round();
    await until("another comes", async () => cloud.a.target === 1);
    assert.deepEqual(cloud.b.removed, []);
  });

  it("end without the end of any group, and begin with nodes that were about to go", async () => {
    const group = await grown();
    const [node] = server.kubernetes.nodes as [(typeof server.kubernetes.nodes)[0]];
    const spec = node["spec"] as { taints: { key: string; effect: string }[] };
    spec.taints = [...spec.taints, { key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }];
    await autoscaler.end();
    assert.equal(machines(), 1);
    autoscaler = start();
    server.kubernetes.pods = [];
    await round();
    assert.deepEqual(
      (node["spec"] as typeof spec).taints.map(({ key }) => key),
      ["nvidia.com/gpu"],
    );
    assert.equal(cloud[group].removed.length, 0);
  });
});
