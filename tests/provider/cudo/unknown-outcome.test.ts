/** Creates at Cudo whose answers are lost, of which no look shows whether they made anything. */
import assert from "node:assert/strict";
import { EngineResource } from "../server/harness";
import { never, simulatedCloud, vmInputs, type SimulatedCloud } from "./simulated-cloud";

describe("A create of Cudo whose outcome is unknown", function () {
  this.timeout(120_000);
  let cloud: SimulatedCloud;
  before(async () => (cloud = await simulatedCloud()));
  after(() => cloud.close());

  it("keeps in the state what may have been made, where answers are lost and nothing shows it", async () => {
    const gone = {
      effect: "before",
      times: 1_000,
      outcome: { status: 404, body: { code: 5, message: "Not Found", details: [] } },
    } as const;
    for (const [then, outcome] of [
      ["no answer", { status: 503 }],
      ["a refusal", { status: 400, body: { code: 3, message: "no host available" } }],
    ] as const) {
      const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "unseen");
      await cloud.fault({ operation: "GetVM" }, gone);
      await cloud.fault({ operation: "CreateVM" }, { effect: "after", times: 1, outcome: "dropConnection" });
      await cloud.fault({ operation: "CreateVM" }, { effect: "before", times: 1_000, outcome });
      await assert.rejects(vm.up({ ...vmInputs }), /whether VM "unseen" was made is unknown/, then);
      await cloud.simulator.clearFaults();
      assert.ok(vm.stored, then);
      await vm.destroy();
      assert.deepEqual(await cloud.api.vms.list(never), [], then);
    }
  });

  it("is looked for once before it is sent, and again where its answer is lost", async () => {
    const asked = async (work: () => Promise<unknown>) => {
      const { length } = await cloud.operations();
      await work();
      const made = (await cloud.operations()).slice(length).filter((operation) => /^(Get|Create)VM$/.test(operation));
      return made.slice(0, made.lastIndexOf("CreateVM") + 2);
    };
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "once");
    assert.deepEqual(await asked(() => vm.up({ ...vmInputs })), ["GetVM", "CreateVM", "GetVM"]);
    await vm.destroy();
    await cloud.fault({ operation: "CreateVM" }, { effect: "before", times: 1, outcome: "dropConnection" });
    const again = ["GetVM", "CreateVM", "GetVM", "CreateVM", "GetVM"];
    assert.deepEqual(await asked(() => vm.up({ ...vmInputs })), again);
    await vm.destroy();
  });

  it("takes no VM for its own that somebody else has made by then", async () => {
    const vm = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "name");
    await cloud.fault({ operation: "CreateVM" }, { effect: "before", times: 1_000, outcome: { status: 503 } });
    await assert.rejects(vm.up({ ...vmInputs }), /whether VM "name" was made is unknown/);
    await cloud.simulator.clearFaults();
    const other = new EngineResource(cloud.plugin, "gpu-clusters:cudo:Vm", "other");
    await other.up({ ...vmInputs, vmId: "name" });
    const refused = /a VM "name" exists, and this resource did not make it: nothing of it is changed/;
    await assert.rejects(vm.up({ ...vmInputs }), refused);
    await assert.rejects(vm.destroy(), refused);
    assert.equal(await vm.refresh(), false);
    await assert.rejects(vm.up({ ...vmInputs }), /VM with the id "name" exists already/);
    assert.equal((await cloud.api.vms.find("name", never))?.state, "ACTIVE");
    await other.destroy();
    await vm.up({ ...vmInputs });
    await vm.destroy();
    assert.deepEqual(await cloud.api.vms.list(never), []);
  });
});
