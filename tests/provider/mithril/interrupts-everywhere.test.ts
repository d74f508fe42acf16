/** ^C and time limits at each request: nothing that Mithril made is lost. */
import assert from "node:assert/strict";
import { utils } from "ssh2";
import { provider } from "../../../plugin/provider";
import { SshServer } from "../../../simulator/mithril/ssh-server";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { Secret } from "../server/harness";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";
const hour = 3_600_000;

describe("Whatever is interrupted on Mithril", function () {
  this.timeout(300_000);
  let mithril: TestMithril;
  let rigged: Rig;
  let key: string;
  let clusterId: string;
  before(async () => {
    mithril = await TestMithril.start();
    rigged = await rig(provider, mithril.baseUrl, (baseUrl) => ({ mithril: { ...mithril.config.mithril, baseUrl } }));
    const api = mithril.api();
    key = (await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal())).fid;
    const order = { name: "c", region, sshKeys: [key], instanceType: "it_simCpu4x000000", kubernetesVersion: "1.34" };
    clusterId = (await api.clusters.create(order, signal())).fid;
  });
  after(async () => {
    await rigged.close();
    await mithril.close();
  });

  const order = (name: string) => ({ name, region, instanceType: "h100-80gb.sxm.8x", sshKeys: [key] });
  const spot = (round: string, minSize: number, limitPrice: string) => ({
    ...order(round),
    clusterId,
    clusterName: "c",
    minSize,
    maxSize: 3,
    capacity: { spot: { limitPrice } },
  });
  /** It begins with its round: an order whose start has passed is refused, and the rounds before it may have taken long. */
  const starts = new Map<string, number>();
  const reserved = (name: string, hours: number) => {
    const start = starts.get(name) ?? Date.now();
    starts.set(name, start);
    const [from, until] = [start, start + hours * hour].map((time) => new Date(time).toISOString());
    return { ...order(name), start: from, end: until, onDestroy: "terminateInstances" };
  };
  const liveBids = async () => {
    const bids = await mithril.api().bids.list({}, signal());
    return bids.filter(({ status }) => status !== "Terminated").map(({ name }) => name);
  };
  const resources: (Interrupted & { name: string })[] = [
    {
      name: "a node group",
      type: "gpu-clusters:mithril:NodeGroup",
      inputs: (round) => spot(round, 1, "$20.00"),
      updated: (round) => spot(round, 2, "$21.00"),
      left: liveBids,
    },
    {
      name: "a spot bid",
      type: "gpu-clusters:mithril:SpotBid",
      inputs: (name) => ({ ...order(name), limitPrice: "$20.00" }),
      updated: (name) => ({ ...order(name), limitPrice: "$21.00" }),
      left: liveBids,
    },
    {
      name: "a volume",
      type: "gpu-clusters:mithril:Volume",
      inputs: (name) => ({ name, region, diskInterface: "File", sizeGb: 10 }),
      updated: (name) => ({ name: `${name}-2`, region, diskInterface: "File", sizeGb: 10 }),
      left: async () => (await mithril.api().volumes.list(signal())).map(({ name }) => name),
    },
    {
      name: "an SSH key",
      type: "gpu-clusters:mithril:SshKey",
      inputs: (name) => ({ name, publicKey: publicKey(2) }),
      updated: (name) => ({ name, publicKey: publicKey(2), required: true }),
      left: async () =>
        (await mithril.api().sshKeys.list(signal())).map(({ name }) => name).filter((name) => name !== "k"),
    },
    {
      name: "a cluster",
      type: "gpu-clusters:mithril:Cluster",
      inputs: (name) => ({ name, region, sshKeys: [key], instanceType: "cpu.4x" }),
      async left() {
        const clusters = await mithril.api().clusters.list(signal());
        return clusters
          .filter(({ fid, status, deletedAt }) => fid !== clusterId && status !== "Terminated" && !deletedAt)
          .map(({ name }) => name);
      },
    },
    {
      name: "a planned cluster",
      type: "gpu-clusters:mithril:PlannedCluster",
      inputs: (clusterName) => ({ clusterName, region, controlPlane: { instanceType: "cpu.4x" } }),
      left: () => Promise.resolve([]),
    },
    {
      name: "a reservation",
      type: "gpu-clusters:mithril:Reservation",
      inputs: (name) => reserved(name, 24),
      updated: (name) => ({ ...reserved(name, 48), paused: true }),
      // One that is paid goes on without instances.
      left: async () =>
        Object.values(mithril.cloud.state.instances)
          .filter(({ status, reservation }) => reservation !== undefined && status !== "STATUS_TERMINATED")
          .map(({ name }) => name),
    },
  ];
  for (const resource of resources) {
    it(`${resource.name} is not lost when it is made`, () => interruptEachCreate(rigged, resource));
    if (resource.updated) {
      it(`${resource.name} is not lost when it is changed`, () => interruptEachUpdate(rigged, resource));
    }
    it(`${resource.name} is not lost when it is deleted`, () => interruptEachDelete(rigged, resource));
  }

  it("access over SSH goes on with the next `up`", async () => {
    const [mine, host] = [newSshKeyPair(), utils.generateKeyPairSync("ecdsa", { bits: 256 })];
    const authorizedKeys = [mine.public];
    const listening = { address: "127.0.0.1", port: 0, hostKey: host.private, authorizedKeys, kubeconfig: "" };
    const server = await SshServer.listen(listening);
    const beforeHost = await rig(provider, `tcp://127.0.0.1:${server.port}`, () => ({}));
    const inputs = (text: string) => () => {
      const port = Number(new URL(beforeHost.gate.url).port);
      return { clusterId: "clust_1", host: "127.0.0.1", port, privateKey: new Secret(text) };
    };
    const access: Interrupted = {
      type: "gpu-clusters:mithril:SshAccess",
      inputs: inputs(mine.private),
      // Another text of the same key is a change, so that it logs in again.
      updated: inputs(`${mine.private}\n`),
      left: () => Promise.resolve([]),
    };
    try {
      assert.ok((await interruptEachCreate(beforeHost, access)) > 3);
      assert.ok((await interruptEachUpdate(beforeHost, access)) > 3);
      await interruptEachDelete(beforeHost, access);
    } finally {
      await beforeHost.close();
      await server.close();
    }
  });
});
