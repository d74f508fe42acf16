/** Servers whose management cluster becomes another in the configuration: they are not wiped for that. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { ClusterApi } from "../../simulator/platforms/metal3/cluster-api";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { wayTo } from "../provider/michelangelo/scene";
import { until } from "../until";
import { bareMetalKinds, serverImage, startBareMetal, type BareMetal } from "./bare-metal";

const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" };
const clusterKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Cluster" };

describe("a management cluster that is exchanged for one with another authority, on the engine", function () {
  this.timeout(1_200_000);
  let bareMetal: BareMetal;
  let server: TestControlPlane;
  let other: string;
  let otherApi: KubernetesApi;
  let clusterApi: ClusterApi;

  before(async () => {
    bareMetal = await startBareMetal();
    server = await controlPlane(["garbage-collector-controller", "namespace-controller"]);
    other = await server.kubeconfig("system:masters");
    otherApi = kubernetesApi(other);
    await until("the API server is ready", async () => (await otherApi.text("/readyz").catch(() => "")) === "ok");
    clusterApi = new ClusterApi({ kubeconfig: other, pollMs: 100, clusters: { search: bareMetal.workload } });
    await clusterApi.start();
    for (const kind of bareMetalKinds) await until(kind.kind, () => otherApi.list(kind).catch(() => undefined));
  });
  after(async () => {
    await bareMetal?.stop();
    await clusterApi?.close();
    await server?.close();
  });

  const found = async (api: KubernetesApi) => {
    const objects = await Promise.all([clusterKind, host].map((kind) => api.list(kind)));
    return objects.flat().map(({ kind, metadata, status }) => {
      const { provisioning } = (status ?? {}) as { provisioning?: { state: string } };
      return [kind, metadata.name, metadata.uid, provisioning?.state];
    });
  };

  it("is refused while the old one is there, which keeps its servers, and taken once that is said to be gone", async () => {
    const { environment, api } = bareMetal;
    const way = await wayTo(bareMetal.management);
    try {
      const endpoint = new URL(parseKubeconfig(bareMetal.workload).endpoint).host;
      const values = Object.entries({ endpoint, ...serverImage, timeoutMinutes: "5" });
      const config = Object.fromEntries(values.map(([key, value]) => [`metal3-cluster:${key}`, value]));
      const program = join(__dirname, "..", "..", "examples", "metal3-cluster");
      const stack = await environment.stack(config, { program, timeoutMs: 600_000 });
      const manage = (kubeconfig: string) => stack.setSecret("metal3-cluster:managementCluster", kubeconfig);
      await stack.setSecret("metal3-cluster:bmcPassword", "BMC-PASSWORD");
      await manage(way.kubeconfig);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const before = await found(api);
      assert.deepEqual(
        before.map(([, name, , state]) => [name, state]),
        [
          ["search", undefined],
          ["control-01", "provisioned"],
          ["gpu-01", "provisioned"],
        ],
      );

      await manage(other);
      const refusal =
        /managementKubeconfig: leads to another cluster, at \S+, than the one that "(metal3|search)" and its servers are managed from, at \S+, which is still there: .*wipes the servers/;
      for (const command of ["preview", "up"]) {
        const refused = await stack.say(command, []);
        assert.ok(!refused.ok, refused.text);
        assert.match(refused.text, refusal);
      }
      assert.deepEqual(await found(api), before, "no server was touched");
      assert.deepEqual(await found(otherApi), []);

      await manage(way.kubeconfig);
      const back = await stack.up();
      assert.ok(back.ok, back.text);
      assert.deepEqual(await found(api), before, "set back, it is what it was");
      assert.deepEqual(await stack.preview(), []);

      way.close();
      await manage(other);
      const unanswered = await stack.up();
      assert.ok(!unanswered.ok);
      assert.match(unanswered.text, /does not answer .*PULUMI_K8S_DELETE_UNREACHABLE=true pulumi up --refresh/s);
      const gone = await stack.say("up", ["--refresh"], { PULUMI_K8S_DELETE_UNREACHABLE: "true" });
      assert.ok(gone.ok, gone.text);
      assert.deepEqual(
        (await found(otherApi)).map(([, name]) => name),
        ["search", "control-01", "gpu-01"],
      );
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await found(otherApi), []);
    } finally {
      way.close();
    }
  });
});
