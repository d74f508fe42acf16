import assert from "node:assert/strict";
import { driveResource, EngineResource, Secret } from "../server/harness";
import { waitFor } from "../../../provider/cloud/wait";
import { home, never, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("Cudo resources", () => {
  let cloud: SimulatedCloud;
  before(async () => {
    cloud = await simulatedCloud();
  });
  after(() => cloud.close());
  afterEach(async () => {
    await cloud.simulator.clearFaults();
    const { vms, disks, networks, securityGroups } = (await cloud.simulator.state()).cudo;
    const left = [vms, disks, networks, securityGroups].flatMap((objects) => objects.map(({ id }) => id));
    await cloud.simulator.reset();
    assert.deepEqual(left, [], "nothing may be left behind");
  });

  it("Disk keeps the contract", () =>
    driveResource({
      plugin: cloud.plugin,
      type: "gpu-clusters:cudo:Disk",
      inputs: { diskId: "data", dataCenterId: home, sizeGib: 10 },
      replaced: { diskId: "data", dataCenterId: home, sizeGib: 5 },
    }));

  it("Network keeps the contract", () =>
    driveResource({
      plugin: cloud.plugin,
      type: "gpu-clusters:cudo:Network",
      inputs: { networkId: "net", dataCenterId: home, ipRange: "10.0.0.0/16" },
      replaced: { networkId: "net", dataCenterId: home, ipRange: "10.1.0.0/16" },
    }));

  it("SecurityGroup keeps the contract", () => {
    const rule = { protocol: "PROTOCOL_TCP", ruleType: "RULE_TYPE_INBOUND", ports: "6443", ipRangeCidr: "0.0.0.0/0" };
    const all = { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_OUTBOUND" };
    return driveResource({
      plugin: cloud.plugin,
      type: "gpu-clusters:cudo:SecurityGroup",
      inputs: { securityGroupId: "sg", dataCenterId: home, rules: [rule, all] },
      updated: {
        securityGroupId: "sg",
        dataCenterId: home,
        description: "Nodes",
        rules: [all, { ...rule, ports: "22,443" }],
      },
      replaced: { securityGroupId: "other", dataCenterId: home, rules: [rule, all] },
    });
  });

  it("Vm keeps the contract", async () => {
    await driveResource({
      plugin: cloud.plugin,
      type: "gpu-clusters:cudo:Vm",
      inputs: {
        ...vmInputs,
        vmId: "vm",
        startScript: new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@PROVIDER_ID@@"),
        metadata: { team: "ml" },
      },
      updated: {
        ...vmInputs,
        vmId: "vm",
        vcpus: 4,
        memoryGib: 8,
        diskSizeGib: 30,
        startScript: new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@PROVIDER_ID@@"),
        metadata: { team: "ai", more: "yes" },
        customSshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake me"],
      },
      replaced: { ...vmInputs, vmId: "vm", startScript: "#!/bin/bash\necho something else" },
      notImported: ["startScript"],
      inspect: async ({ id, state }, when) => {
        const vm = (await cloud.api.vms.find(id, never))!;
        assert.equal(vm.state, "ACTIVE");
        assert.equal(state.values.externalIpAddress, vm.externalIpAddress);
        assert.equal(state.values.providerId, `cudo://${cloud.projectId}/vm`);
        assert.deepEqual([vm.vcpus, vm.memoryGib, vm.bootDiskSizeGib], when === "created" ? [2, 4, 20] : [4, 8, 30]);
        assert.equal(vm.metadata.team, when === "created" ? "ml" : "ai");
        assert.equal(vm.authorizedSshKeys.length, when === "created" ? 0 : 1);
      },
    });
  });

  it("attaches and detaches disks and security groups in place", async () => {
    const { plugin, api } = cloud;
    const disk = new EngineResource(plugin, "gpu-clusters:cudo:Disk", "disk");
    const network = new EngineResource(plugin, "gpu-clusters:cudo:Network", "net");
    const groups = ["one", "two"].map((id) => new EngineResource(plugin, "gpu-clusters:cudo:SecurityGroup", id));
    await disk.up({ dataCenterId: home, sizeGib: 10 });
    await network.up({ dataCenterId: home, ipRange: "10.0.0.0/16" });
    for (const group of groups) await group.up({ dataCenterId: home, rules: [] });
    const vm = new EngineResource(plugin, "gpu-clusters:cudo:Vm", "machine");
    const nic = (group: string) => ({ networkId: "net", assignPublicIp: true, securityGroupIds: [group] });
    assert.equal(await vm.up({ ...vmInputs, nics: [nic("one")] }), "create");
    assert.equal(await vm.up({ ...vmInputs, nics: [nic("two")], storageDiskIds: ["disk"] }), "update");
    const live = (await api.vms.find("machine", never))!;
    assert.deepEqual([live.securityGroupIds, live.storageDiskIds], [["two"], ["disk"]]);
    assert.equal(await vm.up({ ...vmInputs, nics: [nic("two")], storageDiskIds: ["disk"] }), "same");
    assert.equal(await disk.up({ dataCenterId: home, sizeGib: 20 }), "update");
    assert.equal((await api.disks.find("disk", never))!.sizeGib, 20);
    assert.equal(await vm.up({ ...vmInputs, nics: [nic("two")] }), "update");
    await assert.rejects(disk.up({ dataCenterId: home, sizeGib: 30 }), /sizeGib.*attached to no VM/);
    for (const resource of [vm, disk, network, ...groups]) await resource.destroy();
  });

  it("keeps the image when a newer one matches the prefix, and replaces it when another is asked for", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "gpu");
    const shape = {
      dataCenterId: "us-newyork-1",
      machineType: "intel-broadwell-v100",
      vcpus: 4,
      memoryGib: 16,
      gpus: 1,
    };
    await vm.up({ ...shape, image: "ubuntu-2204-nvidia-550-docker" });
    assert.equal(vm.stored!.state.values.imageId, "ubuntu-2204-nvidia-550-docker-v20250303");
    assert.equal(vm.stored!.state.values.gpuModel, "V100");
    assert.equal(vm.stored!.state.values.diskSizeGib, 20);
    assert.equal(await vm.up({ ...shape, image: "ubuntu-2204-nvidia-550" }), "same");
    assert.equal(await vm.up({ ...shape, image: "ubuntu-2204" }), "same", "it still begins so");
    assert.equal(await vm.up({ ...shape, image: "ubuntu-2404" }), "replace");
    assert.equal(vm.stored!.state.values.imageId, "ubuntu-2404");
    await vm.destroy();
  });

  for (const [kind, type, operation, inputs] of [
    ["VM", "Vm", "CreateVM", vmInputs],
    ["disk", "Disk", "CreateStorageDisk", { dataCenterId: home, sizeGib: 10 }],
    ["network", "Network", "CreateNetwork", { dataCenterId: home, ipRange: "10.0.0.0/16" }],
    ["security group", "SecurityGroup", "CreateSecurityGroup", { dataCenterId: home, rules: [] }],
  ] as const) {
    for (const [what, effect, outcome] of [
      ["a lost answer", "after", "dropConnection"],
      ["a 500 after the effect", "after", { status: 500, body: { code: 13, message: "boom" } }],
      ["a 503 before the effect", "before", { status: 503, body: { code: 14, message: "away" } }],
      ["a 429", "before", { status: 429, body: { code: 8, message: "slow" } }],
    ] as const) {
      it(`makes a ${kind} once in spite of ${what}`, async () => {
        await cloud.fault({ operation }, { effect, outcome });
        const resource = new EngineResource(cloud.plugin, `gpu-clusters:cudo:${type}`, "once");
        await resource.up({ ...inputs });
        assert.deepEqual(
          (await cloud.simulator.faults()).faults.map(({ fired }) => fired),
          [1],
        );
        assert.equal(await resource.up({ ...inputs }), "same");
        await resource.destroy();
      });
    }
  }

  it("refuses objects of its id that others have made, and says how to import them", async () => {
    const { api, plugin } = cloud;
    await api.networks.create({ id: "net", dataCenterId: home, ipRange: "10.0.0.0/16" }, never);
    const { image, diskSizeGib, ...shape } = vmInputs;
    const disk = { bootDiskImageId: image, bootDiskSizeGib: diskSizeGib };
    await api.vms.create({ ...shape, ...disk, vmId: "vm", gpus: 0 }, never);
    const network = new EngineResource(plugin, "gpu-clusters:cudo:Network", "net");
    await assert.rejects(
      network.up({ dataCenterId: home, ipRange: "10.0.0.0/16" }),
      /network with the id "net" exists already.*pulumi import gpu-clusters:cudo:Network <name> net/,
    );
    const vm = new EngineResource(plugin, "gpu-clusters:cudo:Vm", "vm");
    await assert.rejects(vm.up({ ...vmInputs }), /VM with the id "vm" exists already.*pulumi import/);
    assert.equal(vm.stored, undefined);
    assert.ok(await vm.import("vm"));
    assert.ok(await network.import("net"));
    await vm.destroy();
    await network.destroy();
  });

  it("goes on with a VM that a crashed run of the same resource made", async () => {
    const crashed = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "crash");
    await crashed.up({ ...vmInputs, startScript: "#!/bin/bash\ntrue" });
    const again = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "crash");
    assert.equal(await again.up({ ...vmInputs, startScript: "#!/bin/bash\ntrue" }), "create");
    assert.equal((await cloud.api.vms.list(never)).length, 1);
    const edited = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "crash");
    await assert.rejects(
      edited.up({ ...vmInputs, startScript: "#!/bin/bash\nfalse" }),
      /of another shape \(another start script\)/,
    );
    await again.destroy();
  });

  it("removes a VM that goes FAILED and leaves nothing", async () => {
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "bad" } });
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "bad");
    await assert.rejects(vm.up({ ...vmInputs }), /VM "bad" failed while it was being made.*FAILED.*has been removed/);
    assert.equal(vm.stored, undefined);
    assert.deepEqual(await cloud.api.vms.list(never), []);
  });

  it("keeps a FAILED VM in the state when it cannot be removed, and makes it anew at the next up", async () => {
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "bad" } });
    await cloud.fault(
      { operation: "TerminateVM" },
      { effect: "before", times: 1, outcome: { status: 403, body: "blocked" } },
    );
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "bad");
    await assert.rejects(vm.up({ ...vmInputs }), /could not be removed.*blocked/);
    assert.equal(vm.stored?.id, "bad");
    assert.equal(await vm.up({ ...vmInputs }), "update");
    assert.equal((await cloud.api.vms.find("bad", never))!.state, "ACTIVE");
    await vm.destroy();
  });

  it("takes over a VM that works where it is replaced beside the old one, and makes one that is FAILED anew", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "worker");
    await vm.up({ ...vmInputs });
    const created = async () => (await cloud.api.vms.find("worker", never))!.createTime;
    const first = await created();
    await vm.replace({ ...vmInputs });
    assert.equal(await created(), first);
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "worker" } });
    await cloud.api.vms.terminate("worker", never);
    await waitFor(async () => ((await cloud.api.vms.find("worker", never)) ? undefined : true), never);
    await cloud.fault(
      { operation: "TerminateVM" },
      { effect: "before", times: 1, outcome: { status: 403, body: "blocked" } },
    );
    vm.stored = undefined;
    await assert.rejects(vm.up({ ...vmInputs }), /could not be removed.*blocked/);
    await vm.replace({ ...vmInputs });
    assert.equal((await cloud.api.vms.find("worker", never))!.state, "ACTIVE");
    await vm.destroy();
  });

  it("makes one VM in each up while they go FAILED, and each with the data disk that outlives them", async () => {
    const disk = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Disk", "files");
    await disk.up({ dataCenterId: home, sizeGib: 10 });
    await cloud.simulator.setConditions("cudo", { vmFails: { id: "server", times: 2 } });
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "server");
    const inputs = { ...vmInputs, storageDiskIds: ["files"] };
    for (const round of [1, 2]) {
      await cloud.simulator.clearRequests();
      await assert.rejects(vm.up(inputs), /VM "server" failed while it was being made.*FAILED.*has been removed/);
      const creates = (await cloud.operations()).filter((operation) => operation === "CreateVM");
      assert.equal(creates.length, 1, `of up ${round}`);
      assert.equal((await cloud.api.disks.find("files", never))?.vmId ?? "", "", "the disk is free again");
    }
    assert.equal(await vm.up(inputs), "create");
    assert.deepEqual((await cloud.api.vms.find("server", never))!.storageDiskIds, ["files"]);
    await vm.destroy();
    await disk.destroy();
  });

  it("tells a shortage from a mistake", async () => {
    await cloud.fault(
      { operation: "CreateVM" },
      {
        effect: "before",
        outcome: {
          status: 400,
          body: { code: 3, message: "There are no hosts available for your specified virtual machine." },
        },
      },
    );
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "short");
    await assert.rejects(vm.up({ ...vmInputs }), /no hosts available.*shortage of intel-broadwell in gb-bournemouth-1/);
    assert.equal(vm.stored, undefined);
  });

  for (const [what, match, fault] of [
    ["while it waits for the VM", { operation: "GetVM" }, { nth: 3, effect: "before" }],
    ["while it asks for the VM", { operation: "CreateVM" }, { effect: "after" }],
  ] as const) {
    it(`keeps a VM in the state when the user interrupts ${what}, and goes on`, async () => {
      const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "stop");
      const { inputs } = await vm.check({ ...vmInputs });
      await cloud.fault(match, { ...fault, outcome: { delayMs: 20_000 } });
      const creating = assert.rejects(vm.create(inputs), /was cancelled/);
      await waitFor(
        async () => (await cloud.simulator.faults()).faults.some(({ fired }) => fired > 0) || undefined,
        never,
      );
      await cloud.plugin.cancel();
      await creating;
      await cloud.simulator.clearFaults();
      assert.equal(vm.stored?.id, "stop");
      assert.equal(await vm.up({ ...vmInputs }), "update");
      assert.equal(vm.stored?.state.values.state, "ACTIVE");
      assert.equal(await vm.up({ ...vmInputs }), "same");
      assert.equal((await cloud.api.vms.list(never)).length, 1);
      await vm.destroy();
    });
  }

  it("makes again what was lost before an update", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "lost");
    await vm.up({ ...vmInputs });
    await cloud.api.vms.terminate("lost", never);
    assert.equal(await vm.up({ ...vmInputs, metadata: { a: "b" } }), "update");
    assert.equal((await cloud.api.vms.find("lost", never))!.metadata.a, "b");
    await vm.destroy();
  });

  it("keeps metadata that others have set", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "marks");
    await vm.up({ ...vmInputs, metadata: { mine: "1" } });
    const before = (await cloud.api.vms.find("marks", never))!.metadata;
    await cloud.api.vms.setMetadata("marks", { ...before, theirs: "x" }, never);
    await vm.up({ ...vmInputs, metadata: { other: "2" } });
    const { mine, other, theirs, ["gpu-clusters-owner"]: owner } = (await cloud.api.vms.find("marks", never))!.metadata;
    assert.deepEqual([mine, other, theirs, owner], [undefined, "2", "x", before["gpu-clusters-owner"]]);
    await vm.destroy();
  });

  it("shows what others changed after a refresh, and puts it right at the next up", async () => {
    const { api, plugin } = cloud;
    const sg = new EngineResource(plugin, "gpu-clusters:cudo:SecurityGroup", "sg");
    const network = new EngineResource(plugin, "gpu-clusters:cudo:Network", "net");
    const vm = new EngineResource(plugin, "gpu-clusters:cudo:Vm", "drift");
    await sg.up({ dataCenterId: home, rules: [] });
    await network.up({ dataCenterId: home, ipRange: "10.0.0.0/16" });
    const nics = [{ networkId: "net", assignPublicIp: true, securityGroupIds: ["sg"] }];
    await vm.up({ ...vmInputs, nics });
    await api.vms.detachSecurityGroup("drift", "sg", never);
    await api.vms.stop("drift", never);
    await waitFor(async () => (await api.vms.find("drift", never))!.state === "STOPPED" || undefined, never);
    await vm.refresh();
    assert.equal(vm.stored!.state.values.state, "STOPPED");
    assert.equal(await vm.up({ ...vmInputs, nics }), "update", "a stopped VM is no reason for a new one");
    assert.deepEqual((await api.vms.find("drift", never))!.securityGroupIds, ["sg"]);
    for (const resource of [vm, network, sg]) await resource.destroy();
  });

  it("waits with deleting a network until its VMs are gone", async () => {
    const network = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Network", "net");
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "vm");
    await network.up({ dataCenterId: home, ipRange: "10.0.0.0/16" });
    await vm.up({ ...vmInputs, nics: [{ networkId: "net" }] });
    assert.equal(vm.stored!.state.values.externalIpAddress, "");
    assert.match(String(vm.stored!.state.values.internalIpAddress), /^10\.0\./);
    await cloud.api.vms.terminate("vm", never);
    await network.destroy();
    assert.equal(await vm.refresh(), false);
  });

  it("reports all that is wrong with a VM at once, by field", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "wrong");
    const { failures } = await vm.check({
      vmId: "No Good",
      dataCenterId: "us-newyork-1",
      machineType: "intel-broadwell-v100",
      image: "ubuntu-9999",
      vcpus: 100,
      memoryGib: 16,
      gpus: 1,
      metadata: { "gpu-clusters-owner": "me" },
    });
    assert.deepEqual(failures.map(({ property }) => property).sort(), [
      "image",
      'metadata["gpu-clusters-owner"]',
      "vcpus",
      "vmId",
    ]);
    const reasons = Object.fromEntries(failures.map(({ property, reason }) => [property, reason]));
    assert.match(reasons.vcpus!, /100 is more than 16, the most for 16 GiB .*would do/);
    assert.match(reasons.image!, /there are: .*ubuntu-2404/);
    const elsewhere = await vm.check({ ...vmInputs, dataCenterId: "mars-1" });
    assert.match(elsewhere.failures[0]!.reason, /not a data center of Cudo; there are: .*gb-bournemouth-1/);
    const type = await vm.check({ ...vmInputs, machineType: "intel-broadwell-v100" });
    assert.match(type.failures[0]!.reason, /offered there: intel-broadwell; .*is offered in: us-newyork-1/);
    const groups = await vm.check({ ...vmInputs, nics: [{ networkId: "n" }], securityGroupIds: ["g"] });
    assert.equal(groups.failures[0]!.property, "securityGroupIds");
    const nowhere = await vm.check({ ...vmInputs, vaultScript: new Secret("#!/bin/bash") });
    assert.deepEqual(
      nowhere.failures.map(({ property }) => property),
      ["vault"],
    );
    assert.match(nowhere.failures[0]!.reason, /is required with vaultScript/);
  });

  it("are made again in another project of Cudo, and deleted where they were; projects of other clouds move nothing", async () => {
    const { config, api } = cloud;
    const authorization = `Bearer ${config.apiKey}`;
    const send = (path: string, body?: object) =>
      fetch(config.baseUrl + path, {
        method: body ? "POST" : "GET",
        headers: { authorization },
        ...(body && { body: JSON.stringify(body) }),
      });
    const { projects } = (await (await send("/v1/projects")).json()) as { projects: { billingAccountId: string }[] };
    const { billingAccountId } = projects[0]!;
    assert.equal((await send("/v1/projects", { id: "other", billingAccountId })).status, 200);
    const plugin = await cloud.freshPlugin();
    try {
      const inputs = { diskId: "data", dataCenterId: home, sizeGib: 10 };
      const disk = new EngineResource(plugin, "gpu-clusters:cudo:Disk");
      await disk.up(inputs);
      for (const projectId of ["proj_one", "proj_two"]) {
        await plugin.configure({ cudo: config, mithril: { apiKey: "fkey", projectId } });
        assert.equal(await disk.up(inputs), "same");
      }
      await plugin.configure({ cudo: { ...config, projectId: "other" } });
      assert.ok(await disk.refresh(), "it is still found where it is");
      assert.equal(await disk.up(inputs), "replace");
      assert.equal(await api.disks.find("data", never), undefined);
      assert.equal((await send("/v1/projects/other/disks/data")).status, 200);
      await disk.destroy();
    } finally {
      await plugin.stop();
    }
  });
});
