import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCidr, parseIpv4 } from "../../../sdk/ip-ranges";
import { CudoCloud } from "../../../simulator/cudo/cloud";
import type { CudoState } from "../../../simulator/cudo/model";
import { defaultTiming } from "../../../simulator/cudo/timing";
import { ClockCudo, gpuPlace, vmBody, type Reply } from "./clock";

const machineType = "intel-broadwell-v100";
const inPlace = { dataCenterId: gpuPlace, machineType };
const total = { vcpus: 8 * 192, gpus: 8 * 8, memoryGib: 8 * 1024 };

/** What the calls that were accepted must have led to. */
interface Expected {
  vms: Map<string, { vcpus: number; memoryGib: number; gpus: number; networkId?: string; goneAt?: number }>;
  networks: Map<string, { goneAt?: number }>;
  disks: Map<string, { goneAt?: number; vmId?: string }>;
}

type Action = (expected: Expected, cudo: ClockCudo) => void;

/** Refusals that the API documents: bad argument, wrong state, not found, already exists. */
function isRefusal({ status, body }: Reply): boolean {
  return [400, 404, 409].includes(status) && [3, 5, 6, 9].includes(body.code);
}

function call(cudo: ClockCudo, method: string, path: string, body?: object): boolean {
  const reply = cudo.call(method, `/v1/projects/simulator${path}`, body);
  assert.ok(reply.status === 200 || isRefusal(reply), `${method} ${path}: ${JSON.stringify(reply)}`);
  return reply.status === 200;
}

const id = (kind: string) => fc.integer({ min: 0, max: 3 }).map((number) => `${kind}-${number}`);
/** Within the machine type's rules, mostly. */
const shape = fc
  .record({
    memoryGib: fc.integer({ min: 1, max: 300 }),
    eighths: fc.integer({ min: 1, max: 9 }),
    moreGpus: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ memoryGib, eighths, moreGpus }) => {
    const vcpus = Math.ceil((memoryGib * eighths) / 8);
    return { memoryGib, vcpus, gpus: Math.min(8, Math.ceil(vcpus / 24) + moreGpus) };
  });

const createVm = fc
  .record({
    vmId: id("vm"),
    size: shape,
    networkId: fc.option(id("net")),
    publicIp: fc.boolean(),
    diskId: fc.option(id("disk")),
  })
  .map(({ vmId, size, networkId, publicIp, diskId }): Action => (expected, cudo) => {
    const nics = networkId === null ? [] : [{ networkId, assignPublicIp: publicIp }];
    const storageDiskIds = diskId === null ? [] : [diskId];
    const created = call(cudo, "POST", "/vm", vmBody(vmId, { ...inPlace, ...size, nics, storageDiskIds }));
    if (!created) return;
    assert.ok(!expected.vms.has(vmId), "an id is not given twice");
    expected.vms.set(vmId, { ...size, ...(networkId !== null && { networkId }) });
    if (diskId !== null) expected.disks.get(diskId)!.vmId = vmId;
  });

const terminate = id("vm").map((vmId): Action => (expected, cudo) => {
  const known = expected.vms.get(vmId);
  const accepted = call(cudo, "POST", `/vms/${vmId}/terminate`);
  assert.ok(!accepted || (known && known.goneAt === undefined));
  if (accepted) known!.goneAt = cudo.now + defaultTiming.vmDeleting;
});

const power = fc
  .tuple(id("vm"), fc.constantFrom("start", "stop", "reboot"))
  .map(([vmId, action]): Action => (expected, cudo) => {
    const accepted = call(cudo, "POST", `/vms/${vmId}/${action}`);
    assert.ok(!accepted || expected.vms.has(vmId));
  });

const resize = fc.tuple(id("vm"), shape).map(([vmId, { vcpus, memoryGib }]): Action => (expected, cudo) => {
  if (call(cudo, "POST", `/vms/${vmId}/resize?vcpus=${vcpus}&memoryGib=${memoryGib}`))
    Object.assign(expected.vms.get(vmId)!, { vcpus, memoryGib });
});

