/** A cluster on simulated Mithril whose machines really boot, from `pulumi up` to `pulumi destroy`: Mithril joins the nodes itself. */
import assert from "node:assert/strict";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { createMithrilClient } from "../../provider/mithril/client";
import { SimulatorClient } from "../../simulator/client";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { oneLife } from "../engine/one-life";
import { until } from "../until";
import { market, region } from "../provider/mithril/hosted-cluster";
import { BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";
import { inside } from "./inside";
import { readableSecrets } from "./secrets";
import { onNode, proveGpus, proveWorkload } from "./workload";

const nodes = ["life-gpu-0-1", "life-gpu-1-1"] as const;
const [first, second] = nodes;

/** Says on the share how often it ran, and ends badly: that must not keep the machine from joining. */
const startupScript = `#!/bin/bash
echo "$(hostname) $(id -u)" >>/mnt/datasets/started
exit 3
`;

const group = {
  name: "gpu",
  instanceType: "h100-80gb.sxm.8x",
  capacity: { spot: { limitPrice: "$20.00" } },
  minSize: 2,
  maxSize: 2,
  startupScript,
};

describe("a Mithril cluster on machines that boot", function () {
  this.timeout(2 * bootMs);
  oneLife();

  const keys = newSshKeyPair();
  let cluster: BootingStack;
  let client: SimulatorClient;

  const isUnschedulable = (node: KubernetesObject | undefined) =>
    (node?.["spec"] as { unschedulable?: boolean } | undefined)?.unschedulable === true;
  const setPrice = (spotPriceCents: number) =>
    client.setConditions("mithril", { markets: { [market]: { spotPriceCents } } });

  async function diskOf(node: string): Promise<string> {
    return cluster.diskOf((await cluster.machines()).find(({ name }) => name === node)!.id);
  }

  /** What the stack says of its machines. */
  async function told(): Promise<{ nodeName: string; providerId: string }[]> {
    const { nodeGroups } = (await cluster.stack.outputs()) as {
      nodeGroups: { machines: { nodeName: string; providerId: string }[] }[];
    };
    return nodeGroups.flatMap(({ machines }) => machines);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    cluster = await BootingStack.start({
      cloud: "mithril",
      clusterName: "life",
      region,
      controlPlane: { instanceType: "cpu.4x" },
      sshPublicKey: keys.public,
      sshPrivateKey: keys.private,
      fileShares: [{ name: "datasets", sizeGb: 100 }],
      nodeGroups: [group],
    });
    client = new SimulatorClient(cluster.environment.simulator.url);
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("is made by `pulumi up`: its kubeconfig answers, and spot instances are nodes, whatever their startup script does", async () => {
    await cluster.up();
    for (const name of nodes) await cluster.isReady(name);
    const machines = await told();
    assert.deepEqual(machines.map(({ nodeName }) => nodeName).sort(), nodes);
    for (const { nodeName, providerId } of machines)
      assert.equal((await cluster.node(nodeName))!.spec.providerID, providerId);
  });

  it("runs pods on both that find each other, with logs and exec, and gives the GPUs to the one that asks, and to no other", async () => {
    await Promise.all([proveWorkload(cluster.kubectl, nodes), proveGpus(cluster.kubectl, first, 8, false)]);
  });

  it("has the share on both: what one writes, the other reads", async () => {
    const { kubectl } = cluster;
    await onNode(kubectl, first, "/mnt/datasets", "echo from the first >/mnt/datasets/greeting");
    const greeting = await onNode(kubectl, second, "/mnt/datasets", "busybox cat /mnt/datasets/greeting");
    assert.equal(greeting, "from the first");
    const started = await onNode(kubectl, second, "/mnt/datasets", "busybox sort /mnt/datasets/started");
    assert.equal(started, `${first} 0\n${second} 0`);
  });

  it("keeps its secrets where no other user of a machine finds them", async () => {
    const credential = /(?:client-key-data|token): (\S+)/.exec(await cluster.kubeconfig())![1]!;
    const secrets = [credential, keys.private.split("\n")[2]!];
    assert.equal(await inside(await diskOf(first), readableSecrets, secrets.join("\n")), "searched");
  });

  it("drains nodes that are outbid, and takes them back when they win again", async () => {
    const uid = (await cluster.node(first))?.metadata.uid;
    await setPrice(9000);
    await until("the node is cordoned", async () => isUnschedulable(await cluster.node(first)), bootMs);
    const running = async () => (await cluster.machines()).filter(({ state }) => state === "running").length;
    await until("the power is off", async () => (await running()) === 1, bootMs);
    await setPrice(1600);
    const since = Date.now();
    for (const name of nodes) {
      await cluster.isReady(name, since);
      await until(`${name} takes pods`, async () => !isUnschedulable(await cluster.node(name)), bootMs);
    }
    assert.equal((await cluster.node(first))?.metadata.uid, uid);
    await cluster.kubectl("rollout", "status", "deployment/web", "--timeout=250s");
    const started = await onNode(cluster.kubectl, first, "/mnt/datasets", "busybox wc -l </mnt/datasets/started");
    assert.equal(started, "2", "startup scripts run on the first boot only");
  });

  it("gets another instance in the place of one whose bid somebody has ended, by the next `up`", async () => {
    const api = createMithrilClient(cluster.environment.simulator.mithril);
    const signal = AbortSignal.timeout(bootMs);
    const bid = (await api.bids.list({ region }, signal)).find(({ name }) => first.startsWith(name));
    await api.bids.delete(bid!.fid, signal);
    await until("its node is gone", async () => (await cluster.node(first)) === undefined, bootMs);
    await cluster.up("--refresh");
    const names = (await told()).map(({ nodeName }) => nodeName);
    assert.equal(names.length, 2);
    assert.ok(names.includes(second));
    for (const name of names) await cluster.isReady(name);
    assert.deepEqual(await cluster.stack.preview(), []);
  });

  it("leaves nothing behind, the share neither", async () => {
    await cluster.leaveNothing();
  });
});
