import assert from "node:assert/strict";
import type { Fault } from "../../simulator/client";
import { place, project, vmBody } from "./cudo/clock";
import { running, type Running } from "./running-simulator";

describe("simulator: faults and the request log", () => {
  let sim: Running;
  beforeEach(async () => (sim = await running()));
  const createVm: Pick<Fault, "cloud" | "match"> = { cloud: "cudo", match: { operation: "CreateVM" } };

  it("fails before the effect: the cloud never does it", async () => {
    const body = { code: 14, message: "try later", details: [] };
    await sim.client.addFault({
      ...createVm,
      effect: "before",
      outcome: { status: 503, body, headers: { "retry-after": "1" } },
    });
    const response = await fetch(`${sim.simulator.cudo.baseUrl}${project}/vm`, { method: "POST", body: "{}" });
    assert.deepEqual([response.status, response.headers.get("retry-after"), await response.json()], [503, "1", body]);
    assert.deepEqual(await sim.vmIds(), []);
    assert.equal(await sim.status("POST", "/vm", vmBody("a")), 200, "once, unless told otherwise");
  });

  it("fails after the effect: the cloud did it, and the answer is lost", async () => {
    await sim.client.addFault({ ...createVm, effect: "after", outcome: "dropConnection" });
    await assert.rejects(sim.call("POST", "/vm", vmBody("a")), /fetch failed/);
    assert.deepEqual(await sim.vmIds(), ["a"]);
    const [record] = (await sim.client.requests()).filter(({ operation }) => operation === "CreateVM");
    assert.deepEqual([record?.status, record?.fault], [0, "fault-1"]);
  });

  it("drops the connection before the effect, and replaces an answer after it", async () => {
    await sim.client.addFault({ ...createVm, effect: "before", outcome: "dropConnection" });
    await assert.rejects(sim.call("POST", "/vm", vmBody("a")), /fetch failed/);
    assert.deepEqual(await sim.vmIds(), []);
    await sim.client.addFault({ ...createVm, effect: "after", outcome: { status: 500, body: "<html>oops</html>" } });
    assert.deepEqual(await sim.call("POST", "/vm", vmBody("a")), { status: 500, text: "<html>oops</html>" });
    assert.deepEqual(await sim.vmIds(), ["a"]);
  });

  it("hits the nth match, so many times, and keeps count", async () => {
    const match = { method: "GET", path: "/vms(\\?|$)" };
    await sim.client.addFault({ cloud: "cudo", match, nth: 2, times: 2, effect: "before", outcome: { status: 429 } });
    const statuses = [];
    for (let call = 0; call < 5; call++) statuses.push(await sim.status("GET", "/vms"));
    assert.deepEqual(statuses, [200, 429, 429, 200, 200]);
    assert.equal(await sim.status("GET", "/count-vms"), 200);
    const { faults } = await sim.client.faults();
    assert.deepEqual([faults[0]?.matched, faults[0]?.fired], [5, 2]);
    await sim.client.clearFaults();
    assert.deepEqual(await sim.client.faults(), { faults: [], cudo: {}, mithril: {} });
  });

  it("delays an answer", async () => {
    await sim.client.addFault({ ...createVm, effect: "before", outcome: { delayMs: 60 } });
    const begun = performance.now();
    assert.equal(await sim.status("POST", "/vm", vmBody("a")), 200);
    assert.ok(performance.now() - begun >= 55);
  });

  it("switches conditions of the cloud on and off", async () => {
    await sim.client.setConditions("cudo", { outOfCapacity: {} });
    await sim.client.setConditions("cudo", { vmFails: { id: "a" } });
    assert.match((await sim.call("POST", "/vm", vmBody("a"))).text, /no hosts available/);
    assert.deepEqual((await sim.client.faults()).cudo, { outOfCapacity: {}, vmFails: { id: "a" } });
    await sim.client.clearFaults();
    assert.equal(await sim.status("POST", "/vm", vmBody("a")), 200);
    assert.equal((await sim.client.state()).cudo.vms[0]?.state, "ACTIVE");
  });

  it("refuses faults that it does not understand, and says why", async () => {
    const good = { ...createVm, effect: "before", outcome: "dropConnection" };
    const cases: [object, RegExp][] = [
      [{ ...good, cloud: "moon" }, /cloud must be/],
      [{ ...good, effect: "during" }, /effect must be/],
      [{ ...good, outcome: {} }, /outcome must be/],
      [{ ...good, outcome: { status: 42 } }, /outcome must be/],
      [{ ...good, nth: 0 }, /nth must be a whole number from 1/],
      [{ ...good, match: { path: "(" } }, /match\.path must be a regular expression/],
      [{ ...good, match: { verb: "GET" } }, /match\.verb is unknown; known: method, path, operation/],
      [{ ...good, match: undefined }, /match must be an object/],
      [{ ...good, when: "now" }, /when is no field/],
      [{ cudo: { onFire: {} } }, /cudo\.onFire is unknown/],
      [{ cudo: { quotas: { vms: -1 } } }, /cudo\.quotas\.vms must be a whole number/],
    ];
    for (const [fault, expected] of cases) {
      await assert.rejects(
        sim.client.addFault(fault as Fault),
        (error: Error) => expected.test(error.message) && /HTTP 400/.test(error.message),
      );
    }
  });

  it("logs every call with its operation, and marks what the cloud does not have", async () => {
    await sim.call("POST", "/vm", vmBody("a"));
    await sim.call("GET", "/vms?networkId=n");
    await sim.call("GET", "/v1/unheard-of");
    await sim.call("DELETE", "/vms/a");
    const log = (await sim.client.requests()).map(({ cloud, method, path, operation, unknown, status }) => ({
      cloud,
      method,
      path,
      operation,
      unknown,
      status,
    }));
    assert.deepEqual(log, [
      { cloud: "cudo", method: "POST", path: `${project}/vm`, operation: "CreateVM", unknown: false, status: 200 },
      {
        cloud: "cudo",
        method: "GET",
        path: `${project}/vms?networkId=n`,
        operation: "ListVMs",
        unknown: false,
        status: 200,
      },
      { cloud: "cudo", method: "GET", path: "/v1/unheard-of", operation: undefined, unknown: true, status: 404 },
      { cloud: "cudo", method: "DELETE", path: `${project}/vms/a`, operation: undefined, unknown: true, status: 501 },
    ]);
    await sim.client.clearRequests();
    assert.deepEqual(await sim.client.requests(), []);
  });

  it("keeps secrets out of log and state, yet tells equal bodies from different ones", async () => {
    const secret = {
      startScript: "#!/bin/sh\nhush-script",
      password: "Hush-Pa55word",
      customSshKeys: ["ssh-ed25519 HUSHKEY me"],
    };
    for (const id of ["a", "a", "b"]) await sim.call("POST", "/vm", vmBody(id, secret));
    await sim.call("POST", "/v1/api-keys", { apikeyId: "another" });
    const log = await sim.client.requests();
    assert.equal(log[0]?.bodyDigest, log[1]?.bodyDigest);
    assert.notEqual(log[0]?.bodyDigest, log[2]?.bodyDigest);
    const shown = JSON.stringify([log, await sim.client.state(), await sim.client.faults()]);
    assert.doesNotMatch(shown, /hush/i);
    assert.ok(!shown.includes(sim.simulator.cudo.apiKey));
    assert.doesNotMatch(shown, /bearer/i);
  });

  it("resets to nothing, and keeps its key", async () => {
    await sim.call("POST", "/networks", { id: "n", dataCenterId: place, ipRange: "10.0.0.0/24" });
    await sim.call("POST", "/vm", vmBody("a"));
    await sim.client.setConditions("cudo", { ipv4Exhausted: {} });
    await sim.client.reset();
    assert.deepEqual((await sim.client.faults()).cudo, {});
    assert.deepEqual(await sim.client.requests(), []);
    const state = await sim.client.state();
    assert.deepEqual([...Object.values(state.cudo), state.machines].flat(), []);
    assert.equal(await sim.status("POST", "/vm", vmBody("a")), 200);
  });
});
