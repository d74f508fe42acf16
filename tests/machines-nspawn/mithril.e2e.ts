/** A cluster on simulated Mithril whose machines really boot: Mithril's own join, file shares, startup scripts, preemption. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reachableKubeconfig } from "../../components/mithril/kubeconfig";
import type { KubernetesApi, KubernetesObject } from "../../sdk/kubernetes/api";
import { kubernetesApi } from "../../sdk/kubernetes/client";
import type { MithrilApi } from "../../sdk/mithril/api";
import { createMithrilClient } from "../../sdk/mithril/client";
import type { SpotGroupDriver } from "../../sdk/mithril/node-group-driver";
import { SimulatorClient } from "../../simulator/client";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { startSimulator, type Simulator } from "../../simulator/server";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { oneLife } from "../engine/one-life";
import { readyStatus, until } from "../machines/test-cluster";
import { logIn, market, orderCluster, region, spotGroup } from "../mithril/hosted-cluster";
import { bootMs, remains } from "./cluster";
import { advertiseGpus } from "./gpu-device-plugin";
import { kubectlFor, onNode, proveGpus, proveWorkload, type Kubectl } from "./workload";

const sshPort = 22_223;
const nodes = ["train-gpu-0-1", "train-gpu-1-1"] as const;

/** Says on the share how often it ran, and ends badly: that must not keep the machine from joining. */
const startupScript = `#!/bin/bash
echo "$(hostname) $(id -u)" >>/mnt/datasets/started
exit 3
`;

