/** ^C and time limits at each request to Vault, and to Cudo with access to Vault given: machines, their roles and their keys are not lost. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { EngineResource, Secret } from "../server/harness";
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
import { cpuGroup, never, simulatedCloud, vmInputs, type SimulatedCloud, readyNetwork } from "./simulated-cloud";

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