const createNetwork = id("net").map((networkId): Action => (expected, cudo) => {
  const accepted = call(cudo, "POST", "/networks", { id: networkId, dataCenterId: gpuPlace, ipRange: "10.0.0.0/29" });
  assert.equal(accepted, !expected.networks.has(networkId));
  if (accepted) expected.networks.set(networkId, {});
});

const deleteNetwork = id("net").map((networkId): Action => (expected, cudo) => {
  const used = [...expected.vms.values()].some((vm) => vm.networkId === networkId);
  const accepted = call(cudo, "DELETE", `/networks/${networkId}`);
  assert.ok(!accepted || !used, "a network in use stays");
  if (accepted) expected.networks.get(networkId)!.goneAt ??= cudo.now + defaultTiming.network;
});

const createDisk = id("disk").map((diskId): Action => (expected, cudo) => {
  const accepted = call(cudo, "POST", "/disks", { id: diskId, dataCenterId: gpuPlace, sizeGib: 10 });
  assert.equal(accepted, !expected.disks.has(diskId));
  if (accepted) expected.disks.set(diskId, {});
});

const deleteDisk = id("disk").map((diskId): Action => (expected, cudo) => {
  const accepted = call(cudo, "DELETE", `/disks/${diskId}`);
  assert.ok(!accepted || expected.disks.get(diskId)?.vmId === undefined, "a disk in use stays");
  if (accepted) expected.disks.get(diskId)!.goneAt ??= cudo.now + defaultTiming.disk;
});

const attach = fc.tuple(id("disk"), id("vm")).map(([diskId, vmId]): Action => (expected, cudo) => {
  if (call(cudo, "PATCH", `/disk/${diskId}/attach?vmId=${vmId}`)) expected.disks.get(diskId)!.vmId = vmId;
});

const detach = id("disk").map((diskId): Action => (expected, cudo) => {
  if (call(cudo, "PUT", `/disk/${diskId}/detach`)) delete expected.disks.get(diskId)!.vmId;
});

const wait = fc.integer({ min: 20, max: 800 }).map(
  (milliseconds): Action =>
    (_expected, cudo) =>
      cudo.wait(milliseconds),
);

/** Some networks and disks are there from the start, so that many VMs can be made. */
function begin(): { cudo: ClockCudo; expected: Expected } {
  const cudo = new ClockCudo();
  const expected: Expected = { vms: new Map(), networks: new Map(), disks: new Map() };
  for (const number of [0, 1, 2]) {
    cudo.ok("POST", "/networks", { id: `net-${number}`, dataCenterId: gpuPlace, ipRange: "10.0.0.0/29" });
    cudo.ok("POST", "/disks", { id: `disk-${number}`, dataCenterId: gpuPlace, sizeGib: 10 });
    expected.networks.set(`net-${number}`, {});
    expected.disks.set(`disk-${number}`, {});
  }
  cudo.settle();
  return { cudo, expected };
}

/** What time did to the expected world. */
function passTime(expected: Expected, now: number): void {
  const gone = (object: { goneAt?: number }) => object.goneAt !== undefined && object.goneAt <= now;
  for (const [vmId, vm] of expected.vms) {
    if (!gone(vm)) continue;
    expected.vms.delete(vmId);
    for (const disk of expected.disks.values()) if (disk.vmId === vmId) delete disk.vmId;
  }
  for (const objects of [expected.networks, expected.disks])
    for (const [key, object] of objects) if (gone(object)) objects.delete(key);
}

