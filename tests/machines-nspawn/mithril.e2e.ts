/** A cluster on simulated Mithril whose machines really boot: Mithril's own join, file shares, startup scripts, preemption. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, utils } from "ssh2";
import { reachableKubeconfig } from "../../components/mithril/kubeconfig";
import type { KubernetesApi, KubernetesObject } from "../../sdk/kubernetes/api";
import { kubernetesApi } from "../../sdk/kubernetes/client";
import type { MithrilApi } from "../../sdk/mithril/api";
import { createMithrilClient } from "../../sdk/mithril/client";
import { SpotGroupDriver } from "../../sdk/mithril/node-group-driver";
import { SimulatorClient } from "../../simulator/client";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { startSimulator, type Simulator } from "../../simulator/server";
import { readyStatus, until } from "../machines/test-cluster";
import { bootMs, remains } from "./cluster";
import { kubectlFor, onNode, proveWorkload, type Kubectl } from "./workload";

const sshPort = 22_223;
const region = "us-central5-a";
const market = `h100-80gb.sxm.8x/${region}`;
const nodes = ["train-gpu-0-1", "train-gpu-1-1"] as const;

/** Says on the share how often it ran, and ends badly: that must not keep the machine from joining. */
const startupScript = `#!/bin/bash
echo "$(hostname) $(id -u)" >>/mnt/datasets/started
exit 3
`;

describe("Mithril on machines that boot", () => {
  const directory = mkdtempSync(join(tmpdir(), "nspawn-mithril-"));
  const machinesDirectory = join(directory, "nspawn");
  const keys = utils.generateKeyPairSync("ed25519");
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
    const key = await api.sshKeys.create({ name: "me", publicKey: keys.public, required: false }, signal());
    const given = { name: "train", region, sshKeys: [key.fid], instanceType: "it_simCpu4x000000" };
    clusterId = (await api.clusters.create({ ...given, kubernetesVersion: "1.34" }, signal())).fid;
    const share = { name: "datasets", region, diskInterface: "File", sizeGb: 100 } as const;
    volumeId = (await api.volumes.create(share, "share", signal())).fid;
    let host: string | undefined;
    await until(
      "the cluster is Available",
      async () => (host = (await api.clusters.find(clusterId, signal()))?.kubeHost ?? undefined),
      bootMs,
    );
    const text = await overSsh("cat ~/.kube/config", host!, keys.private);
    const kubeconfig = reachableKubeconfig(text, { clusterName: "train", host: host! });
    kubernetes = kubernetesApi(kubeconfig);
    kubectl = await kubectlFor(kubeconfig, directory);
  });

  it("joins the instances of spot bids, whatever their startup script does", async function () {
    this.timeout(2 * bootMs);
    const launchSpecification = { volumes: [volumeId], sshKeys: [], cluster: clusterId, startupScript };
    group = new SpotGroupDriver({
      ...{
        api,
        clusterId,
        clusterName: "train",
        group: "gpu",
        region,
        limitPrice: "$20.00",
        bidSize: 1,
        paused: false,
      },
      order: () => Promise.resolve({ instanceType: "it_5ECSoHQjLBzrp5YM", launchSpecification }),
    });
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

  it("runs pods on both that find each other, with logs and exec", async function () {
    this.timeout(2 * bootMs);
    await proveWorkload(kubectl, nodes);
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

  it("leaves nothing: nodes, machines, shares", async function () {
    this.timeout(bootMs);
    await group.destroy(signal());
    await until(
      "the nodes are gone",
      async () => (await node(nodes[0])) ?? (await node(nodes[1])) === undefined,
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

function overSsh(command: string, host: string, privateKey: string): Promise<string> {
  const ssh = new Client();
  return new Promise<string>((resolve, reject) => {
    ssh.on("error", reject).on("ready", () =>
      ssh.exec(command, (error, channel) => {
        if (error) return reject(error);
        let text = "";
        channel.on("data", (chunk: Buffer) => (text += chunk.toString())).on("close", () => resolve(text));
        return undefined;
      }),
    );
    ssh.connect({ host, port: sshPort, username: "ubuntu", privateKey });
  }).finally(() => ssh.end());
}
