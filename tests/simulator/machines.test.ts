import assert from "node:assert/strict";
import { place, vmBody } from "./cudo/clock";
import { RecordedMachines } from "./recorded-machines";
import { running, stateDirectory, type Running } from "./running-simulator";

describe("simulator: VMs become machines", () => {
  let kind: RecordedMachines;
  let sim: Running;
  beforeEach(async () => {
    kind = new RecordedMachines();
    sim = await running({ machines: kind });
  });
  const machines = async () => (await sim.client.state()).machines;
  it("hands a machine the VM's shape, address and start script as they are", async () => {
    await sim.call("POST", "/networks", { id: "n", dataCenterId: "us-newyork-1", ipRange: "10.0.0.0/24" });
    const gpu = {
      dataCenterId: "us-newyork-1",
      machineType: "intel-broadwell-v100",
      gpus: 2,
      startScript: "#!/bin/bash\necho hi",
    };
    await sim.call("POST", "/vm", vmBody("a", { ...gpu, nics: [{ networkId: "n", assignPublicIp: true }] }));
    await kind.until("start a");
    const { cudo } = await sim.client.state();
    assert.deepEqual(
      [...kind.specs.values()],
      [
        {
          id: "cudo/simulator/a",
          name: "a",
          address: cudo.vms[0]?.externalIpAddress,
          vcpus: 2,
          memoryGib: 4,
          gpus: { count: 2, model: "V100" },
          startScript: "#!/bin/bash\necho hi",
        },
      ],
    );
    assert.equal(cudo.vms[0]?.internalIpAddress, cudo.vms[0]?.externalIpAddress);
    assert.deepEqual(
      (await machines()).map(({ id, state, gpus }) => ({ id, state, gpus })),
      [{ id: "cudo/simulator/a", state: "running", gpus: 2 }],
    );
  });

  it("gives a VM without a public address a machine too", async () => {
    await sim.call("POST", "/networks", { id: "n", dataCenterId: place, ipRange: "10.0.0.0/24" });
    await sim.call("POST", "/vm", vmBody("a", { nics: [{ networkId: "n" }] }));
    await kind.until("start a");
    assert.match([...kind.specs.values()][0]!.address, /^127\.77\./);
    assert.equal((await sim.client.state()).cudo.vms[0]?.externalIpAddress, "");
  });

  it("stops, starts, reboots and terminates the machine with its VM", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    await sim.call("POST", "/vms/a/stop");
    await kind.until("stop a");
    await sim.call("POST", "/vms/a/start");
    await kind.until("start a", 2);
    await sim.call("POST", "/vms/a/reboot");
    await kind.until("start a", 3);
    await sim.call("POST", "/vms/a/terminate");
    assert.deepEqual(await machines(), []);
    assert.deepEqual(kind.events, [
      "sweep",
      "start a",
      "stop a",
      "start a",
      "stop a",
      "start a",
      "stop a",
      "terminate a",
    ]);
  });

  it("shows a state without a machine only when the machine is gone", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    let open = () => {};
    kind.gate = new Promise((resolve) => (open = resolve));
    await sim.call("POST", "/vms/a/terminate");
    let answered = false;
    const state = sim.client.state().then((contents) => ((answered = true), contents));
    await sim.client.health();
    assert.equal(answered, false);
    open();
    assert.deepEqual((await state).machines, []);
    assert.equal(kind.events.at(-1), "terminate a");
  });

  it("keeps a machine apart from a later one of the same name", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    await sim.call("POST", "/vms/a/terminate");
    await sim.status("GET", "/vms/a");
    assert.equal(await sim.status("POST", "/vm", vmBody("a")), 200);
    await kind.until("start a", 2);
    assert.deepEqual(kind.events.slice(-2), ["terminate a", "start a"]);
  });

  it("shows a VM whose machine cannot run as FAILED, and reports why", async () => {
    kind.failing.set("start", new Error("no such loopback address"));
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    assert.equal((await machines())[0]?.problem, "no such loopback address");
    const { VM } = JSON.parse((await sim.call("GET", "/vms/a")).text) as { VM: { state: string; shortState: string } };
    assert.deepEqual([VM.state, VM.shortState], ["FAILED", "fail: no such loopback address"]);
    assert.equal(await sim.status("POST", "/vms/a/terminate"), 200);
    assert.deepEqual(await machines(), []);
  });

  it("has no hosts for more VMs than the computer carries machines", async () => {
    kind.most = 1;
    await sim.call("POST", "/vm", vmBody("a"));
    const { status, text } = await sim.call("POST", "/vm", vmBody("b"));
    assert.equal(status, 400);
    assert.match(
      text,
      /no hosts available for your specified virtual machine\. Simulator: this computer carries no more\./,
    );
    await sim.call("POST", "/vms/a/terminate");
    assert.equal(await sim.status("GET", "/vms/a"), 404);
    assert.equal(await sim.status("POST", "/vm", vmBody("b")), 200);
  });

  it("tries again to terminate a machine", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    kind.failing.set("terminate", new Error("busy"));
    await sim.call("POST", "/vms/a/terminate");
    await kind.until("terminate a");
    assert.deepEqual(await machines(), []);
    assert.deepEqual(kind.events.filter((event) => event === "terminate a").length, 2);
  });

  it("never powers a VM that fails", async () => {
    await sim.client.setConditions("cudo", { vmFails: {} });
    await sim.call("POST", "/vm", vmBody("a"));
    assert.deepEqual(
      (await machines()).map(({ state }) => state),
      ["stopped"],
    );
    assert.ok(!kind.events.includes("start a"));
  });

  it("cuts the power and shows the console", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    assert.equal(await sim.client.console("cudo/simulator/a"), "console of a");
    await sim.client.powerCut("cudo/simulator/a");
    assert.equal(kind.events.at(-1), "cut a");
    assert.equal((await sim.client.state()).cudo.vms[0]?.state, "ACTIVE", "the cloud does not know");
    await assert.rejects(sim.client.console("cudo/simulator/b"), /There is no machine "cudo\/simulator\/b".*HTTP 404/);
    await assert.rejects(sim.client.powerCut("none"), /HTTP 404/);
  });

  it("stops machines in order at the end, and starts those that ran again", async () => {
    const stateDir = await stateDirectory();
    sim = await running({ machines: kind, stateDir });
    for (const id of ["on", "off"]) await sim.call("POST", "/vm", vmBody(id));
    await kind.until("start on");
    await kind.until("start off");
    await sim.call("POST", "/vms/off/stop");
    await kind.until("stop off");
    await sim.simulator.close();
    assert.equal(kind.events.at(-1), "close");

    kind = new RecordedMachines();
    sim = await running({ machines: kind, stateDir });
    await kind.until("start on");
    assert.deepEqual(kind.events, ["sweep", "start on"]);
    assert.deepEqual((await machines()).map(({ name, state }) => `${name} ${state}`).sort(), [
      "off stopped",
      "on running",
    ]);
  });

  it("terminates after a restart what it could not terminate before", async () => {
    const stateDir = await stateDirectory();
    sim = await running({ machines: kind, stateDir });
    await sim.call("POST", "/vm", vmBody("a"));
    await kind.until("start a");
    kind.broken.add("terminate");
    await sim.call("POST", "/vms/a/terminate");
    await kind.until("terminate a");
    await sim.simulator.close();

    kind = new RecordedMachines();
    sim = await running({ machines: kind, stateDir });
    assert.deepEqual(await machines(), []);
    assert.deepEqual(kind.events, ["sweep", "terminate a"]);
  });

  it("terminates all machines on reset", async () => {
    for (const id of ["a", "b"]) await sim.call("POST", "/vm", vmBody(id));
    await kind.until("start a");
    await kind.until("start b");
    await sim.client.reset();
    assert.deepEqual(kind.events.slice(-2).sort(), ["terminate a", "terminate b"]);
    assert.deepEqual((await sim.client.state()).machines, []);
  });
});
