import assert from "node:assert/strict";
import { ClockCudo, gpuPlace, place, project, vmBody } from "./clock";

describe("simulated Cudo: virtual machines", () => {
  let cudo: ClockCudo;
  beforeEach(() => (cudo = new ClockCudo()));

  it("goes from PENDING through STARTING to ACTIVE, and has its addresses only after that", () => {
    const created = cudo.ok("POST", "/vm", vmBody("a", { metadata: { owner: "me" } }));
    assert.deepEqual([created.id, created.vm.state, created.vm.externalIpAddress], ["a", "PENDING", ""]);
    const seen = [];
    for (let elapsed = 0; elapsed < 500; elapsed += 10) {
      const vm = cudo.vm("a");
      seen.push(`${vm.state} ${vm.shortState} ${vm.externalIpAddress === "" ? "without" : "with"} address`);
      cudo.wait(10);
    }
    assert.deepEqual(
      [...new Set(seen)],
      [
        "PENDING pend without address",
        "STARTING boot without address",
        "ACTIVE runn without address",
        "ACTIVE runn with address",
      ],
    );
    assert.match(cudo.vm("a").publicIpAddress, /^127\.77\.\d+\.\d+$/);
    assert.equal(cudo.vm("a").internalIpAddress, "", "public networking has no internal address");
  });

  it("answers a single VM as `VM`, a list as `VMs`, both with metadata, and never the start script or password", () => {
    cudo.runningVm("a", { metadata: { group: "g" }, startScript: "#!/bin/sh\nsecret-script", password: "Secret-Pa55" });
    const list = cudo.ok("GET", "/vms");
    assert.deepEqual(Object.keys(list), ["VMs"]);
    assert.deepEqual(list.VMs[0].metadata, { group: "g" });
    const single = cudo.ok("GET", "/vms/a");
    assert.equal(single.VM.datacenterId, place);
    assert.deepEqual([single.VM.vcpus, single.VM.memory, single.VM.bootDiskSizeGib], [2, 4, 5]);
    assert.match(single.totalPriceHr.value, /^\d+\.\d+$/);
    assert.doesNotMatch(JSON.stringify([list, single]), /secret-script|Secret-Pa55/);
    assert.deepEqual(cudo.ok("GET", "/count-vms"), { count: 1 });
  });

  it("gives a VM in a network an internal address, and a public one only when asked", () => {
    cudo.activeNetwork("net", "10.1.0.0/24");
    cudo.ok("POST", "/security-groups", { id: "sg", dataCenterId: place });
    const nic = { networkId: "net", securityGroupIds: ["sg"] };
    const inner = cudo.runningVm("inner", { nics: [nic], securityGroupIds: ["ignored-because-of-nics"] });
    const outer = cudo.runningVm("outer", { nics: [{ ...nic, assignPublicIp: true }] });
    assert.deepEqual([inner.internalIpAddress, inner.externalIpAddress], ["10.1.0.2", ""]);
    assert.equal(outer.internalIpAddress, "10.1.0.3");
    assert.match(outer.externalIpAddress, /^127\.77\./);
    assert.deepEqual(inner.nics[0], {
      networkId: "net",
      internalIpAddress: "10.1.0.2",
      externalIpAddress: "",
      networkAddress: "10.1.0.0/24",
      securityGroupIds: ["sg"],
    });
    const ids = (query: string) => cudo.ok("GET", `/vms${query}`).VMs.map((vm: { id: string }) => vm.id);
    cudo.runningVm("alone");
    assert.deepEqual(ids("?networkId=net"), ["inner", "outer"]);
    assert.deepEqual(ids(""), ["alone", "inner", "outer"]);
  });

  it("shows a machine's one address as the internal one where VMs are machines", () => {
    cudo = new ClockCudo({}, true);
    cudo.activeNetwork("net");
    const vm = cudo.runningVm("a", { nics: [{ networkId: "net", assignPublicIp: true }] });
    assert.match(vm.internalIpAddress, /^127\.77\./);
    assert.equal(vm.internalIpAddress, vm.externalIpAddress);
  });

  it("refuses bad arguments with code 3 and says which", () => {
    const cases: [object, RegExp][] = [
      [{ vmId: "A" }, /vmId "A" is invalid/],
      [{ vmId: "a".repeat(31) }, /1 to 30/],
      [{ vmId: "a-" }, /vmId/],
      [{ dataCenterId: "moon-1" }, /data center "moon-1"/],
      [{ machineType: "cray" }, /machine type "cray"/],
      [{ bootDiskImageId: "beos" }, /image "beos"/],
      [{ vcpus: undefined }, /vcpus is required/],
      [{ vcpus: 5, memoryGib: 4 }, /vcpus 5 must be between 0.5 and 4/],
      [{ vcpus: 1, memoryGib: 16 }, /vcpus 1 must be between 2 and 16/],
      [{ bootDiskSizeGib: 2 }, /smaller than the image/],
      [{ startScript: "x".repeat(16 * 1024 + 1) }, /startScript is longer than 16384 bytes/],
      [{ password: "simple" }, /password must have/],
      [{ expireTime: "2020-01-01T00:00:00Z" }, /expireTime must be in the future/],
      [
        { dataCenterId: gpuPlace, machineType: "intel-broadwell-v100", gpus: 1, vcpus: 25, memoryGib: 50 },
        /between 1 and 24 with 1 GPUs/,
      ],
    ];
    for (const [change, expected] of cases) {
      const answer = cudo.refusal("POST", "/vm", { ...vmBody("a"), ...change });
      assert.match(answer, /^400 3 /);
      assert.match(answer, expected);
    }
    assert.deepEqual(cudo.ok("GET", "/vms").VMs, []);
  });

  it("refuses what does not exist, or is in another data center", () => {
    cudo.activeNetwork("far", "10.0.0.0/24", gpuPlace);
    cudo.ok("POST", "/security-groups", { id: "far", dataCenterId: gpuPlace });
    cudo.ok("POST", "/disks", { id: "far", dataCenterId: gpuPlace, sizeGib: 1 });
    cudo.ok("POST", "/networks", { id: "young", dataCenterId: place, ipRange: "10.0.0.0/24" });
    const refusal = (rest: object) => cudo.refusal("POST", "/vm", vmBody("a", rest));
    assert.match(refusal({ nics: [{ networkId: "none" }] }), /^404 5 network "none" not found/);
    assert.match(refusal({ nics: [{ networkId: "far" }] }), /^400 3 network "far" is in another data center/);
    assert.match(refusal({ nics: [{ networkId: "young" }] }), /^400 9 Network "young" is CREATING/);
    assert.match(refusal({ securityGroupIds: ["none"] }), /^404 5 security group/);
    assert.match(refusal({ securityGroupIds: ["far"] }), /^400 3 security group/);
    assert.match(refusal({ storageDiskIds: ["none"] }), /^404 5 disk/);
    cudo.settle();
    assert.match(refusal({ storageDiskIds: ["far"] }), /^400 3 disk "far" is in another data center/);
  });

  it("answers ALREADY_EXISTS for an id in use, also while that VM is being deleted", () => {
    cudo.runningVm("a");
    assert.equal(cudo.refusal("POST", "/vm", vmBody("a")), "409 6 A virtual machine with that id already exists");
    cudo.ok("POST", "/vms/a/terminate");
    assert.equal(cudo.vm("a").state, "DELETING");
    assert.match(cudo.refusal("POST", "/vm", vmBody("a")), /^409 6/);
    cudo.settle();
    assert.equal(cudo.refusal("GET", "/vms/a"), '404 5 virtual machine "a" not found');
    cudo.runningVm("a");
  });

  it("says that no host has room with the code of a bad argument, and counts room exactly", () => {
    const whole = { dataCenterId: gpuPlace, machineType: "intel-broadwell-v100", vcpus: 8, memoryGib: 64, gpus: 8 };
    const free = () => {
      const types = cudo.call("GET", "/v1/vms/machine-types").body.machineTypes;
      return types.find((type: { machineType: string }) => type.machineType === "intel-broadwell-v100").totalGpuFree;
    };
    for (let host = 0; host < 8; host++) cudo.runningVm(`vm-${host}`, whole);
    assert.equal(free(), 0);
    assert.equal(
      cudo.refusal("POST", "/vm", vmBody("more", whole)),
      "400 3 There are no hosts available for your specified virtual machine.",
    );
    cudo.ok("POST", "/vms/vm-3/terminate");
    cudo.settle();
    assert.equal(free(), 8);
    cudo.runningVm("more", whole);
  });

  it("says the same under the condition outOfCapacity, and shows nothing free", () => {
    cudo.cloud.conditions = { outOfCapacity: { dataCenterId: place } };
    assert.match(cudo.refusal("POST", "/vm", vmBody("a")), /^400 3 There are no hosts available/);
    const type = cudo.call("GET", `/v1/vms/data-centers/${place}/machine_types/intel-broadwell`).body;
    assert.deepEqual([type.maxVcpuFree, type.totalVcpuFree], [0, 0]);
    cudo.runningVm("elsewhere", { dataCenterId: gpuPlace, machineType: "intel-broadwell-v100", gpus: 1, memoryGib: 4 });
  });

  it("accepts a VM without a free public address and lets it fail", () => {
    cudo.cloud.conditions = { ipv4Exhausted: {} };
    assert.equal(cudo.call("GET", "/v1/vms/data-centers").body.dataCenters[0].ipv4Free, 0);
    const vm = cudo.runningVm("a");
    assert.deepEqual([vm.state, vm.externalIpAddress], ["FAILED", ""]);
    assert.equal([...cudo.cloud.machines().values()][0]!.powered, false);
    cudo.ok("POST", "/vms/a/terminate");
    cudo.settle();
    assert.deepEqual(cudo.ok("GET", "/vms").VMs, []);
  });

  it("lets the VMs fail that the condition vmFails names, as often as it says", () => {
    cudo.cloud.conditions = { vmFails: { id: "^bad", times: 2 } };
    const states = ["good", "bad-1", "bad-2", "bad-3"].map((id) => cudo.runningVm(id).state);
    assert.deepEqual(states, ["ACTIVE", "FAILED", "FAILED", "ACTIVE"]);
  });

  it("refuses more than the quota with code 8", () => {
    cudo.cloud.conditions = { quotas: { vms: 1, disks: 0, networks: 0, securityGroups: 0 } };
    cudo.runningVm("a");
    assert.match(cudo.refusal("POST", "/vm", vmBody("b")), /^429 8 Quota exceeded: the project may have 1 vms/);
    assert.match(cudo.refusal("POST", "/disks", { id: "d", dataCenterId: place, sizeGib: 1 }), /^429 8/);
    assert.match(cudo.refusal("POST", "/networks", { id: "n", dataCenterId: place, ipRange: "10.0.0.0/24" }), /^429 8/);
    assert.match(cudo.refusal("POST", "/security-groups", { id: "s", dataCenterId: place }), /^429 8/);
  });

  it("does nothing for validateOnly but the checks", () => {
    assert.equal(cudo.ok("POST", "/vm", vmBody("a", { validateOnly: true })).id, "a");
    assert.match(cudo.refusal("POST", "/vm", vmBody("a", { validateOnly: true, vcpus: 99 })), /^400 3/);
    assert.deepEqual(cudo.ok("GET", "/vms").VMs, []);
    assert.equal(cudo.cloud.machines().size, 0);
  });

  it("refuses to terminate in the boot state, and twice", () => {
    cudo.ok("POST", "/vm", vmBody("a"));
    cudo.wait(60);
    assert.equal(cudo.refusal("POST", "/vms/a/terminate"), "400 9 you cannot terminate a vm that is in the boot state");
    cudo.settle();
    cudo.ok("POST", "/vms/a/terminate");
    assert.match(cudo.refusal("POST", "/vms/a/terminate"), /^400 9 .* deleting state/);
    cudo.settle();
    assert.match(cudo.refusal("POST", "/vms/a/terminate"), /^404 5/);
  });

  it("terminates a VM that is still PENDING", () => {
    cudo.ok("POST", "/vm", vmBody("a"));
    cudo.ok("POST", "/vms/a/terminate");
    cudo.settle();
    assert.equal(cudo.cloud.machines().size, 0);
  });

  it("stops, resizes, starts and reboots", () => {
    const power = () =>
      [...cudo.cloud.machines().values()].map(({ powered, boots }) => `${powered ? "on" : "off"} ${boots}`)[0];
    cudo.runningVm("a");
    assert.equal(power(), "on 1");
    assert.match(cudo.refusal("POST", "/vms/a/resize?vcpus=4"), /^400 9 .*is ACTIVE, not STOPPED/);
    cudo.ok("POST", "/vms/a/stop");
    assert.equal(cudo.vm("a").state, "STOPPING");
    cudo.settle();
    assert.deepEqual([cudo.vm("a").state, power()], ["STOPPED", "off 1"]);
    assert.match(cudo.refusal("POST", "/vms/a/stop"), /^400 9/);
    assert.match(cudo.refusal("POST", "/vms/a/reboot"), /^400 9/);
    assert.match(cudo.refusal("POST", "/vms/a/resize?vcpus=40"), /^400 3 vcpus 40 must be/);
    assert.match(cudo.refusal("POST", "/vms/a/resize?vcpus=many"), /^400 3 type mismatch, parameter: vcpus/);
    assert.match(cudo.refusal("POST", "/vms/a/resize?vcpus=90&memoryGib=10000"), /^400 3/);
    assert.equal(cudo.ok("POST", "/vms/a/resize?vcpus=4&memoryGib=8").vm.state, "RESIZING");
    cudo.settle();
    cudo.ok("POST", "/vms/a/start");
    assert.equal(power(), "on 2");
    cudo.settle();
    assert.deepEqual([cudo.vm("a").state, cudo.vm("a").vcpus, cudo.vm("a").memory], ["ACTIVE", 4, 8]);
    cudo.ok("POST", "/vms/a/reboot");
    assert.equal(cudo.vm("a").state, "STARTING");
    cudo.settle();
    assert.deepEqual([cudo.vm("a").state, power()], ["ACTIVE", "on 3"]);
  });

  it("replaces metadata, or merges it", () => {
    cudo.runningVm("a", { metadata: { one: "1" } });
    assert.deepEqual(cudo.ok("POST", "/vm/a/metadata", { metadata: { two: "2" }, merge: true }), {
      metadata: { one: "1", two: "2" },
    });
    cudo.ok("POST", "/vm/a/metadata", { metadata: { three: "3" } });
    assert.deepEqual(cudo.vm("a").metadata, { three: "3" });
  });

  it("deletes a VM by itself when it expires", () => {
    cudo.runningVm("a", { ttl: "3600s" });
    assert.equal(cudo.vm("a").expireTime, "2026-01-01T01:00:00.000Z");
    cudo.wait(3_594_000);
    assert.equal(cudo.vm("a").state, "ACTIVE");
    assert.deepEqual(cudo.ok("POST", "/vm/a/expire-time", { ttl: "10s" }), { expireTime: "2026-01-01T01:00:09.000Z" });
    assert.equal(cudo.cloud.nextDue(), Date.parse("2026-01-01T01:00:09Z"));
    cudo.wait(10_050);
    assert.equal(cudo.vm("a").state, "DELETING");
    cudo.settle();
    assert.match(cudo.refusal("GET", "/vms/a"), /^404/);
  });

  it("keeps a committed VM until its commitment ends", () => {
    cudo.runningVm("a");
    cudo.ok("POST", "/vm/a/commit", { commitmentTerm: "COMMITMENT_TERM_3_MONTHS" });
    assert.equal(cudo.vm("a").commitmentEndTime?.slice(0, 7), "2026-04");
    assert.match(cudo.refusal("POST", "/vms/a/terminate"), /^400 9 .*commitment/);
    assert.match(cudo.refusal("POST", "/vm/a/commit", { commitmentTerm: "COMMITMENT_TERM_NONE" }), /^400 3/);
    cudo.wait(100 * 24 * 3_600_000);
    cudo.ok("POST", "/vms/a/terminate");
  });

  it("changes keys and passwords, and answers console and metrics", () => {
    cudo.runningVm("a", { sshKeySource: "SSH_KEY_SOURCE_NONE", customSshKeys: ["ssh-ed25519 AAAA one"] });
    assert.equal(cudo.vm("a").authorizedSshKeys, "ssh-ed25519 AAAA one");
    cudo.ok("POST", "/vm/a/authorized-ssh-keys", {
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      customSshKeys: ["ssh-ed25519 BBBB two"],
    });
    assert.equal(cudo.vm("a").authorizedSshKeys, "ssh-ed25519 BBBB two");
    cudo.ok("POST", "/vm/a/password", { password: "Better-Pa55" });
    assert.match(cudo.refusal("POST", "/vm/a/password", {}), /^400 3 password is required/);
    assert.match(cudo.refusal("POST", "/vm/none/password", { password: "Better-Pa55" }), /^404 5/);
    assert.equal(typeof cudo.ok("GET", "/vms/a/connect?connectionId=x").connectUrl, "string");
    assert.equal(cudo.ok("GET", "/vms/a/monitor").items[0].memory, String(4 * 2 ** 30), "64-bit numbers are strings");
  });

  it("attaches and detaches security groups", () => {
    cudo.runningVm("a");
    cudo.ok("POST", "/security-groups", {
      id: "sg",
      dataCenterId: place,
      rules: [{ protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_OUTBOUND" }],
    });
    cudo.ok("PATCH", "/vm/a/security-group/attach?securityGroupId=sg");
    cudo.ok("PATCH", "/vm/a/security-group/attach?securityGroupId=sg");
    assert.deepEqual(cudo.vm("a").securityGroupIds, ["sg"]);
    assert.equal(cudo.vm("a").rules.length, 1);
    assert.match(cudo.refusal("PATCH", "/vm/a/security-group/attach?securityGroupId=none"), /^404 5/);
    cudo.ok("PATCH", "/vm/a/security-group/detach?securityGroupId=sg");
    assert.deepEqual(cudo.vm("a").securityGroupIds, []);
    assert.match(cudo.refusal("PATCH", "/vm/a/security-group/detach?securityGroupId=sg"), /^400 9/);
  });

  it("has no DELETE, and no plural POST", () => {
    cudo.runningVm("a");
    assert.deepEqual(cudo.call("DELETE", `${project}/vms/a`), {
      status: 501,
      body: { code: 12, message: "Method Not Allowed", details: [] },
    });
    assert.equal(cudo.call("POST", `${project}/vms`, vmBody("b")).status, 501);
    assert.equal(cudo.call("GET", `${project}/vm/a`).status, 404);
  });
});
