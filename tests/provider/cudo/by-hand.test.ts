/** What somebody deletes or changes at Cudo's console: `up` brings it right, and a destroy leaves nothing. */
import { until } from "../../until";
import { provider } from "../../../plugin/provider";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { Secret, startPlugin, type Plugin } from "../server/harness";
import { RoleStandIn, standInToken } from "../vault/role-stand-in";
import { fakeApiServer, type FakeApiServer } from "./fake-api-server";
import { cpuGroup, home, never, readyNetwork, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("By hand on Cudo", function () {
  this.timeout(300_000);
  let cloud: SimulatedCloud;
  let cluster: FakeApiServer;
  let vault: RoleStandIn;
  let plugin: Plugin;
  before(async () => {
    [cloud, cluster, vault] = await Promise.all([simulatedCloud(), fakeApiServer(), RoleStandIn.start()]);
    plugin = await startPlugin(provider, { config: { cudo: cloud.config, vault: { token: standInToken } } });
    await readyNetwork(cloud);
  });
  after(async () => {
    await plugin?.stop();
    await vault?.close();
    await cluster?.close();
    await cloud?.close();
  });

  const api = () => cloud.api;
  const disk = (diskId: string, sizeGib: number) => ({ diskId, dataCenterId: home, sizeGib });
  const group = (name: string, minSize: number) => ({
    ...cpuGroup,
    name,
    minSize,
    maxSize: 3,
    startScript: new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@BOOTSTRAP_TOKEN@@"),
    kubeconfig: new Secret(cluster.kubeconfig),
  });
  const vms = async (prefix: string) => {
    const all = (await api().vms.list(never)).filter(({ id }) => id.startsWith(prefix));
    return all.map(({ id, metadata, bootDiskSizeGib }) => `${id} ${metadata["team"] ?? ""} ${bootDiskSizeGib}`);
  };
  const isGone = (find: () => Promise<unknown>) => until("it is gone", async () => (await find()) === undefined);
  const script = new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@VAULT_ROLE_ID@@ @@VAULT_TOKEN@@ @@VAULT_KEY_PATH@@");
  const keyOf = (vmId: string) => `gpu-clusters/${cloud.projectId.toLowerCase()}.${vmId}`;
  const machine = { machineType: "intel-broadwell", vcpus: 2, memoryGib: 4, diskSizeGib: 10, image: "ubuntu-2404" };

  const rows: ByHand[] = [
    {
      type: "gpu-clusters:cudo:Disk",
      inputs: (id) => disk(id, 10),
      updated: (id) => disk(id, 20),
      async lose(id) {
        await api().disks.delete(id, never);
        await isGone(() => api().disks.find(id, never));
      },
      async left(id) {
        const found = await api().disks.find(id, never);
        return found ? [`${id} ${found.sizeGib}`] : [];
      },
    },
    {
      type: "gpu-clusters:cudo:Disk",
      of: "encrypted data",
      inputs: (id) => ({ ...disk(id, 10), encryption: { vault: vault.place, vmId: "server" } }),
      updated: (id) => ({ ...disk(id, 20), encryption: { vault: vault.place, vmId: "server" } }),
      // Vault has its key.
      again: "update",
      async lose(id) {
        vault.writeKey(`${keyOf("server")}/disks/${id}`);
        await api().disks.delete(id, never);
        await isGone(() => api().disks.find(id, never));
      },
      // Another disk must not get the key of one that is gone.
      async left(id) {
        const found = await api().disks.find(id, never);
        return [...(found ? [`${id} ${found.sizeGib}`] : []), ...vault.left().filter((each) => each.includes(id))];
      },
    },
    {
      type: "gpu-clusters:cudo:Network",
      inputs: (networkId) => ({ networkId, dataCenterId: home, ipRange: "10.2.0.0/16" }),
      async lose(id) {
        await api().networks.delete(id, never);
        await isGone(async () => {
          const found = await api().networks.find(id, never);
          return found?.state === "DELETED" ? undefined : found;
        });
      },
      left: async (id) => ((await api().networks.find(id, never))?.state === "ACTIVE" ? [id] : []),
    },
    {
      type: "gpu-clusters:cudo:SecurityGroup",
      inputs: (securityGroupId) => ({ securityGroupId, dataCenterId: home, rules: [] }),
      updated: (securityGroupId) => ({ securityGroupId, dataCenterId: home, rules: [], description: "more" }),
      lose: (id) => api().securityGroups.delete(id, never),
      change: (id) =>
        api().securityGroups.update(
          id,
          { dataCenterId: home, description: "", rules: [{ protocol: "PROTOCOL_TCP", ruleType: "RULE_TYPE_INBOUND" }] },
          never,
        ),
      async left(id) {
        const found = await api().securityGroups.find(id, never);
        return found ? [`${id} ${found.description} ${found.rules.length}`] : [];
      },
    },
    {
      type: "gpu-clusters:cudo:Vm",
      inputs: (vmId) => ({ ...vmInputs, vmId }),
      updated: (vmId) => ({ ...vmInputs, vmId, metadata: { team: "ml" } }),
      async lose(id) {
        await api().vms.terminate(id, never);
        await isGone(() => api().vms.find(id, never));
      },
      change: (id) => api().vms.setMetadata(id, { team: "others" }, never),
      left: vms,
    },
    {
      type: "gpu-clusters:cudo:Vm",
      of: "an encrypted disk",
      inputs: (vmId) => ({ ...vmInputs, vmId, startScript: script, vault: vault.place }),
      updated: (vmId) => ({ ...vmInputs, vmId, startScript: script, vault: vault.place, metadata: { team: "ml" } }),
      // Vault has something of it.
      again: "update",
      async lose(id) {
        vault.writeKey(keyOf(id));
        await api().vms.terminate(id, never);
        await isGone(() => api().vms.find(id, never));
      },
      // Another machine must not get the key of a disk that is gone.
      left: async (id) => [...(await vms(id)), ...vault.left().filter((each) => each.includes(id))],
    },
    {
      type: "gpu-clusters:cudo:NodeGroup",
      inputs: (name) => group(name, 1),
      updated: (name) => group(name, 2),
      again: "update",
      async lose(name) {
        for (const { id } of (await api().vms.list(never)).filter((vm) => vm.id.startsWith(`train-${name}`))) {
          await api().vms.terminate(id, never);
          await isGone(() => api().vms.find(id, never));
        }
      },
      left: (name) => vms(`train-${name}`),
    },
    {
      type: "gpu-clusters:cudo:NodeGroup",
      of: "encrypted disks",
      inputs: (name) => ({ ...group(name, 1), startScript: script, vault: vault.place }),
      updated: (name) => ({ ...group(name, 2), startScript: script, vault: vault.place }),
      again: "update",
      async lose(name) {
        for (const { id } of (await api().vms.list(never)).filter((vm) => vm.id.startsWith(`train-${name}`))) {
          vault.writeKey(keyOf(`train.nodes.${id}`));
          await api().vms.terminate(id, never);
          await isGone(() => api().vms.find(id, never));
        }
      },
      left: async (name) => [...(await vms(`train-${name}`)), ...vault.left().filter((each) => each.includes(name))],
    },
    {
      type: "gpu-clusters:cudo:PlannedCluster",
      inputs: (clusterName) => ({ clusterName, dataCenterId: home, controlPlane: { ...machine, vmId: "none" } }),
      left: () => Promise.resolve([]),
    },
  ];
  itStandsWhatIsDoneByHand("cudo", () => plugin, rows);
});