function checkInvariants(expected: Expected, cudo: ClockCudo): void {
  const vms: any[] = cudo.ok("GET", "/vms").VMs;
  const networks: any[] = cudo.ok("GET", "/networks").networks;
  const disks: any[] = cudo.ok("GET", "/disks").disks;
  const ids = (objects: any[]) => objects.map((object) => object.id);
  assert.deepEqual(ids(vms), [...expected.vms.keys()].sort(), "exactly the VMs that were made and not deleted");
  assert.deepEqual(ids(networks), [...expected.networks.keys()].sort());
  assert.deepEqual(ids(disks), [...expected.disks.keys()].sort());
  for (const disk of disks) assert.equal(disk.vmId, expected.disks.get(disk.id)!.vmId ?? "");

  const taken = (part: "vcpus" | "gpus" | "memoryGib") =>
    [...expected.vms.values()].reduce((sum, vm) => sum + vm[part], 0);
  const type = cudo.call("GET", `/v1/vms/data-centers/${gpuPlace}/machine_types/${machineType}`).body;
  assert.deepEqual(
    [type.totalVcpuFree, type.totalGpuFree, type.totalMemoryGibFree],
    [total.vcpus - taken("vcpus"), total.gpus - taken("gpus"), total.memoryGib - taken("memoryGib")],
  );
  assert.ok(type.maxGpuFree <= 8 && type.totalVcpuFree >= 0);

  const addresses = [
    ...vms.map((vm) => vm.externalIpAddress),
    ...networks.map((network) => network.externalIpAddress),
  ].filter((text) => text !== "");
  assert.equal(new Set(addresses).size, addresses.length, "no public address twice");
  const machineAddresses = [...cudo.cloud.machines().values()].map(({ spec }) => spec.address);
  assert.equal(new Set(machineAddresses).size, machineAddresses.length, "no machine address twice");
  const inner = vms.flatMap((vm) => vm.nics).filter((nic: any) => nic.internalIpAddress !== "");
  assert.equal(
    new Set(inner.map((nic: any) => `${nic.networkId} ${nic.internalIpAddress}`)).size,
    inner.length,
    "no internal address twice",
  );
  const range = parseCidr("10.0.0.0/29")!;
  for (const nic of inner) {
    const offset = parseIpv4(nic.internalIpAddress)! - range.base;
    assert.ok(offset >= 2 && offset <= 6, "within the network, beside its router");
  }
}

describe("simulated Cudo: whatever is asked", () => {
  it("counts capacity exactly, gives nothing twice, and forgets nothing but what is deleted", () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: createVm },
      { weight: 3, arbitrary: wait },
      { weight: 2, arbitrary: terminate },
      { weight: 2, arbitrary: createNetwork },
      { weight: 2, arbitrary: createDisk },
      ...[power, resize, deleteNetwork, deleteDisk, attach, detach].map((arbitrary) => ({ weight: 1, arbitrary })),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
        const { cudo, expected } = begin();
        for (const act of actions) {
          act(expected, cudo);
          passTime(expected, cudo.now);
          checkInvariants(expected, cudo);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("has settled when nothing is due any more, and is then as it was written and read again", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(createVm, createNetwork, createDisk, wait, terminate), { maxLength: 40, size: "max" }),
        (actions) => {
          const { cudo, expected } = begin();
          for (const act of actions) {
            act(expected, cudo);
            passTime(expected, cudo.now);
          }
          for (let due = cudo.cloud.nextDue(); due !== undefined; due = cudo.cloud.nextDue()) {
            cudo.now = Math.max(cudo.now, due);
            cudo.cloud.advance(cudo.now);
          }
          const states = cudo.cloud.summary(cudo.now);
          assert.ok(states.vms.every(({ state }) => state === "ACTIVE"));
          assert.ok(states.networks.every(({ state }) => state === "ACTIVE"));
          assert.ok(states.disks.every(({ diskState }) => diskState === "READY" || diskState === "ATTACHED"));
          const read = new CudoCloud(JSON.parse(JSON.stringify(cudo.state)) as CudoState, defaultTiming, false);
          assert.deepEqual(read.summary(cudo.now), states);
          assert.deepEqual(read.machines(), cudo.cloud.machines());
        },
      ),
      { numRuns: 100 },
    );
  });
});
