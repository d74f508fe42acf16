import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { Agent, createServer, request, type IncomingMessage } from "node:http";
import { createServer as createNetServer, type AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { MachineNetwork } from "../../simulator/machines/machine";
import { lockStateDirectory } from "../../simulator/state-lock";
import { startSimulator } from "../../simulator/server";
import { place, project, vmBody } from "./cudo/clock";
import { RecordedMachines } from "./recorded-machines";
import { running, stateDirectory } from "./running-simulator";

describe("simulator: server and state directory", () => {
  it("keeps clouds, key and addresses over a restart", async () => {
    const stateDir = await stateDirectory();
    const first = await running({ stateDir });
    await first.call("POST", "/networks", { id: "n", dataCenterId: place, ipRange: "10.0.0.0/24" });
    await first.call("POST", "/disks", { id: "d", dataCenterId: place, sizeGib: 10 });
    await first.call(
      "POST",
      "/vm",
      vmBody("a", { nics: [{ networkId: "n", assignPublicIp: true }], metadata: { k: "v" } }),
    );
    const before = await first.client.state();
    await first.simulator.close();
    const second = await running({ stateDir });
    assert.deepEqual(await second.client.state(), before);
    assert.equal(second.simulator.cudo.apiKey, first.simulator.cudo.apiKey);
    assert.equal(await second.status("GET", "/vms/a"), 200);
  });

  it("goes on by itself with what was under way when it was stopped", async () => {
    const stateDir = await stateDirectory();
    const timing = { scale: 1, vmPending: 5_000, vmStarting: 0, vmAddress: 0 };
    const first = await running({ stateDir, machines: new RecordedMachines(), timing });
    await first.call("POST", "/vm", vmBody("a"));
    assert.equal((await first.client.state()).cudo.vms[0]?.state, "PENDING");
    await first.simulator.close();
    const machines = new RecordedMachines();
    const second = await running({ stateDir, machines, timing });
    await machines.until("start a");
    assert.equal((await second.client.state()).cudo.vms[0]?.state, "ACTIVE");
  });

  it("keeps start scripts in files of their own, as long as their VMs exist", async () => {
    const stateDir = await stateDirectory();
    const first = await running({ stateDir });
    for (const id of ["a", "b", "plain"]) {
      await first.call("POST", "/vm", vmBody(id, id === "plain" ? {} : { startScript: `#!/bin/sh\necho ${id}` }));
    }
    await first.status("GET", "/vms");
    await first.call("POST", "/vms/b/terminate");
    await first.simulator.close();
    const machines = new RecordedMachines();
    const second = await running({ stateDir, machines });
    await Promise.all([machines.until("start a"), machines.until("start plain")]);
    const scripts = [...machines.specs.values()].map((spec) => [spec.name, spec.startScript]);
    assert.deepEqual(Object.fromEntries(scripts), { a: "#!/bin/sh\necho a", plain: "" });
    await second.simulator.close();
    const [file, ...others] = await readdir(join(stateDir, "start-scripts"));
    assert.deepEqual(others, []);
    assert.equal((await stat(join(stateDir, "start-scripts", file!))).mode & 0o777, 0o600);
    assert.doesNotMatch(await readFile(join(stateDir, "state.json"), "utf8"), /echo/);
  });

  it("lets machines ask the clouds where the host's programs do, and nothing of what stands behind them", async () => {
    const inside = createNetServer();
    const network: MachineNetwork = {
      serve: () => assert.fail("AWS was not asked for"),
      standFor: async (_port, answer) => inside.on("connection", answer),
      translate: async () => undefined,
    };
    const { simulator } = await running({ machines: Object.assign(new RecordedMachines(), { network }) });
    inside.listen(0, "127.0.0.1");
    await once(inside, "listening");
    const url = `http://127.0.0.1:${(inside.address() as AddressInfo).port}`;
    const headers = { authorization: `Bearer ${simulator.cudo.apiKey}`, connection: "close" };
    const asMachine = async (path: string) => (await fetch(`${url}${path}`, { headers })).status;
    assert.equal(await asMachine(`/cudo${project}/vms`), 200);
    for (const path of ["/_simulator/state", "/cudo/../_simulator/state", "//_simulator/state"])
      assert.notEqual(await asMachine(path), 200, path);
    assert.equal(await asMachine("/_simulator/state"), 403);
  });

  it("lets only its owner read the state, and leaves no temporary files", async () => {
    const stateDir = await stateDirectory();
    const { simulator } = await running({ stateDir });
    assert.equal((await stat(join(stateDir, "state.json"))).mode & 0o777, 0o600);
    assert.equal((await stat(join(stateDir, "lock"))).mode & 0o777, 0o600);
    await simulator.close();
    assert.deepEqual(await readdir(stateDir), ["start-scripts", "state.json"]);
  });

  it("makes the same key and addresses from the same seed, and others without one", async () => {
    const seeded = [await running({ seed: "s" }), await running({ seed: "s" })];
    const random = [await running(), await running()];
    assert.equal(seeded[0]!.simulator.cudo.apiKey, seeded[1]!.simulator.cudo.apiKey);
    assert.notEqual(random[0]!.simulator.cudo.apiKey, random[1]!.simulator.cudo.apiKey);
    const states = await Promise.all(
      seeded.map(async (sim) => {
        await sim.call("POST", "/vm", vmBody("a"));
        return (await sim.client.state()).cudo.vms[0]?.externalIpAddress;
      }),
    );
    assert.equal(states[0], states[1]);
  });

  it("keeps two simulators side by side apart", async () => {
    const [one, two] = [await running(), await running()];
    assert.notEqual(one.simulator.url, two.simulator.url);
    await one.call("POST", "/vm", vmBody("a"));
    assert.deepEqual([await one.vmIds(), await two.vmIds()], [["a"], []]);
    const stranger = await fetch(`${two.simulator.cudo.baseUrl}/v1/auth`, {
      headers: { authorization: `Bearer ${one.simulator.cudo.apiKey}` },
    });
    assert.equal(stranger.status, 401);
  });

  it("refuses a state directory in use, of another version, or broken", async () => {
    const stateDir = await stateDirectory();
    const { simulator } = await running({ stateDir });
    await assert.rejects(
      startSimulator({ stateDir, machines: undefined }),
      new RegExp(`in use by the simulator with process id ${process.pid}.*--state-dir`),
    );
    await simulator.close();
    await writeFile(join(stateDir, "state.json"), '{"version":99}');
    await assert.rejects(
      startSimulator({ stateDir, machines: undefined }),
      /another version of the simulator \(state version 99\)/,
    );
    await writeFile(join(stateDir, "state.json"), "{");
    await assert.rejects(startSimulator({ stateDir, machines: undefined }), /is not JSON/);
    assert.deepEqual(await readdir(stateDir), ["start-scripts", "state.json"], "the lock is let go");
  });

  it("gives a state directory to one of many that come at once", async () => {
    const stateDir = await stateDirectory();
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockStateDirectory(stateDir)));
    assert.equal(asked.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("takes over from a process that died", async () => {
    const stateDir = await stateDirectory();
    // Larger than any process id.
    const lock = { token: "old", host: hostname(), pid: 99_999_999 };
    await writeFile(join(stateDir, "lock"), JSON.stringify(lock));
    await running({ stateDir });
    assert.equal((JSON.parse(await readFile(join(stateDir, "lock"), "utf8")) as typeof lock).pid, process.pid);
  });

  it("says how to choose another port when its own is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const stateDir = await stateDirectory();
      await assert.rejects(
        startSimulator({ port, stateDir, machines: undefined }),
        new RegExp(`Port ${port} on 127.0.0.1 is in use; choose another with --port`),
      );
      assert.deepEqual(await readdir(stateDir), ["start-scripts"]);
    } finally {
      other.close();
    }
  });

  it("never ends a connection that who asks may still use", async () => {
    const { simulator } = await running({});
    const agent = new Agent({ keepAlive: true });
    const get = async () => {
      const asked = request(`${simulator.url}/_simulator/state`, { agent }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      await once(answer.resume(), "end");
      return { asked, answer };
    };
    const { answer } = await get();
    assert.equal(answer.headers["keep-alive"], undefined);
    assert.ok((await get()).asked.reusedSocket);
    agent.destroy();
  });

  it("answers health, refuses other host names, and shuts down when asked", async () => {
    const { client, simulator } = await running();
    assert.deepEqual(await client.health(), { status: "ok", pid: process.pid });
    const { status } = await rawRequest(simulator.url, { host: "evil.example" });
    assert.equal(status, 403);
    await client.shutdown();
    await simulator.closed;
    await assert.rejects(client.health(), /fetch failed/);
  });
});

/** `fetch` does not let a caller set the host. */
async function rawRequest(url: string, headers: Record<string, string>): Promise<{ status: number | undefined }> {
  return new Promise((resolve, reject) => {
    request(`${url}/_simulator/state`, { headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode });
    })
      .on("error", reject)
      .end();
  });
}
