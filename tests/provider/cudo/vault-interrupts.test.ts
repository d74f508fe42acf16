/** ^C and time limits at each request to Vault, and to Cudo with access to Vault given: machines, their roles and their keys are not lost. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { EngineResource, Secret } from "../server/harness";
import { moments } from "../server/harness/gate";
import {
  interruptEachCreate,
  interruptEachDelete,
  interruptEachUpdate,
  rig,
  type Interrupted,
  type Rig,
} from "../server/harness/interruption";
import { until } from "../../until";
import { RoleStandIn, standInToken } from "../vault/role-stand-in";
import { fakeApiServer, type FakeApiServer } from "./fake-api-server";
import { cpuGroup, home, never, simulatedCloud, vmInputs, type SimulatedCloud, readyNetwork } from "./simulated-cloud";

const absent = { status: 404, body: { code: 5, message: "Not Found", details: [] } };

describe("Whatever is interrupted where disks are encrypted", function () {
  this.timeout(300_000);
  let cloud: SimulatedCloud;
  let cluster: FakeApiServer;
  let vault: RoleStandIn;
  const rigs: Partial<Record<"Vault" | "Cudo", Rig>> = {};

  before(async () => {
    [cloud, cluster, vault] = await Promise.all([simulatedCloud(), fakeApiServer(), RoleStandIn.start()]);
    const who = { vault: { token: standInToken } };
    rigs.Vault = await rig(
      provider,
      vault.server.endpoint,
      () => ({ cudo: cloud.config, ...who }),
      vault.server.identity,
    );
    rigs.Cudo = await rig(provider, cloud.config.baseUrl, (baseUrl) => ({
      cudo: { ...cloud.config, baseUrl },
      ...who,
    }));
    await readyNetwork(cloud);
  });
  after(async () => {
    await Promise.all(Object.values(rigs).map((each) => each.close()));
    await Promise.all([cluster.close(), vault.close(), cloud.close()]);
  });

  const left = async () => [...(await cloud.api.vms.list(never)).map(({ id }) => id), ...vault.left()];
  const script = new Secret("#!/bin/bash\necho @@NODE_NAME@@ @@VAULT_ROLE_ID@@ @@VAULT_TOKEN@@ @@VAULT_KEY_PATH@@");

  const vaultScript = new Secret("#!/bin/bash\necho keys of @@NODE_NAME@@");

  it("puts a VM's script into Vault with the VM's own values in it, and makes it anew for another", async () => {
    const vm = new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Vm", "keys");
    const inputs = { ...vmInputs, vmId: "keys", startScript: script, vault: vault.place };
    await vm.up({ ...inputs, vaultScript });
    const kept = `secret/gpu-clusters/${cloud.projectId.toLowerCase()}.keys/start`;
    assert.equal(vault.keys.get(kept), JSON.stringify({ script: "#!/bin/bash\necho keys of keys" }));
    assert.equal(await vm.up({ ...inputs, vaultScript: new Secret("#!/bin/bash") }), "replace");
    assert.equal(vault.keys.get(kept), JSON.stringify({ script: "#!/bin/bash" }));
    await vm.destroy();
    assert.deepEqual(await left(), []);
  });

  it("makes a key for the Secrets of each VM's cluster, which Vault alone has", async () => {
    const vm = new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Vm", "sealed");
    const startScript = new Secret("#!/bin/bash\necho @@SECRETS_KEY@@ is for Vault");
    const inputs = { ...vmInputs, vmId: "sealed", startScript, vault: vault.place };
    const sealed = async (text: string) => {
      await vm.up({ ...inputs, vaultScript: new Secret(`${text} @@SECRETS_KEY@@`) });
      const kept = vault.keys.get(`secret/gpu-clusters/${cloud.projectId.toLowerCase()}.sealed/start`)!;
      return (JSON.parse(kept) as { script: string }).script.split(" ");
    };
    const [[first, key], [second, another]] = [await sealed("first"), await sealed("second")];
    assert.deepEqual([first, second], ["first", "second"]);
    for (const each of [key, another]) {
      assert.equal(Buffer.from(each!, "base64").length, 32);
      assert.ok(!JSON.stringify(vm.stored).includes(each!));
    }
    assert.notEqual(key, another);
    assert.equal(await vm.up({ ...inputs, vaultScript: new Secret("second @@SECRETS_KEY@@") }), "same");
    await vm.destroy();
    assert.deepEqual(await left(), []);
  });

  it("keeps in the state a VM that is gone, as long as Vault has something of it", async () => {
    const vm = new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Vm", "lost");
    const inputs = { ...vmInputs, vmId: "lost", startScript: script, vault: vault.place, vaultScript };
    const lose = async () => {
      vault.writeKey(`gpu-clusters/${cloud.projectId.toLowerCase()}.lost`);
      await cloud.api.vms.terminate("lost", never);
      await until("it is gone", async () => (await cloud.api.vms.find("lost", never)) === undefined);
      assert.equal(await vm.refresh(), true);
      assert.equal(vm.stored!.state.values["state"], "DELETED");
    };
    await vm.up(inputs);
    const { createdAt } = vm.stored!.state.values;
    await lose();
    assert.equal(await vm.up(inputs), "update");
    assert.notEqual(vm.stored!.state.values["createdAt"], createdAt);
    assert.equal(vm.stored!.state.values["state"], "ACTIVE");
    assert.ok(!vault.keys.has(`secret/gpu-clusters/${cloud.projectId.toLowerCase()}.lost`), "another key");
    assert.equal(await vm.up(inputs), "same");
    await lose();
    await vm.destroy();
    assert.deepEqual(await left(), []);
  });

  describe("before a VM's create has sent anything", () => {
    const inputs = () => ({ ...vmInputs, vmId: "earlier", startScript: script, vault: vault.place, vaultScript });
    const vm = (name: string) => new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Vm", name);
    const whole = async () => {
      const first = vm("earlier");
      await first.up(inputs());
      vault.writeKey(`gpu-clusters/${cloud.projectId.toLowerCase()}.earlier`);
      const before = await left();
      assert.equal(before.length, 4, before.join(", "));
      return { first, before };
    };

    it("takes back nothing that an earlier run gave when the first look fails", async () => {
      const { before } = await whole();
      const again = vm("earlier");
      await cloud.fault(
        { operation: "GetVM" },
        { effect: "before", times: 1, outcome: { status: 403, body: "blocked" } },
      );
      await assert.rejects(again.up(inputs()), /blocked/);
      assert.deepEqual([await left(), again.stored], [before, undefined]);
      assert.equal(await again.up(inputs()), "create");
      assert.deepEqual(await left(), before);
      await again.destroy();
      assert.deepEqual(await left(), []);
    });

    it("takes back nothing, and takes over no other's VM, when the first look is interrupted", async () => {
      const { first, before } = await whole();
      for (const moment of moments) {
        const stranger = vm("stranger");
        const { inputs: checked } = await stranger.check(inputs());
        rigs.Cudo!.gate.arm(1, moment, () => rigs.Cudo!.plugin.cancel());
        await assert.rejects(stranger.create(checked), /cancelled/);
        assert.ok(rigs.Cudo!.gate.disarm());
        assert.deepEqual([await left(), stranger.stored], [before, undefined], moment);
      }
      await first.destroy();
      assert.deepEqual(await left(), []);
    });

    it("takes back nothing of a VM that the state has, and that a run which cannot look goes on with", async () => {
      const { first, before } = await whole();
      const { stored } = first;
      // As after a create whose outcome was unknown.
      const state = { ...stored!.state, values: { ...stored!.state.values } };
      for (const key of ["state", "createdAt", "externalIpAddress", "internalIpAddress"]) delete state.values[key];
      first.stored = { ...stored!, state, initErrors: ["it may have been made"] };
      for (const [index, outcome] of [absent, { status: 403, body: "blocked" }].entries())
        await cloud.fault({ operation: "GetVM" }, { effect: "before", nth: index + 1, outcome });
      const { inputs: checked } = await first.check(inputs());
      await assert.rejects(first.update(checked), /blocked/);
      assert.deepEqual(await left(), before);
      await first.up(inputs());
      await first.destroy();
      assert.deepEqual(await left(), []);
    });

    it("takes back nothing of a VM that Cudo has, although it does not show it", async () => {
      const { first, before } = await whole();
      await cloud.fault({ operation: "GetVM" }, { effect: "before", times: 1_000, outcome: absent });
      await assert.rejects(vm("stranger").up(inputs()), /exists/);
      await cloud.simulator.clearFaults();
      assert.deepEqual(await left(), before);
      await first.destroy();
      assert.deepEqual(await left(), []);
    });
  });

  describe("a node group", () => {
    const inputs = () => ({
      ...cpuGroup,
      minSize: 1,
      maxSize: 3,
      startScript: script,
      vault: vault.place,
      kubeconfig: new Secret(cluster.kubeconfig),
    });
    const group = () => new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:NodeGroup", "cpu");
    const refuse = () =>
      cloud.fault(
        { operation: "CreateVM" },
        { effect: "before", times: 1, outcome: { status: 400, body: { code: 3, message: "no host available" } } },
      );

    it("leaves nothing of a machine that Cudo refuses", async () => {
      const refused = group();
      await refuse();
      await assert.rejects(refused.up(inputs()), /no host available/);
      assert.deepEqual([await left(), refused.stored], [[], undefined]);
    });

    it("stays in the state where that cannot be taken back", async () => {
      const refused = group();
      await refuse();
      vault.trouble = (request) => (request.startsWith("DELETE auth/") ? "denied" : undefined);
      await assert.rejects(refused.up(inputs()), /no host available.*may be left.*permission denied/s);
      vault.trouble = () => undefined;
      assert.notDeepEqual(await left(), []);
      await refused.destroy();
      assert.deepEqual(await left(), []);
    });

    it("keeps the key of a machine that the list does not show yet", async () => {
      await group().up(inputs());
      const key = `gpu-clusters/${cloud.projectId.toLowerCase()}.train.nodes.train-cpu-0`;
      vault.writeKey(key);
      const again = group();
      await cloud.fault({ operation: "ListVMs" }, { effect: "before", times: 2, outcome: { status: 200, body: {} } });
      await again.up(inputs());
      assert.ok(vault.keys.has(`secret/${key}`), (await left()).join(", "));
      await again.destroy();
      assert.deepEqual(await left(), []);
    });
  });

  describe("a disk with encrypted data", () => {
    const keyOf = (diskId: string) => `gpu-clusters/${cloud.projectId.toLowerCase()}.server/disks/${diskId}`;
    const inputs = (diskId: string) => ({
      diskId,
      dataCenterId: home,
      sizeGib: 10,
      encryption: { vault: vault.place, vmId: "server" },
    });
    const disk = (name: string) => new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Disk", name);
    const isThere = async (id: string) => (await cloud.api.disks.find(id, never)) !== undefined;

    it("takes its key along when it is gone, and not before, whoever does not answer", async () => {
      const data = disk("data");
      await data.up(inputs("data"));
      vault.writeKey(keyOf("data"));
      await cloud.fault(
        { operation: "DeleteStorageDisk" },
        { effect: "before", times: 1, outcome: { status: 403, body: "blocked" } },
      );
      await assert.rejects(data.destroy(), /blocked/);
      assert.deepEqual([await isThere("data"), vault.left()], [true, [`secret/${keyOf("data")}`]]);
      vault.trouble = (request) => (request.startsWith("DELETE secret/metadata") ? "denied" : undefined);
      await assert.rejects(data.destroy(), /Vault: .*permission denied/s);
      assert.deepEqual([await isThere("data"), vault.left()], [false, [`secret/${keyOf("data")}`]]);
      assert.ok(data.stored, "the next destroy goes on");
      await assert.rejects(data.destroy(), /Vault: .*permission denied/s);
      vault.trouble = () => undefined;
      await data.destroy();
      assert.deepEqual(vault.left(), []);
    });

    it("does not get the key of an earlier one of its name, and keeps that of one which is there", async () => {
      vault.writeKey(keyOf("again"));
      const again = disk("again");
      await again.up(inputs("again"));
      assert.deepEqual(vault.left(), []);
      vault.writeKey(keyOf("again"));
      assert.equal(await again.refresh(), true);
      assert.equal(await again.up(inputs("again")), "same");
      await assert.rejects(disk("stranger").up(inputs("again")), /exists already/);
      assert.deepEqual(vault.left(), [`secret/${keyOf("again")}`]);
      await again.destroy();
      assert.deepEqual(vault.left(), []);
    });

    it("is made although Vault does not destroy an earlier key, which is told", async () => {
      const told = disk("told");
      vault.writeKey(keyOf("told"));
      vault.trouble = (request) => (request.startsWith("DELETE secret/metadata") ? "denied" : undefined);
      assert.equal(await told.up(inputs("told")), "create");
      vault.trouble = () => undefined;
      assert.match(
        rigs.Cudo!.plugin.messages.map(({ message }) => message).join("\n"),
        /an earlier disk "told" may have left/,
      );
      await told.destroy();
      assert.deepEqual(vault.left(), []);
    });

    it("outlives the VM that has it, by its key too, whether somebody deletes that or the program does", async () => {
      const [files, server] = [disk("files"), new EngineResource(rigs.Cudo!.plugin, "gpu-clusters:cudo:Vm", "server")];
      await files.up(inputs("files"));
      const vm = { ...vmInputs, vmId: "server", startScript: script, vault: vault.place, storageDiskIds: ["files"] };
      await server.up(vm);
      for (const path of [keyOf("files"), keyOf("files").replace("/disks/files", "")]) vault.writeKey(path);
      await cloud.api.vms.terminate("server", never);
      await until("it is gone", async () => (await cloud.api.vms.find("server", never)) === undefined);
      await server.refresh();
      assert.equal(await server.up(vm), "update");
      assert.deepEqual(vault.left().slice(1), [`secret/${keyOf("files")}`]);
      assert.equal(await files.up(inputs("files")), "same");
      await server.destroy();
      assert.deepEqual(vault.left(), [`secret/${keyOf("files")}`]);
      await files.destroy();
      assert.deepEqual(await left(), []);
    });

    it("finds its key in no other place: what would lose it is refused", async () => {
      const kept = disk("kept");
      const { encryption, ...plain } = inputs("kept");
      await kept.up(plain);
      assert.equal(await kept.up({ ...plain, encryption }), "update", "of a disk that is in plain text");
      for (const [more, property, words] of [
        [{}, "encryption", /cannot be taken away: the key of what is on the disk is in Vault/],
        [{ encryption: { ...encryption, vmId: "another" } }, "encryption.vmId", /must stay "server"/],
        [{ encryption: { ...encryption, vmId: "No_Id" } }, "encryption.vmId", /lower-case/],
        [
          { encryption: { ...encryption, vault: { ...vault.place, keyMount: "kv" } } },
          "encryption.vault.keyMount",
          /must stay "secret"/,
        ],
      ] as const) {
        const { failures } = await kept.check({ ...plain, ...more });
        const found = failures.find((failure) => failure.property === property && words.test(failure.reason));
        assert.ok(found, JSON.stringify(failures));
      }
      await kept.destroy();
    });
  });

  for (const where of ["Vault", "Cudo"] as const) {
    const place = () => (where === "Vault" ? { ...vault.place, address: rigs.Vault!.gate.url } : vault.place);
    const group = (minSize: number) => ({
      ...cpuGroup,
      minSize,
      maxSize: 3,
      startScript: script,
      vault: place(),
      kubeconfig: new Secret(cluster.kubeconfig),
    });
    const resources: Record<string, Interrupted> = {
      "a node group": {
        type: "gpu-clusters:cudo:NodeGroup",
        inputs: () => group(1),
        updated: () => group(2),
        left,
      },
      "a disk with encrypted data": {
        type: "gpu-clusters:cudo:Disk",
        inputs: (diskId) => ({
          diskId,
          dataCenterId: home,
          sizeGib: 10,
          encryption: { vault: place(), vmId: "server" },
        }),
        left: async (id) => ((await cloud.api.disks.find(id, never)) ? [id] : []),
      },
      "a VM": {
        type: "gpu-clusters:cudo:Vm",
        inputs: () => ({ ...vmInputs, vmId: "one", startScript: script, vault: place(), vaultScript }),
        left,
      },
    };
    for (const [name, resource] of Object.entries(resources)) {
      const each = async (act: typeof interruptEachCreate) => assert.ok((await act(rigs[where]!, resource)) > 0);
      it(`at ${where}, ${name} is not lost when it is made`, () => each(interruptEachCreate));
      if (resource.updated) it(`at ${where}, ${name} is not lost when it is changed`, () => each(interruptEachUpdate));
      it(`at ${where}, ${name} is not lost when it is deleted`, () => each(interruptEachDelete));
    }
  }
});
