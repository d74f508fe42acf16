/** The simulated Cluster API with Metal3, what BareMetalCluster makes for it, and what we wait for in it, on a real API server. */
import assert from "node:assert/strict";
import type { BareMetalClusterArgs } from "../../../components/metal3";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { kubeconfigSecret } from "../../../provider/kubernetes/handlers/kubeconfig-secret";
import { machinesReturned } from "../../../provider/kubernetes/handlers/machines-returned";
import { nodesReady, type NodesReadyInputs } from "../../../provider/kubernetes/handlers/nodes-ready";
import { objectReady, type ObjectReadyInputs } from "../../../provider/kubernetes/handlers/object-ready";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { ClusterApi } from "../../../simulator/platforms/metal3/cluster-api";
import { clusterApiDefinitions } from "../../../simulator/platforms/metal3/cluster-api-definitions";
import { testContext } from "../../provider/kubernetes/context";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { until } from "../../until";
import { bareMetalObjects } from "./bare-metal-objects";

const namespace = "metal3";
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace };
const clusterKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Cluster", namespace };
const machineKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Machine", namespace };
describe("the simulated Cluster API on a real API server", function () {
  this.timeout(600_000);
  let server: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;
  let clusterApi: ClusterApi;

  const applied = (object: KubernetesObject) => api.apply(object, { fieldManager: "tests", force: true });
  const made = async (clusterName: string, more: Partial<BareMetalClusterArgs> = {}) => {
    const roles = ["control", "gpu"].map((role) => [`${clusterName}-${role}`, { role: `${clusterName}-${role}` }]);
    const hosts = Object.fromEntries(roles) as Record<string, Record<string, string>>;
    for (const object of await bareMetalObjects({ kubeconfig, namespace, clusterName, hosts, more }))
      await applied(object);
  };
  const claims = (clusterName: string) => ({ kubeconfig, clusterName, hostNamespace: namespace });
  const nodes = (clusterName: string, more: Partial<NodesReadyInputs> = {}): NodesReadyInputs => ({
    kubeconfig,
    controlPlaneNodes: 0,
    claims: claims(clusterName),
    timeoutSeconds: 300,
    nodeGroups: [{ name: "gpu", minSize: 1 }],
    ...more,
  });
  const gone = (clusterName: string, timeoutSeconds: number) => {
    const inputs = { ...clusterKind, kubeconfig, name: clusterName, conditions: [], deletes: true, timeoutSeconds };
    return objectReady.delete(
      clusterName,
      { inputs: inputs as ObjectReadyInputs, outputs: {} as never },
      testContext(),
    );
  };
  const returned = (clusterName: string, timeoutSeconds: number) => {
    const inputs = { ...claims(clusterName), timeoutSeconds };
    return machinesReturned.delete(clusterName, { inputs, outputs: { status: "watched" } }, testContext());
  };
  const statesOf = async (clusterName: string) =>
    (await api.list(host))
      .filter(({ metadata }) => metadata.name!.startsWith(`${clusterName}-`))
      .map(({ status }) => (status as { provisioning?: { state?: string } } | undefined)?.provisioning?.state);

  before(async () => {
    server = await controlPlane(["garbage-collector-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    const clusters = { search: kubeconfig, train: kubeconfig };
    clusterApi = new ClusterApi({ kubeconfig, pollMs: 50, clusters });
    await clusterApi.start();
    for (const { spec } of clusterApiDefinitions as { spec: { group: string; names: { kind: string } } }[]) {
      const version = spec.group === "metal3.io" ? "v1alpha1" : "v1beta2";
      await until(spec.names.kind, () =>
        api.list({ apiVersion: `${spec.group}/${version}`, kind: spec.names.kind }).catch(() => undefined),
      );
    }
  });
  after(async () => {
    await clusterApi?.close();
    await server?.close();
  });
  afterEach(() => clusterApi.suffer({}));

  it("makes a cluster of what the component writes, and gives its servers back", async () => {
    await made("search");
    const secret = { kubeconfig, namespace, name: "search-kubeconfig", key: "value", clusterName: "search" };
    const { outputs: read } = await kubeconfigSecret.create({ ...secret, timeoutSeconds: 120 }, testContext());
    assert.equal(read.endpoint, parseKubeconfig(kubeconfig).endpoint);
    const { outputs: seen } = await nodesReady({}).create(nodes("search", { controlPlaneNodes: 1 }), testContext());
    assert.deepEqual(
      seen.machines?.map(({ name, phase, type, host: server, problems }) => [name, phase, type, server, problems]),
      [
        ["search-cp-0", "Available", undefined, "search-control", []],
        ["search-gpu-0", "Available", "search-gpu", "search-gpu", []],
      ],
    );
    const node = await api.read({ apiVersion: "v1", kind: "Node", name: "search-gpu-0" });
    const uuid = (await api.read({ ...host, name: "search-gpu" }))?.metadata.uid;
    assert.equal(node?.metadata.labels?.["metal3.io/uuid"], uuid, "what cloud-init fills in");
    assert.deepEqual((node?.["spec"] as { taints: object[] }).taints, [
      { key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" },
    ]);
    await gone("search", 300);
    await returned("search", 300);
    assert.deepEqual(await statesOf("search"), ["available", "available"]);
    assert.deepEqual(await api.list({ ...machineKind, labelSelector: "cluster.x-k8s.io/cluster-name=search" }), []);
  });

  it("tells a machine in error with its host's words, goes on with the same one, and says who holds the cluster", async () => {
    await clusterApi.suffer({ broken: ["train-gpu"] });
    await made("train");
    await until("the host is in error", async () => {
      const found = await api.read({ ...host, name: "train-gpu" });
      return (found?.["status"] as { operationalStatus?: string } | undefined)?.operationalStatus === "error";
    });
    await assert.rejects(
      nodesReady({}).create(nodes("train"), testContext()),
      /A machine in error is not replaced.*\n {2}machine train-gpu-0 has failed: .*\n {2}BareMetalHost metal3\/train-gpu is provisioning \(provisioning error: Image provisioning failed/s,
    );
    const uidOf = async () => (await api.read({ ...machineKind, name: "train-gpu-0" }))?.metadata.uid;
    const before = await uidOf();
    await clusterApi.suffer({});
    await nodesReady({}).create(nodes("train"), testContext());
    assert.equal(await uidOf(), before, "the same machine");

    await clusterApi.suffer({ broken: ["train-gpu"] });
    const image = { url: "https://images.example.com/b.qcow2", checksum: "b".repeat(64) };
    await made("train", { image });
    await assert.rejects(
      nodesReady({}).create(nodes("train"), testContext()),
      /does not have its nodes: .*\n {2}machine train-gpu-0 has failed: .*\n {2}BareMetalHost metal3\/train-gpu is provisioning \(provisioning error: /s,
    );
    await clusterApi.suffer({});
    await nodesReady({}).create(nodes("train", { controlPlaneNodes: 1 }), testContext());
    assert.notEqual(await uidOf(), before, "another machine");
    for (const { spec } of (await api.list(host)).filter(({ metadata }) => metadata.name!.startsWith("train-")))
      assert.equal((spec as { image: { url: string } }).image.url, image.url);

    await clusterApi.suffer({ stuck: true });
    await assert.rejects(gone("train", 2), /it waits for .*cluster\.cluster\.x-k8s\.io/);
    await assert.rejects(
      returned("train", 2),
      /servers of "train" were not free after 2 s.*machine train-cp-0 is still claimed\n {2}BareMetalHost metal3\/train-control is provisioned/s,
    );
    await clusterApi.suffer({});
    await gone("train", 300);
    await returned("train", 300);
    assert.deepEqual(await statesOf("train"), ["available", "available"]);
  });

  it("is missed before anything is made, where it does not run", async () => {
    const away = { ...claims("other"), kubeconfig: kubeconfig.replace(/(server: https:\/\/[^:]+):\d+/, "$1:1") };
    await assert.rejects(
      machinesReturned.create({ ...away }, testContext({ timeoutMs: 500 })),
      /Cluster API's Machines and Metal3's BareMetalHosts in metal3 cannot be read.*nothing of "other" was made yet/,
    );
  });
});
