import assert from "node:assert/strict";
import { ClockCudo, place, vmBody } from "./clock";

describe("simulated Cudo: disks and private images", () => {
  let cudo: ClockCudo;
  const disk = (id: string) => cudo.ok("GET", `/disks/${id}`).disk;
  const makeDisk = (id: string, sizeGib = 10) => {
    assert.deepEqual(cudo.ok("POST", "/disks", { id, dataCenterId: place, sizeGib }), {});
    cudo.settle();
  };
  beforeEach(() => (cudo = new ClockCudo()));

  it("makes a disk that becomes READY", () => {
    cudo.ok("POST", "/disks", { id: "d", dataCenterId: place, sizeGib: 10 });
    assert.equal(disk("d").diskState, "CREATING");
    assert.match(cudo.refusal("DELETE", "/disks/d"), /^400 9/);
    cudo.settle();
    assert.deepEqual([disk("d").diskState, disk("d").diskType, disk("d").vmId], ["READY", "DISK_TYPE_STORAGE", ""]);
    assert.equal(
      cudo.refusal("POST", "/disks", { id: "d", dataCenterId: place, sizeGib: 1 }),
      "409 6 A disk with that id already exists",
    );
    assert.match(cudo.refusal("POST", "/disks", { id: "e", dataCenterId: place, sizeGib: 0 }), /^400 3 sizeGib/);
    assert.match(cudo.refusal("POST", "/disks", { id: "e", dataCenterId: place }), /^400 3 sizeGib is required/);
    assert.deepEqual(cudo.ok("GET", `/disks?dataCenterId=${place}`).totalCount, 1);
  });

  it("attaches, grows and detaches, with the VM plugging meanwhile", () => {
    makeDisk("d");
    cudo.runningVm("a");
    cudo.ok("PATCH", "/disk/d/attach?vmId=a");
    assert.deepEqual([cudo.vm("a").state, disk("d").vmId, disk("d").diskState], ["HOTPLUGGING", "a", "UPDATING"]);
    assert.match(cudo.refusal("POST", "/vms/a/terminate"), /^400 9 .*hotplugging/);
    cudo.settle();
    assert.deepEqual(
      [cudo.vm("a").state, disk("d").diskState, cudo.vm("a").storageDisks.length],
      ["ACTIVE", "ATTACHED", 1],
    );
    assert.match(cudo.refusal("PATCH", "/disk/d/attach?vmId=a"), /^400 9/);
    assert.match(cudo.refusal("DELETE", "/disks/d"), /^400 9 .*must be detached/);
    assert.match(cudo.refusal("PATCH", "/vms/a/disks?diskId=d&sizeGib=5"), /^400 3 .*only grow/);
    cudo.ok("PATCH", "/vms/a/disks?diskId=d&sizeGib=20");
    cudo.settle();
    cudo.ok("PATCH", "/vms/a/disks?diskId=a-boot&sizeGib=50");
    cudo.settle();
    assert.deepEqual([disk("d").sizeGib, cudo.vm("a").bootDiskSizeGib], [20, 50]);
    cudo.ok("PUT", "/disk/d/detach");
    cudo.settle();
    assert.deepEqual([disk("d").diskState, disk("d").vmId], ["READY", ""]);
    assert.match(cudo.refusal("PUT", "/disk/d/detach"), /^400 9/);
    assert.match(cudo.refusal("PATCH", "/vms/a/disks?diskId=d&sizeGib=30"), /^400 9 .*not attached/);
    cudo.ok("DELETE", "/disks/d");
    cudo.settle();
    assert.match(cudo.refusal("GET", "/disks/d"), /^404 5/);
  });

  it("keeps storage disks when their VM is terminated", () => {
    makeDisk("d");
    cudo.runningVm("a", { storageDiskIds: ["d"] });
    assert.equal(cudo.vm("a").storageDisks[0].id, "d");
    cudo.ok("POST", "/vms/a/terminate");
    cudo.settle();
    cudo.settle();
    assert.deepEqual([disk("d").diskState, disk("d").vmId], ["READY", ""]);
  });

  it("refuses an attached disk for another VM", () => {
    makeDisk("d");
    cudo.runningVm("a", { storageDiskIds: ["d"] });
    assert.match(cudo.refusal("POST", "/vm", vmBody("b", { storageDiskIds: ["d"] })), /^400 9 Disk "d" is ATTACHED/);
  });

  it("makes an image of a stopped VM, and VMs from it", () => {
    cudo.runningVm("a", { bootDiskSizeGib: 30 });
    assert.match(cudo.refusal("POST", "/images?vmId=a&id=img"), /^400 9/);
    cudo.ok("POST", "/vms/a/stop");
    cudo.settle();
    const { image } = cudo.ok("POST", "/images?vmId=a&id=img&description=mine");
    assert.deepEqual([image.state, image.sizeGib, image.description], ["CREATING", 30, "mine"]);
    assert.match(cudo.refusal("POST", "/vm", vmBody("b", { bootDiskImageId: "img" })), /^400 9/);
    cudo.settle();
    assert.match(cudo.refusal("POST", "/images?vmId=a&id=img"), /^409 6/);
    assert.equal(cudo.runningVm("b", { bootDiskImageId: "img" }).privateImageId, "img");
    cudo.ok("POST", "/images/img?description=ours");
    assert.equal(cudo.ok("GET", "/images/img").image.description, "ours");
    assert.match(cudo.refusal("DELETE", "/images/img"), /^400 9 Image is used/);
    cudo.ok("POST", "/vms/b/terminate");
    cudo.settle();
    cudo.ok("DELETE", "/images/img");
    cudo.settle();
    assert.equal(cudo.ok("GET", "/images").totalCount, 0);
  });
});
