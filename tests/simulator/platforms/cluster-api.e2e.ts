/**
 * Cluster API's own controllers with what BareMetalCluster makes for them: `npm run test:e2e -- tests/simulator/platforms/cluster-api.e2e.ts`.
 *
 * A control plane is not rolled out here. kubeadm's provider makes no second machine before each static pod of the first is well, and before it has asked
 * each member of etcd, which it dials at port 2379 of the pod etcd-<node> by the API server's port-forward. That the API server hands on to the node's kubelet,
 * as SPDY streams; a machine here has no kubelet, and no etcd.
 */
import assert from "node:assert/strict";
import type { BareMetalClusterArgs, BareMetalTaint } from "../../../components/metal3";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { kubeconfigSecret } from "../../../provider/kubernetes/handlers/kubeconfig-secret";
import { machinesReturned } from "../../../provider/kubernetes/handlers/machines-returned";
import { nodesReady, type NodesReadyInputs } from "../../../provider/kubernetes/handlers/nodes-ready";
import { objectReady, type ObjectReadyInputs } from "../../../provider/kubernetes/handlers/object-ready";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { Metal3Provider } from "../../../simulator/platforms/metal3/provider";
import { ClusterApiControllers } from "../../cluster-api";
import { testContext } from "../../provider/kubernetes/context";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { until } from "../../until";
import { bareMetalObjects } from "./bare-metal-objects";

const namespace = "metal3";
const clusterName = "search";
const clusterKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Cluster", namespace };
const machineKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Machine", namespace };
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace };
const hosts = {
  control: { role: "search-control" },
  "gpu-a": { role: "search-gpu" },
  "gpu-b": { role: "search-gpu" },
};

