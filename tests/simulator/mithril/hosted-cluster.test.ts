import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import type { MithrilApi } from "../../../provider/mithril/api";
import { createMithrilClient } from "../../../provider/mithril/client";
import { SimulatorClient } from "../../../simulator/client";
import { lightMachines } from "../../../simulator/machines/light/light-machines";
import { startSimulator, type Simulator } from "../../../simulator/server";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { ensureTools } from "../../../toolchain/tools";
import { oneLife } from "../../engine/one-life";
import { fastBackoff, signal } from "../../provider/mithril/cloud";
import { logIn, market, orderCluster, spotGroup, type Login } from "../../provider/mithril/hosted-cluster";
import { until } from "../../until";

const sshPort = 22_222;

describe("A hosted cluster of simulated Mithril", function () {
  oneLife();
  const directory = mkdtempSync(join(tmpdir(), "mithril-"));
  const keys = newSshKeyPair();
  let simulator: Simulator;
  let api: MithrilApi;
  let clusterId: string;
  let host: string;
  let login: Login;
  let kubernetes: KubernetesApi;

  /** On what an earlier one left in the directory, if there was one. */
  async function start(): Promise<void> {
    const tools = await ensureTools(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]);
    const machines = lightMachines({ dir: join(directory, "machines"), tools });
    simulator = await startSimulator({ stateDir: join(directory, "clouds"), machines, sshPort });
    api = createMithrilClient({ ...simulator.mithril, backoff: fastBackoff });
  }

  before(async () => {
    await start();
    ({ clusterId } = await orderCluster(api, keys.public));
    host = await until("the cluster is Available", async () => {
      const cluster = await api.clusters.find(clusterId, signal());
      return cluster?.status === "Available" && cluster.kubeHost;
    });
    login = await until("SSH answers", () => logIn(host, sshPort, keys.private));
    kubernetes = kubernetesApi(login.kubeconfig.replace("10.0.0.10", host));
  });
  after(async () => {
    await simulator.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const group = () => spotGroup(api, clusterId);
  const node = (name: string) => kubernetes.read({ apiVersion: "v1", kind: "Node", name });
  const ready = (found: KubernetesObject | undefined) =>
    (found?.status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions?.find(
      ({ type }) => type === "Ready",
    )?.status;
  const unschedulable = (found: KubernetesObject | undefined) =>
    (found?.spec as { unschedulable?: boolean }).unschedulable === true;

  const name = "train-gpu-0-1";

  it("is joined by nodes, which are drained and uncordoned as bids lose and win", async () => {
    const client = new SimulatorClient(simulator.url);
    const setPrice = (spotPriceCents: number) =>
      client.setConditions("mithril", { markets: { [market]: { spotPriceCents } } });
    await group().resize(1, signal());
    const joined = await until("the node is Ready", async () => {
      const found = await node(name);
      return ready(found) === "True" && found;
    });
    const [machine] = (await group().describe(signal())).machines;
    assert.equal((joined.spec as { providerID: string }).providerID, machine!.providerId);
    await until("the operator's plugin advertises its GPUs", async () => {
      const { capacity } = (await node(name))!.status as { capacity: Record<string, string> };
      return capacity["nvidia.com/gpu"] === "8";
    });
    assert.equal((await api.clusters.find(clusterId, signal()))!.instances.length, 1);
    await kubernetes.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "job", namespace: "default" },
      spec: { nodeName: name, containers: [{ name: "main", image: "example.test/image" }] },
    });

    await setPrice(9000);
    await until("the node is cordoned", async () => unschedulable(await node(name)));
    await until(
      "its pod is evicted",
      async () =>
        (await kubernetes.read({ apiVersion: "v1", kind: "Pod", namespace: "default", name: "job" })) === undefined,
    );
    await until(
      "its power is off",
      async () => (await group().describe(signal())).machines[0]!.instanceStatus === "STATUS_PREEMPTED",
    );
    assert.notEqual(await node(name), undefined);

    await setPrice(1600);
    await until("the node is back", async () => {
      const found = await node(name);
      return ready(found) === "True" && !unschedulable(found);
    });
  });

  it("comes back after a restart of the simulator, with its SSH server, what it holds, and its nodes", async () => {
    await kubernetes.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept", namespace: "default" } });
    await simulator.close();
    await assert.rejects(kubernetes.text("/readyz"));
    await start();
    assert.deepEqual(await until("SSH answers again", () => logIn(host, sshPort, keys.private)), login);
    await until("the API server answers again", async () => (await kubernetes.text("/readyz")) === "ok");
    const kept = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "kept" };
    assert.ok(await kubernetes.read(kept));
    await until("the node is Ready again", async () => ready(await node(name)) === "True");
    await group().resize(2, signal());
    await until("another node joins", async () => ready(await node("train-gpu-1-1")) === "True");
    const { status, kubeHost } = (await api.clusters.find(clusterId, signal()))!;
    assert.deepEqual([status, kubeHost], ["Available", host]);
  });

  it("is left by nodes whose bids are ended, and deleted", async () => {
    const client = new SimulatorClient(simulator.url);
    await assert.rejects(api.clusters.delete(clusterId, signal()), /in use by instance train-gpu-0-1/);
    await group().destroy(signal());
    await until("the node is gone", async () => (await node(name)) === undefined);
    await api.clusters.delete(clusterId, signal());
    await until(
      "the cluster is gone",
      async () => (await api.clusters.find(clusterId, signal()))!.status === "Terminated",
    );
    assert.deepEqual((await client.state()).machines, []);
  });
});
