/** What the server does in its cluster, on a real API server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drain } from "../../autoscaler/cluster/drain";
import { RefusedRemovals, tellStockOut } from "../../autoscaler/cluster/events";
import { Interruptions } from "../../autoscaler/cluster/interruptions";
import { NodeCare } from "../../autoscaler/cluster/node-care";
import { ClusterNodes } from "../../autoscaler/cluster/nodes";
import { ownKubeconfig } from "../../autoscaler/cluster/own-cluster";
import {
  KubernetesApiError,
  referenceTo,
  type KubernetesApi,
  type KubernetesObject,
} from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import type { NodeObject } from "../../provider/kubernetes/node-readiness";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { httpsServer } from "../provider/kubernetes/https-server";
import { until } from "../until";
import { fakeTemplate } from "./fake-cloud";
import { GroupScene } from "./scene";

const never = new AbortController().signal;

describe("the autoscaler's server in its cluster", () => {
  let cluster: TestControlPlane;
  let api: KubernetesApi;
  before(async () => {
    cluster = await controlPlane();
    api = kubernetesApi(await cluster.kubeconfig("system:masters"));
    await until("the API server answers", async () => (await api.text("/readyz")) === "ok");
    await api.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } });
  });
  after(() => cluster.close());
  afterEach(async () => {
    for (const kind of ["Node", "Pod"])
      for (const { metadata } of await api.list({ apiVersion: "v1", kind }))
        await api.delete({ apiVersion: "v1", kind, name: metadata.name!, namespace: metadata.namespace });
  });

  const labels = { "gpu-clusters/cluster": "train", "gpu-clusters/node-group": "gpu" };
  const nodeNamed = (name: string) => ({ apiVersion: "v1", kind: "Node", name });
  const makeNode = (name: string, { providerID = `fake:///${name}`, own = labels as object, ready = "Unknown" } = {}) =>
    api.create({
      ...nodeNamed(name),
      metadata: { name, labels: own },
      spec: { ...(providerID && { providerID }) },
      status: { conditions: [{ type: "Ready", status: ready }] },
    } as KubernetesObject);

  const makePod = (name: string, spec: object, metadata: object = {}) =>
    api.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", ...metadata },
      spec: { containers: [{ name: "c", image: "example.test/c" }], ...spec },
    } as KubernetesObject);

  /** A group with two machines, whose nodes are read and cared for as the server does it. */
  async function care(size = 2) {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(size);
    const nodes = new ClusterNodes("train");
    const removed: string[] = [];
    const attendant = new NodeCare({
      api,
      nodes,
      groups: [scene.group],
      labelsOf: () => ({ "gpu-clusters/gpu": "h100" }),
      graceMs: 60_000,
      now: () => scene.time,
      removed: (_, { name }) => removed.push(name),
    });
    const attend = async (ms = 0) => {
      scene.time += ms;
      nodes.update((await api.list({ apiVersion: "v1", kind: "Node", limit: 1 })) as NodeObject[]);
      await attendant.attend(never);
    };
    return { scene, nodes, removed, attend };
  }

  it("deletes the node of a machine that is gone, after a grace", async () => {
    const { scene, removed, attend } = await care();
    await makeNode("m-0");
    await makeNode("m-1");
    await attend();
    scene.cloud.lose("m-0");
    await scene.turn();
    await attend();
    await attend(59_000);
    assert.deepEqual(removed, []);
    await attend(1_000);
    assert.deepEqual(removed, ["m-0"]);
    assert.equal(await api.read(nodeNamed("m-0")), undefined);
    assert.ok(await api.read(nodeNamed("m-1")));
  });

  it("gives nodes the GPU label where their cloud gives none, and leaves what a node says of itself", async () => {
    const { attend } = await care();
    await makeNode("m-0");
    await makeNode("m-1", { own: { ...labels, "gpu-clusters/gpu": "a100" } });
    await attend();
    const labelOf = async (name: string) => (await api.read(nodeNamed(name)))!.metadata.labels!["gpu-clusters/gpu"];
    assert.deepEqual([await labelOf("m-0"), await labelOf("m-1")], ["h100", "a100"]);
  });

  it("leaves nodes that still report, other clusters' nodes, and those whose machine is only out of a stale list", async () => {
    const { scene, removed, attend } = await care();
    await makeNode("m-0", { ready: "True" });
    await makeNode("m-1");
    await makeNode("alien", { own: { ...labels, "gpu-clusters/cluster": "other" } });
    await attend();
    scene.cloud.lose("m-0");
    scene.cloud.stale = { size: 0, machines: [] };
    await scene.turn();
    await attend();
    scene.cloud.stale = undefined;
    await scene.turn();
    await attend(30_000);
    await attend(60_000);
    assert.deepEqual(removed, []);
  });

  it("takes nodes without labels by the names that their machines had", async () => {
    const { scene, removed, attend } = await care(1);
    await makeNode("m-0", { own: {} });
    await attend();
    scene.cloud.lose("m-0");
    await scene.turn();
    await attend();
    await attend(60_000);
    assert.deepEqual(removed, ["m-0"]);
  });

  it("gives a node without provider id its machine's, by which cluster-autoscaler knows it", async () => {
    const { attend, scene } = await care(1);
    await makeNode("m-0", { providerID: "" });
    await attend();
    assert.equal(((await api.read(nodeNamed("m-0")))!["spec"] as { providerID: string }).providerID, "fake:///m-0");
    await attend();
    assert.equal(scene.group.instances()[0]!.id, "fake:///m-0");
  });

  it("shows a machine under the provider id that its node has", async () => {
    const { attend, scene } = await care(1);
    await makeNode("m-0", { providerID: "undocumented://x" });
    await attend();
    assert.equal(scene.group.instances()[0]!.id, "undocumented://x");
  });

  it("cordons a node whose machine is taken back, and evicts its pods except the node's own", async () => {
    await makeNode("m-0");
    await makePod("web", { nodeName: "m-0" });
    await makePod(
      "daemon",
      { nodeName: "m-0" },
      {
        ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "1" }],
      },
    );
    await makePod("elsewhere", { nodeName: "m-1" });
    const stop = new AbortController();
    const refused = () => assert.fail("no pod is held");
    const drained = drain({ api, node: "m-0", stop: stop.signal, refused });
    const deleted = async (name: string) =>
      (await api.read({ apiVersion: "v1", kind: "Pod", name, namespace: "default" }))?.metadata.deletionTimestamp !==
      undefined;
    await until("the pod is evicted", () => deleted("web"));
    assert.deepEqual([await deleted("daemon"), await deleted("elsewhere")], [false, false]);
    assert.equal(((await api.read(nodeNamed("m-0")))!["spec"] as { unschedulable: boolean }).unschedulable, true);
    stop.abort();
    await drained;
    await drain({ api, node: "gone", stop: never, refused });
  });

  describe("whose machines its cloud takes back", () => {
    // A drain that is left running would take the next test's pods.
    let test = new AbortController();
    beforeEach(() => (test = new AbortController()));
    afterEach(() => test.abort());

    const specOf = async (name: string) => (await api.read(nodeNamed(name)))!["spec"] as { unschedulable?: boolean };
    const areCordoned = async () =>
      [await specOf("m-0"), await specOf("m-1")].map((spec) => spec.unschedulable === true);
    const attendant = async () => {
      const { scene, nodes } = await care();
      const [told, held, failures]: [string[], string[], string[]] = [[], [], []];
      const drains: Promise<void>[] = [];
      const interruptions = new Interruptions({
        api,
        nodes,
        groups: [scene.group],
        interrupted: (_, node, notice) => told.push(`${node}: ${notice}`),
        draining: (drained) => {
          drains.push(drained);
          drained.catch(() => failures.push("drain"));
        },
        held: (_, node, { metadata }, reason) => held.push(`${node}: ${metadata.name}: ${reason}`),
      });
      const attend = async () => {
        await scene.turn();
        nodes.update((await api.list({ apiVersion: "v1", kind: "Node" })) as NodeObject[]);
        await interruptions.attend(test.signal);
      };
      const notice = (text?: string) =>
        (scene.cloud.machines = scene.cloud.machines.map(({ notice: _, ...machine }) =>
          text !== undefined && machine.id === "m-1" ? { ...machine, notice: text } : machine,
        ));
      return { attend, notice, told, held, failures, drains };
    };

    const cordoned = (...nodes: boolean[]) =>
      until(`${nodes.join()} are cordoned`, async () => (await areCordoned()).join() === nodes.join());

    it("drains the node once for each notice, and opens it again when the machine is back, but none that somebody else cordoned", async () => {
      await makeNode("m-0", { ready: "True" });
      await makeNode("m-1", { ready: "True" });
      const { attend, notice, told } = await attendant();
      await api.patch(nodeNamed("m-0"), { spec: { unschedulable: true } });
      await attend();
      assert.deepEqual([told, await areCordoned()], [[], [true, false]]);
      notice("outbid");
      await attend();
      await attend();
      assert.deepEqual(told, ["m-1: outbid"]);
      await cordoned(true, true);
      notice();
      await attend();
      await attend();
      await cordoned(true, false);
      notice("outbid again");
      await attend();
      assert.equal(told.at(-1), "m-1: outbid again");
      await cordoned(true, true);
    });

    it("leaves a node closed that was so before the notice", async () => {
      await makeNode("m-0", { ready: "True" });
      await makeNode("m-1", { ready: "True" });
      await makePod("last", { nodeName: "m-1" });
      const { attend, notice, drains } = await attendant();
      await api.patch(nodeNamed("m-1"), { spec: { unschedulable: true } });
      notice("outbid");
      await attend();
      const pod = { apiVersion: "v1", kind: "Pod", name: "last", namespace: "default" };
      await until("its pod is evicted", async () => (await api.read(pod))?.metadata.deletionTimestamp !== undefined);
      notice();
      await attend();
      await Promise.all(drains);
      await attend();
      assert.deepEqual(await areCordoned(), [false, true]);
    });

    it("takes no more pods away once the notice is over", async () => {
      await makeNode("m-0");
      await makeNode("m-1", { ready: "True" });
      await makePod("steady", { nodeName: "m-1" });
      const { attend, notice, drains } = await attendant();
      const { evict } = api;
      let asked = 0;
      api.evict = () => (asked++, Promise.reject(new KubernetesApiError("a budget", 429, "TooManyRequests")));
      try {
        notice("outbid");
        await attend();
        await until("it is asked again", () => asked > 1);
        notice();
        await attend();
        await attend();
        await cordoned(false, false);
        // It asks as long as it lasts.
        await Promise.all(drains);
      } finally {
        api.evict = evict;
      }
    });

    it("drains the node where the machine alone was told, which has told its node", async () => {
      await makeNode("m-0", { ready: "True" });
      await makeNode("m-1", { ready: "True" });
      const { attend, told } = await attendant();
      await api.patch(nodeNamed("m-1"), { metadata: { annotations: { "gpu-clusters/notice": "EC2 takes it" } } });
      await attend();
      await attend();
      assert.deepEqual(told, ["m-1: EC2 takes it"]);
      await cordoned(false, true);
    });

    it("drains it again where that failed", async () => {
      await makeNode("m-0");
      await makeNode("m-1");
      const { attend, notice, told, failures } = await attendant();
      const { patch } = api;
      notice("outbid");
      api.patch = () => Promise.reject(new Error("busy"));
      await attend();
      await until("the drain fails", () => failures.length === 1);
      api.patch = patch;
      await attend();
      await cordoned(false, true);
      assert.deepEqual(told, ["m-1: outbid"]);
    });

    it("says of a pod that two disruption budgets select that they hold it, as the API server does", async () => {
      await makeNode("m-0");
      await makeNode("m-1");
      const pod = await makePod("twice", { nodeName: "m-1" }, { labels: { app: "twice" } });
      await api.patch(referenceTo(pod), { status: { phase: "Running" } }, never, "status");
      const budget = { apiVersion: "policy/v1", kind: "PodDisruptionBudget" };
      const spec = { maxUnavailable: 1, selector: { matchLabels: { app: "twice" } } };
      for (const name of ["first", "second"])
        await api.create({ ...budget, metadata: { name, namespace: "default" }, spec });
      const { attend, notice, told, held } = await attendant();
      notice("outbid");
      await attend();
      await until("it is told", () => held.length > 0);
      assert.match(held[0]!, /^m-1: twice: more than one PodDisruptionBudget selects it, .* leave one of them to it$/);
      await attend();
      assert.deepEqual([told.length, held.length], [1, 1]);
      for (const name of ["first", "second"]) await api.delete({ ...budget, name, namespace: "default" });
    });
  });

  it("tells pods that wait for the group why it does not grow", async () => {
    await makePod("waits", { nodeSelector: { pool: "gpu" } });
    await makePod("waits-for-others", { nodeSelector: { pool: "cpu" } });
    await makePod("runs", { nodeName: "m-0", nodeSelector: { pool: "gpu" } });
    const problem = { kind: "capacity", message: `none left ${"x".repeat(2_000)}`, at: new Date() } as const;
    await tellStockOut(api, { group: "gpu", template: fakeTemplate, problem }, never);
    // The API server writes events of its own.
    const events = (await api.list({ apiVersion: "events.k8s.io/v1", kind: "Event" })).filter(
      ({ regarding }) => (regarding as { kind?: string }).kind === "Pod",
    );
    assert.deepEqual(
      events.map(({ regarding, reason }) => [(regarding as { name: string }).name, reason]),
      [["waits", "NodeGroupOutOfCapacity"]],
    );
    assert.match(String(events[0]!["note"]), /^node group gpu does not grow: none left/);
  });

  it("tells the others where a pod's namespace is going, which takes no events any more, and pods with the longest names", async () => {
    const leaving = { apiVersion: "v1", kind: "Namespace", name: "a-leaving" };
    await api.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: leaving.name } });
    const account = { name: "default", namespace: leaving.name };
    await api.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: account });
    const wanted = { nodeSelector: { pool: "gpu" } };
    await makePod("goes", wanted, { namespace: leaving.name });
    // Without a controller manager it is on its way for ever.
    await api.delete(leaving);
    const longest = `${"stays-".repeat(42)}x`;
    await makePod(longest, wanted);
    const problem = { kind: "capacity", message: "none left", at: new Date() } as const;
    await assert.rejects(tellStockOut(api, { group: "gpu", template: fakeTemplate, problem }, never), /terminated/);
    const events = await api.list({ apiVersion: "events.k8s.io/v1", kind: "Event", namespace: "default" });
    const told = events.map(({ regarding }) => (regarding as { name: string }).name);
    assert.ok(told.includes(longest), told.join());
  });

  it("tells at a node why its machine stays, again only after a while", async () => {
    let now = 0;
    const refused = new RefusedRemovals(api, () => now);
    const removal = { group: "gpu", nodes: ["m-9"], reason: "it keeps 1" };
    const notes = async () =>
      (await api.list({ apiVersion: "events.k8s.io/v1", kind: "Event", namespace: "default" }))
        .filter(({ regarding }) => (regarding as { name: string }).name === "m-9")
        .map(({ reason, note }) => `${String(reason)}: ${String(note)}`);
    for (const at of [0, 1_000, 599_000]) await refused.tell(removal, ((now = at), never));
    assert.deepEqual(await notes(), ["MachineKept: node group gpu keeps its machine: it keeps 1"]);
    await refused.tell(removal, ((now = 600_000), never));
    assert.equal((await notes()).length, 2);
  });

  it("asks its cluster with the token that kubelet keeps fresh in a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoscaler-account-"));
    const server = await httpsServer((request, response) => response.end(request.headers.authorization), {});
    try {
      const { endpoint, certificateAuthority } = parseKubeconfig(server.kubeconfig);
      const { hostname, port } = new URL(endpoint);
      writeFileSync(join(folder, "ca.crt"), certificateAuthority!);
      const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
      const text = ownKubeconfig(environment, folder);
      const own = kubernetesApi(text.replace("server:", "tls-server-name: kubernetes\n      server:"));
      for (const token of ["first", "second"]) {
        writeFileSync(join(folder, "token"), `${token}\n`);
        assert.equal(await own.text("/readyz"), `Bearer ${token}`);
      }
      assert.throws(() => ownKubeconfig({}, folder), /no pod of a cluster/);
    } finally {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
