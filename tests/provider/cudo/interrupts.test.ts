/** ^C and time limits at each request: nothing that Cudo made is lost. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { Secret } from "../server/harness";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import type { FakeApiServer } from "./fake-api-server";
import { riggedCloud } from "./rigged";
import { cpuGroup, home, never, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("Whatever is interrupted on Cudo", function () {
  this.timeout(300_000);
  let cloud: SimulatedCloud;
  let cluster: FakeApiServer;
  let rigged: Rig;
  let close: () => Promise<void>;
  before(async () => {
    ({ cloud, cluster, rigged, close } = await riggedCloud());
  });
  after(() => close());

  const vms = async () => (await cloud.api.vms.list(never)).map(({ id }) => id);
  const found = async <T>(kind: { find(id: string, signal: AbortSignal): Promise<T | undefined> }, id: string) =>
    (await kind.find(id, never)) ? [id] : [];
  const group = (minSize: number) => ({
    ...cpuGroup,
    minSize,
    maxSize: 3,
    startScript: new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@BOOTSTRAP_TOKEN@@"),
    kubeconfig: new Secret(cluster.kubeconfig),
  });
  const machine = { machineType: "intel-broadwell", vcpus: 2, memoryGib: 4, diskSizeGib: 10, image: "ubuntu-2404" };
  const resources: (Interrupted & { name: string })[] = [
    {
      name: "a node group",
      type: "gpu-clusters:cudo:NodeGroup",
      inputs: () => group(1),
      updated: () => group(2),
      left: vms,
    },
    {
      name: "a VM",
      type: "gpu-clusters:cudo:Vm",
      inputs: () => ({ ...vmInputs, vmId: "one" }),
      updated: () => ({ ...vmInputs, vmId: "one", metadata: { team: "ml" } }),
      left: vms,
    },
    {
      name: "a planned cluster",
      type: "gpu-clusters:cudo:PlannedCluster",
      inputs: () => ({ clusterName: "train", dataCenterId: home, controlPlane: { ...machine, vmId: "none" } }),
      left: () => Promise.resolve([]),
    },
    {
      name: "a disk",
      type: "gpu-clusters:cudo:Disk",
      inputs: () => ({ diskId: "one", dataCenterId: home, sizeGib: 10 }),
      left: () => found(cloud.api.disks, "one"),
    },
    {
      name: "a network",
      type: "gpu-clusters:cudo:Network",
      inputs: () => ({ networkId: "one", dataCenterId: home, ipRange: "10.2.0.0/16" }),
      left: () => found(cloud.api.networks, "one"),
    },
    {
      name: "a security group",
      type: "gpu-clusters:cudo:SecurityGroup",
      inputs: () => ({ securityGroupId: "one", dataCenterId: home, rules: [] }),
      updated: () => ({ securityGroupId: "one", dataCenterId: home, rules: [], description: "more" }),
      left: () => found(cloud.api.securityGroups, "one"),
    },
  ];
  for (const resource of resources) {
    it(`${resource.name} is not lost when it is made`, () => interruptEachCreate(rigged, resource));
    if (resource.updated) {
      it(`${resource.name} is not lost when it is changed`, () => interruptEachUpdate(rigged, resource));
    }
    it(`${resource.name} is not lost when it is deleted`, () => interruptEachDelete(rigged, resource));
  }

  describe("at the cluster's API server", () => {
    let beforeCluster: Rig;
    before(async () => {
      beforeCluster = await rig(provider, cluster.endpoint, () => ({ cudo: cloud.config }), cluster.identity);
    });
    after(() => beforeCluster.close());

    /** Its machines have joined, so that labels and taints concern them too. */
    const joined = (minSize: number, labels: Record<string, string>) => () => {
      for (const ordinal of [0, 1]) cluster.join(`train-cpu-${ordinal}`);
      const kubeconfig = new Secret(cluster.kubeconfigAt(beforeCluster.gate.url));
      return { ...group(minSize), kubeconfig, labels };
    };
    const throughGate: Interrupted = {
      type: "gpu-clusters:cudo:NodeGroup",
      inputs: joined(1, {}),
      updated: joined(2, { team: "ml" }),
      left: vms,
    };
    it("a node group is not lost when it is made", async () => {
      assert.ok((await interruptEachCreate(beforeCluster, throughGate)) > 0);
    });
    it("a node group is not lost when it is changed", async () => {
      assert.ok((await interruptEachUpdate(beforeCluster, throughGate)) > 2);
    });
    it("a node group is not lost when it is deleted", async () => {
      assert.ok((await interruptEachDelete(beforeCluster, throughGate)) > 0);
    });
  });
});
