/** What the server does with pods on machines that their cloud takes back, where the API server does not do as it is asked. */
import assert from "node:assert/strict";
import { KubernetesApiError, type KubernetesObject } from "../../provider/kubernetes/api";
import { until } from "../until";
import { FakeCloud } from "./fake-cloud";
import { FakeKubernetes, startServer, type TestServer } from "./server";

/** As the API server says it (1.37, pkg/registry/core/pod/storage/eviction.go). */
const twoBudgets = new KubernetesApiError(
  "POST /api/v1/namespaces/default/pods/web/eviction: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support. (HTTP 500)",
  500,
  undefined,
);

describe("pods on machines that are taken back", () => {
  let kubernetes: FakeKubernetes;
  let cloud: FakeCloud;
  let server: TestServer;
  beforeEach(async () => {
    kubernetes = new FakeKubernetes();
    cloud = new FakeCloud("m");
    await cloud.resize(2);
    cloud.tick();
    cloud.tick();
    kubernetes.node("m-0");
    kubernetes.node("m-1");
    server = await startServer({ clouds: { gpu: cloud }, kubernetes });
  });
  afterEach(() => server.close());

  const pods = (...names: string[]) =>
    kubernetes.pods.push(
      ...names.map((name): KubernetesObject => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "default", uid: `uid-${name}` },
        spec: { nodeName: "m-0" },
      })),
    );
  const notice = (text?: string) =>
    (cloud.machines = cloud.machines.map(({ notice: _, ...machine }) =>
      text !== undefined && machine.id === "m-0" ? { ...machine, notice: text } : machine,
    ));
  /** Calls of evictions of this pod are answered so. */
  const refuse = (refused: string, error: Error) => {
    const evict = kubernetes.evict.bind(kubernetes);
    const asked = { times: 0 };
    kubernetes.evict = async (pod) => {
      if (pod.name !== refused) return evict(pod);
      asked.times++;
      throw error;
    };
    return asked;
  };
  /** So many times from now on. */
  const described = async (times: number) => {
    const describe = cloud.describe.bind(cloud);
    let asked = 0;
    cloud.describe = () => (asked++, describe());
    await until("the cloud is asked", () => asked >= times);
  };
  const counted = async () => {
    const text = await (await fetch(`${server.health}/metrics`)).text();
    return Number(/gpu_clusters_autoscaler_interruptions_total\{group="gpu"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  const told = () =>
    kubernetes.created.map(({ reason, regarding, note }) => [reason, (regarding as { name: string }).name, note]);

  it("asks again for one that two disruption budgets select, while the others go, and says so in a user's words, once", async () => {
    pods("web", "batch");
    const asked = refuse("web", twoBudgets);
    notice("outbid");
    await until("it is asked for again", () => asked.times > 2);
    assert.deepEqual(kubernetes.evicted, ["batch"]);
    assert.equal(await counted(), 1);
    const why =
      "more than one PodDisruptionBudget selects it, and Kubernetes evicts no such pod: leave one of them to it";
    assert.deepEqual(told(), [
      ["PodNotEvicted", "web", `the machine of node m-0 is taken back, and pod default/web stays on it: ${why}`],
    ]);
    const line = server.lines
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ pod }) => pod !== undefined);
    assert.deepEqual([line!["node"], line!["pod"], line!["reason"]], ["m-0", "default/web", why]);
  });

  for (const [what, error] of Object.entries({
    "whose namespace is on its way out": new KubernetesApiError("namespace is being terminated", 403, "Forbidden"),
    "that has changed meanwhile": new KubernetesApiError("the object has been modified", 409, "Conflict"),
    "that a webhook refuses": new KubernetesApiError("admission webhook denied the request", 400, undefined),
    "whose webhook does not answer": new KubernetesApiError("failed calling webhook", 500, "InternalError"),
    "that a disruption budget holds": new KubernetesApiError("a budget", 429, "TooManyRequests"),
    "of which no answer comes": new Error("did not answer within 30 s"),
  }))
    it(`takes the others off where one stays ${what}, and counts the notice once`, async () => {
      pods("web", "batch", "more");
      const asked = refuse("web", error);
      notice("outbid");
      await until("it is asked for again", () => asked.times > 1);
      assert.deepEqual(kubernetes.evicted, ["batch", "more"]);
      assert.equal(await counted(), 1);
      const reasons = error instanceof KubernetesApiError && error.statusCode !== 429 ? [error.message] : [];
      assert.deepEqual(
        told().map(([, , note]) => String(note).split("stays on it: ")[1]),
        reasons,
      );
    });

  it("are counted as one notice where the API server fails on the way, and again at the next notice", async () => {
    pods("web");
    const { patch } = kubernetes;
    let failures = 0;
    kubernetes.patch = () => (failures++, Promise.reject(new Error("busy")));
    notice("outbid");
    await until("it fails twice", () => failures > 1);
    kubernetes.patch = patch;
    await until("it is evicted", () => kubernetes.evicted.length === 1);
    assert.equal(await counted(), 1);
    notice();
    await described(2);
    const { readings } = kubernetes;
    await until("nodes are read after it", () => kubernetes.readings > readings + 2);
    notice("outbid again");
    await until("it is counted", async () => (await counted()) === 2);
  });

  it("go, though a node of another machine takes no labels", async () => {
    pods("web");
    const { patch } = kubernetes;
    kubernetes.patch = async (reference, change) => {
      if (reference.name === "m-1") throw new KubernetesApiError("a webhook denied it", 403, "Forbidden");
      return patch.call(kubernetes, reference, change);
    };
    delete kubernetes.nodes[1]!.metadata.labels!["gpu-clusters/gpu"];
    notice("outbid");
    await until("it is evicted", () => kubernetes.evicted.length === 1);
  });
});