describe("Mithril on machines that boot", function () {
  oneLife();
  const directory = mkdtempSync(join(tmpdir(), "nspawn-mithril-"));
  const machinesDirectory = join(directory, "nspawn");
  const keys = newSshKeyPair();
  let simulator: Simulator;
  let client: SimulatorClient;
  let api: MithrilApi;
  let clusterId: string;
  let volumeId: string;
  let group: SpotGroupDriver;
  let kubernetes: KubernetesApi;
  let kubectl: Kubectl;

  const signal = () => AbortSignal.timeout(2 * bootMs);
  const node = (name: string) => kubernetes.read({ apiVersion: "v1", kind: "Node", name });
  const specOf = (found: KubernetesObject | undefined) =>
    (found?.["spec"] ?? {}) as { providerID?: string; unschedulable?: boolean };
  const setPrice = (spotPriceCents: number) =>
    client.setMithrilConditions({ markets: { [market]: { spotPriceCents } } });

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    const machines = nspawnMachines({ dir: machinesDirectory, image: await ensureMachineImage() });
    simulator = await startSimulator({ stateDir: join(directory, "clouds"), machines, sshPort });
    client = new SimulatorClient(simulator.url);
    api = createMithrilClient(simulator.mithril);
  });

  after(async function () {
    this.timeout(bootMs);
    await simulator?.close();
    assert.deepEqual(remains(directory), []);
    rmSync(directory, { recursive: true, force: true });
  });

  it("hosts a control plane that answers", async function () {
    this.timeout(2 * bootMs);
    clusterId = await orderCluster(api, keys.public);
    const share = { name: "datasets", region, diskInterface: "File", sizeGb: 100 } as const;
    volumeId = (await api.volumes.create(share, "share", signal())).fid;
    let host: string | undefined;
    await until(
      "the cluster is Available",
      async () => (host = (await api.clusters.find(clusterId, signal()))?.kubeHost ?? undefined),
      bootMs,
    );
    const login = await logIn(host!, sshPort, keys.private);
    const kubeconfig = reachableKubeconfig(login.kubeconfig, { clusterName: "train", host: host! });
    kubernetes = kubernetesApi(kubeconfig);
    kubectl = await kubectlFor(kubeconfig, directory);
  });

  it("joins the instances of spot bids, whatever their startup script does", async function () {
    this.timeout(2 * bootMs);
    group = spotGroup(api, clusterId, { volumes: [volumeId], startupScript });
    await group.resize(2, signal());
    for (const name of nodes)
      await until(`${name} is Ready`, async () => readyStatus(await node(name)) === "True", bootMs);
    const { machines } = await group.describe(signal());
    const given = await Promise.all(nodes.map(async (name) => specOf(await node(name)).providerID));
    assert.deepEqual(
      given,
      machines.map(({ providerId }) => providerId),
    );
  });

  it("runs pods on both that find each other, with logs and exec, and gives the GPUs of a device plugin to the one that asks", async function () {
    this.timeout(2 * bootMs);
    const [first] = nodes;
    const { id } = (await client.state()).machines.find(({ name }) => name === first)!;
    const plugin = await advertiseGpus(join(machinesDirectory, id.replaceAll("/", "~")), 8);
    try {
      await Promise.all([proveWorkload(kubectl, nodes), proveGpus(kubectl, first, 8)]);
    } finally {
      plugin.stop();
    }
  });

  it("has the share on both: what one writes, the other reads", async function () {
    this.timeout(bootMs);
    const [first, second] = nodes;
    await onNode(kubectl, first, "/mnt/datasets", "echo from the first >/mnt/datasets/greeting");
    assert.equal(
      await onNode(kubectl, second, "/mnt/datasets", "busybox cat /mnt/datasets/greeting"),
      "from the first",
    );
    const started = await onNode(kubectl, second, "/mnt/datasets", "busybox sort /mnt/datasets/started");
    assert.equal(started, `${first} 0\n${second} 0`);
  });

  it("drains nodes that are outbid, and takes them back when they win again", async function () {
    this.timeout(2 * bootMs);
    const [first] = nodes;
    const uid = (await node(first))?.metadata?.uid;
    await setPrice(9000);
    await until("the node is cordoned", async () => specOf(await node(first)).unschedulable, bootMs);
    await until(
      "the power is off",
      async () => (await client.state()).machines.filter(({ state }) => state === "running").length === 1,
      bootMs,
    );
    await setPrice(1600);
    const since = Date.now();
    for (const name of nodes) {
      const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "kube-node-lease", name };
      await until(
        `${name} is back`,
        async () => {
          const { spec } = (await kubernetes.read(lease)) as unknown as { spec: { renewTime: string } };
          const found = await node(name);
          const takesPods = readyStatus(found) === "True" && specOf(found).unschedulable !== true;
          return takesPods && Date.parse(spec.renewTime) > since;
        },
        bootMs,
      );
    }
    assert.equal((await node(first))?.metadata?.uid, uid);
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    const started = await onNode(kubectl, first, "/mnt/datasets", "busybox wc -l </mnt/datasets/started");
    assert.equal(started, "2", "startup scripts run on the first boot only");
  });

  it("gets another instance in the place of one whose bid somebody has ended", async function () {
    this.timeout(2 * bootMs);
    const [first, second] = nodes;
    const bids = await api.bids.list({ region }, signal());
    const bid = bids.find(({ name }) => first.startsWith(name));
    await api.bids.delete(bid!.fid, signal());
    await until("its node is gone", async () => (await node(first)) === undefined, bootMs);
    await group.resize(2, signal());
    const names = (await group.describe(signal())).machines.map(({ nodeName }) => nodeName);
    assert.equal(names.length, 2);
    const other = names.find((name) => name !== second)!;
    await until(`${other} is Ready`, async () => readyStatus(await node(other)) === "True", bootMs);
  });

  it("leaves nothing: nodes, machines, shares", async function () {
    this.timeout(bootMs);
    await group.destroy(signal());
    await until(
      "the nodes are gone",
      async () => (await kubectl("get", "nodes", "-l", "!node-role.kubernetes.io/control-plane", "-o", "name")) === "",
      bootMs,
    );
    await api.volumes.delete(volumeId, signal());
    await api.clusters.delete(clusterId, signal());
    await until("the machines are gone", async () => (await client.state()).machines.length === 0, bootMs);
    assert.deepEqual(remains(directory), []);
    assert.deepEqual(readdirSync(machinesDirectory), []);
    await until("the share is erased", () => Promise.resolve(readdirSync(`${machinesDirectory}-shares`).length === 0));
  });
});
