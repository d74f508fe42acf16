/** Changes whose answers are lost: sent again, Cudo refuses what it has done. */
import assert from "node:assert/strict";
import { EngineResource } from "../server/harness";
import { home, never, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("A change of Cudo's whose answer is lost", function () {
  this.timeout(120_000);
  let cloud: SimulatedCloud;
  before(async () => (cloud = await simulatedCloud()));
  after(() => cloud.close());

  const resource = (type: string, name: string) => new EngineResource(cloud.plugin, `gpu-clusters:cudo:${type}`, name);

  it("is done once, and goes on", async () => {
    const disk = resource("Disk", "data");
    await disk.up({ dataCenterId: home, sizeGib: 10 });
    const groups = [resource("SecurityGroup", "a"), resource("SecurityGroup", "b")];
    for (const group of groups) await group.up({ dataCenterId: home, rules: [] });
    const vm = resource("Vm", "vm");
    const first = { ...vmInputs, securityGroupIds: ["a"], storageDiskIds: [] as string[] };
    await vm.up(first);
    const attached = { ...first, storageDiskIds: ["data"] };
    const resized = { ...first, vcpus: 4, memoryGib: 8 };
    for (const [operation, inputs] of [
      ["AttachStorageDisk", attached],
      ["DetachStorageDisk", first],
      ["AttachSecurityGroup", { ...first, securityGroupIds: ["a", "b"] }],
      ["DetachSecurityGroup", first],
      ["StopVM", resized],
      ["ResizeVM", first],
      ["StartVM", resized],
      ["ResizeVMDisk", { ...resized, diskSizeGib: 30 }],
      ["UpdateVMMetadata", { ...resized, diskSizeGib: 30, metadata: { a: "b" } }],
    ] as const) {
      await cloud.fault({ operation }, { effect: "after", outcome: "dropConnection" });
      await vm.up({ ...inputs });
      const fired = (await cloud.simulator.faults()).faults.map((fault) => fault.fired);
      assert.deepEqual(fired, [1], operation);
      assert.equal(await vm.up({ ...inputs }), "same", operation);
      await cloud.simulator.clearFaults();
    }
    const { state, vcpus, bootDiskSizeGib } = (await cloud.api.vms.find("vm", never))!;
    assert.deepEqual([state, vcpus, bootDiskSizeGib], ["ACTIVE", 4, 30]);
    await vm.destroy();
    for (const each of [disk, ...groups]) await each.destroy();
  });

  it("is done once where a disk grows", async () => {
    const disk = resource("Disk", "files");
    await disk.up({ dataCenterId: home, sizeGib: 10 });
    const vm = resource("Vm", "server");
    await vm.up({ ...vmInputs, storageDiskIds: ["files"] });
    await cloud.fault({ operation: "ResizeVMDisk" }, { effect: "after", outcome: "dropConnection" });
    assert.equal(await disk.up({ dataCenterId: home, sizeGib: 20 }), "update");
    assert.equal((await cloud.api.disks.find("files", never))!.sizeGib, 20);
    await cloud.simulator.clearFaults();
    await vm.destroy();
    await disk.destroy();
  });

  it("is done once where something is deleted", async () => {
    for (const [type, operation, inputs] of [
      ["Vm", "TerminateVM", vmInputs],
      ["Disk", "DeleteStorageDisk", { dataCenterId: home, sizeGib: 10 }],
      ["Network", "DeleteNetwork", { dataCenterId: home, ipRange: "10.0.0.0/16" }],
      ["SecurityGroup", "DeleteSecurityGroup", { dataCenterId: home, rules: [] }],
    ] as const) {
      const each = resource(type, "gone");
      await each.up({ ...inputs });
      await cloud.fault({ operation }, { effect: "after", outcome: "dropConnection" });
      await each.destroy();
      await cloud.simulator.clearFaults();
    }
  });
});