describe("Cluster API's own controllers with a cluster on bare metal", function () {
  // The first run compiles them.
  this.timeout(3_600_000);
  const servers: TestControlPlane[] = [];
  let management: string;
  let endpoint: string;
  let api: KubernetesApi;
  let controllers: ClusterApiControllers | undefined;
  let metal3: Metal3Provider | undefined;

  const write = async (more: Partial<BareMetalClusterArgs> = {}) => {
    const objects = await bareMetalObjects({
      kubeconfig: management,
      namespace,
      clusterName,
      hosts,
      more: { endpoint, ...more },
    });
    for (const object of objects) await api.apply(object, { fieldManager: "tests", force: true });
  };
  const taints: BareMetalTaint[] = [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }];
  const group = (count: number) => [{ name: "gpu", count, hostLabels: { role: "search-gpu" }, gpus: 8, taints }];
  const claims = () => ({ kubeconfig: management, clusterName, hostNamespace: namespace });
  const ready = (kubeconfig: string, minSize: number) => {
    const inputs: NodesReadyInputs = {
      kubeconfig,
      controlPlaneNodes: 1,
      claims: claims(),
      timeoutSeconds: 300,
      nodeGroups: [{ name: "gpu", minSize }],
    };
    return nodesReady({}).create(inputs, testContext());
  };
  const machines = () => api.list({ ...machineKind, labelSelector: `cluster.x-k8s.io/cluster-name=${clusterName}` });
  const hostsNow = async () =>
    (await api.list(host)).map(({ spec, status }) => ({
      image: (spec as { image?: { url: string } }).image,
      state: (status as { provisioning?: { state?: string } }).provisioning?.state,
    }));
  const workers = async () => {
    const found = await machines();
    return found.filter(({ metadata }) => metadata.labels?.["cluster.x-k8s.io/deployment-name"] !== undefined);
  };

  before(async () => {
    const controllersOf = ["garbage-collector-controller", "namespace-controller"];
    servers.push(await controlPlane(controllersOf), await controlPlane());
    const [own, workload] = (await Promise.all(servers.map((server) => server.kubeconfig("system:masters")))) as [
      string,
      string,
    ];
    management = own;
    endpoint = new URL(parseKubeconfig(workload).endpoint).host;
    api = kubernetesApi(management);
    for (const kubeconfig of [own, workload])
      await until("the API servers are ready", async () => (await kubernetesApi(kubeconfig).text("/readyz")) === "ok");
    controllers = await ClusterApiControllers.start(management);
    metal3 = new Metal3Provider({ kubeconfig: management, pollMs: 200 });
    metal3.start();
    // By it kubeadm's provider signs for the API server that is there.
    await api.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const { certificate, privateKey } = servers[1]!.ca;
    const labels = { "cluster.x-k8s.io/cluster-name": clusterName };
    const authority: KubernetesObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `${clusterName}-ca`, namespace, labels },
      type: "cluster.x-k8s.io/secret",
      stringData: { "tls.crt": certificate, "tls.key": privateKey },
    };
    await api.create(authority);
  });
  after(async () => {
    await metal3?.close();
    await controllers?.close();
    for (const server of servers) await server.close();
  });

  it("takes what the component writes, makes, scales and rolls out machines, and gives servers back", async () => {
    await write({ nodeGroups: group(1) });
    const readyInputs = {
      ...clusterKind,
      kubeconfig: management,
      name: clusterName,
      told: ["status.phase"],
      deletes: true,
      conditions: [{ type: "InfrastructureReady" }],
      timeoutSeconds: 300,
    };
    await objectReady.create(readyInputs as ObjectReadyInputs, testContext());
    const secret = { kubeconfig: management, namespace, name: "search-kubeconfig", key: "value", clusterName };
    const { outputs: read } = await kubeconfigSecret.create({ ...secret, timeoutSeconds: 300 }, testContext());
    assert.equal(read.endpoint, `https://${endpoint}`);
    const kubeconfig = read.clusterKubeconfig;
    const { outputs: seen } = await ready(kubeconfig, 1);
    const [worker] = await workers();
    const shown = seen.machines?.map(({ name, phase, type, problems }) => ({ name, phase, type, problems }));
    // They are told by their names, which Cluster API draws by lot.
    const well = { phase: "Available", problems: [] };
    const ofWorkers = shown?.filter(({ type }) => type !== undefined);
    assert.deepEqual(ofWorkers, [{ ...well, name: worker!.metadata.name, type: "search-gpu" }]);
    const ofControlPlane = shown?.filter(({ type }) => type === undefined).map(({ name: _, ...told }) => told);
    assert.deepEqual(ofControlPlane, [{ ...well, type: undefined }]);
    const node = await kubernetesApi(kubeconfig).read({ apiVersion: "v1", kind: "Node", name: worker!.metadata.name! });
    assert.equal(node?.metadata.labels?.["gpu-clusters/node-group"], "gpu");
    assert.deepEqual((node?.["spec"] as { taints: object[] }).taints, taints);

    await write({ nodeGroups: group(2) });
    await ready(kubeconfig, 2);
    assert.equal((await workers()).length, 2);
    await write({ nodeGroups: group(1) });
    await ready(kubeconfig, 1);
    const [last, ...more] = await workers();
    assert.deepEqual(more, [], "one is left, and none is on its way");

    const image = { url: "https://images.example.com/b.qcow2", checksum: "b".repeat(64) };
    const other = [{ ...group(1)[0]!, image }];
    await metal3!.suffer({ broken: ["gpu-a", "gpu-b"] });
    await write({ nodeGroups: other });
    await assert.rejects(
      ready(kubeconfig, 1),
      /does not have its nodes: .*machine search-gpu-\S+ has failed: .*BareMetalHost metal3\/gpu-. is provisioning \(provisioning error/s,
    );
    await metal3!.suffer({});
    await ready(kubeconfig, 1);
    const [renewed, ...old] = await workers();
    assert.deepEqual(old, []);
    assert.notEqual(renewed!.metadata.uid, last!.metadata.uid);
    const written = (await hostsNow()).filter(({ image: own }) => own?.url === image.url);
    assert.equal(written.length, 1, "by the new image");

    const inputs = { ...clusterKind, kubeconfig: management, name: clusterName, conditions: [], deletes: true };
    await objectReady.delete(
      clusterName,
      { inputs: { ...inputs, timeoutSeconds: 300 } as ObjectReadyInputs, outputs: {} as never },
      testContext(),
    );
    await machinesReturned.delete(
      clusterName,
      { inputs: { ...claims(), timeoutSeconds: 300 }, outputs: { status: "watched" } },
      testContext(),
    );
    const states = (await hostsNow()).map(({ state }) => state);
    assert.deepEqual(states, ["available", "available", "available"]);
    assert.deepEqual(await machines(), []);
  });
});
