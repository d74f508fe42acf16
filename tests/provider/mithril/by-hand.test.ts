/** What somebody deletes or changes at Mithril's console: `up` brings it right, and a destroy leaves nothing. */
import { utils } from "ssh2";
import { provider } from "../../../plugin/provider";
import { SshServer } from "../../../simulator/mithril/ssh-server";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { Secret, startPlugin, type Plugin } from "../server/harness";
import { publicKey, signal, TestMithril } from "./cloud";

const region = "us-central5-a";
const hour = 3_600_000;

describe("By hand on Mithril", function () {
  this.timeout(300_000);
  let mithril: TestMithril;
  let plugin: Plugin;
  let key: string;
  let clusterId: string;
  let server: SshServer;
  const [mine, host] = [newSshKeyPair(), utils.generateKeyPairSync("ecdsa", { bits: 256 })];
  const listen = (port: number) =>
    SshServer.listen({
      address: "127.0.0.1",
      port,
      hostKey: host.private,
      authorizedKeys: [mine.public],
      kubeconfig: "",
    });
  before(async () => {
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
    server = await listen(0);
    key = (await api().sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal())).fid;
    const order = { name: "c", region, sshKeys: [key], instanceType: "it_simCpu4x000000", kubernetesVersion: "1.34" };
    clusterId = (await api().clusters.create(order, signal())).fid;
  });
  after(async () => {
    await server?.close();
    await plugin?.stop();
    await mithril?.close();
  });

  const api = () => mithril.api();
  const order = (name: string) => ({ name, region, instanceType: "h100-80gb.sxm.8x", sshKeys: [key] });
  const group = (name: string, minSize: number) => ({
    ...order(name),
    clusterId,
    clusterName: "c",
    minSize,
    maxSize: 3,
    capacity: { spot: { limitPrice: "$20.00" } },
  });
  /** It begins with its round: an order whose start has passed is refused. */
  const starts = new Map<string, number>();
  const reserved = (name: string, hours: number) => {
    const start = starts.get(name) ?? Date.now();
    starts.set(name, start);
    const [from, until] = [start, start + hours * hour].map((time) => new Date(time).toISOString());
    return { ...order(name), start: from, end: until, onDestroy: "terminateInstances" };
  };
  const bids = async (name: string) =>
    (await api().bids.list({}, signal())).filter((bid) => bid.status !== "Terminated" && bid.name.includes(name));
  const bidsLeft = async (name: string) =>
    (await bids(name)).map((bid) => `${bid.name} ${bid.limitPrice} ${bid.status === "Paused" ? "paused" : ""}`);
  const loseBids = async (name: string) => {
    for (const { fid } of await bids(name)) await api().bids.delete(fid, signal());
  };
  /** Keys of one text are one. */
  const rounds: string[] = [];
  const ordinalOf = (round: string) => {
    if (!rounds.includes(round)) rounds.push(round);
    return 2 + rounds.indexOf(round);
  };
  const one = <T>(all: readonly T[]): T => all[0]!;
  const volumes = async (name: string) =>
    (await api().volumes.list(signal())).filter((found) => found.name.startsWith(name));
  const keys = async (name: string) => (await api().sshKeys.list(signal())).filter((found) => found.name === name);
  const clusters = async (name: string) =>
    (await api().clusters.list(signal())).filter(
      (found) => found.name === name && found.status !== "Terminated" && !found.deletedAt,
    );
  const reservations = async (name: string) =>
    (await api().reservations.list(signal())).filter((found) => found.name === name);
  const access = (text: string) => ({
    clusterId: "clust_1",
    host: "127.0.0.1",
    port: server.port,
    privateKey: new Secret(text),
  });

  /** Machines have numbers that are never used twice. */
  const members = async (name: string) => (await bidsLeft(name)).map((words) => words.replace(/-\d+ /, " "));
  const rows: ByHand[] = [
    {
      type: "gpu-clusters:mithril:SshKey",
      inputs: (name) => ({ name, publicKey: publicKey(ordinalOf(name)) }),
      updated: (name) => ({ name, publicKey: publicKey(ordinalOf(name)), required: true }),
      refusal: /SSH key "edited" \(\w+\) is gone; run `pulumi refresh`, then `pulumi up` makes it again$/,
      lose: async (name) => api().sshKeys.delete(one(await keys(name)).fid, signal()),
      change: async (name) => api().sshKeys.setRequired(one(await keys(name)).fid, true, signal()),
      left: async (name) => (await keys(name)).map((found) => `${found.name} ${found.required}`),
    },
    {
      type: "gpu-clusters:mithril:Volume",
      inputs: (name) => ({ name, region, diskInterface: "File", sizeGb: 10 }),
      updated: (name) => ({ name: `${name}-2`, region, diskInterface: "File", sizeGb: 10 }),
      refusal: /volume "edited-2" \(\w+\) is gone; run `pulumi refresh`, then `pulumi up` makes it again$/,
      lose: async (name) => api().volumes.delete(one(await volumes(name)).fid, signal()),
      change: async (name) => api().volumes.rename(one(await volumes(name)).fid, `${name}-by-hand`, signal()),
      left: async (name) => (await volumes(name)).map((found) => found.name),
    },
    {
      type: "gpu-clusters:mithril:Cluster",
      inputs: (name) => ({ name, region, sshKeys: [key], instanceType: "cpu.4x" }),
      lose: async (name) => api().clusters.delete(one(await clusters(name)).fid, signal()),
      left: async (name) => (await clusters(name)).map((found) => found.name),
    },
    {
      type: "gpu-clusters:mithril:SpotBid",
      inputs: (name) => ({ ...order(name), limitPrice: "$20.00" }),
      updated: (name) => ({ ...order(name), limitPrice: "$21.00" }),
      refusal: /bid "edited" \(\w+\) has ended; run `pulumi refresh`, then `pulumi up` makes it again$/,
      lose: loseBids,
      change: async (name) => api().bids.update(one(await bids(name)).fid, { paused: true }, signal()),
      left: bidsLeft,
    },
    {
      type: "gpu-clusters:mithril:Reservation",
      inputs: (name) => reserved(name, 24),
      updated: (name) => reserved(name, 48),
      again:
        /^name: all instances of reservation "\w+" \(\w+\) were terminated, and it keeps its name until it ends at \S+: choose another name until then$/,
      refusal: /^name: all instances of reservation "edited" .*: choose another name until then$/,
      async lose(name) {
        const { fid } = one(await reservations(name));
        const instances = (await api().instances.list({}, signal())).filter((each) => each.reservation === fid);
        await api().reservations.terminateInstances(
          fid,
          instances.map((each) => each.fid),
          signal(),
        );
      },
      change: async (name) => api().reservations.update(one(await reservations(name)).fid, { paused: true }, signal()),
      left: async (name) =>
        (await reservations(name))
          .filter(({ quantity }) => quantity > 0)
          .map((found) => `${found.name} ${found.status === "Paused" ? "paused" : ""}`),
    },
    {
      type: "gpu-clusters:mithril:NodeGroup",
      inputs: (name) => group(name, 1),
      updated: (name) => group(name, 2),
      again: "update",
      lose: loseBids,
      change: async (name) => api().bids.update(one(await bids(name)).fid, { paused: true }, signal()),
      left: members,
    },
    {
      type: "gpu-clusters:mithril:PlannedCluster",
      inputs: (clusterName) => ({ clusterName, region, controlPlane: { instanceType: "cpu.4x" } }),
      left: () => Promise.resolve([]),
    },
    {
      type: "gpu-clusters:mithril:SshAccess",
      inputs: () => access(mine.private),
      left: () => Promise.resolve([]),
    },
  ];
  itStandsWhatIsDoneByHand("mithril", () => plugin, rows);
});
