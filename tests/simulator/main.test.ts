import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { stateDirectory } from "./running-simulator";

const root = join(__dirname, "../..");

describe("npm run simulator", () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  /** Starts it; resolves at the end with all that it printed, or earlier at `ready`. */
  function start(...args: string[]) {
    return startWith(["--machines", "none"], ...args);
  }

  function startWith(machines: string[], ...args: string[]) {
    const child = spawn(process.execPath, ["--import", "tsx", "simulator/main.ts", ...machines, ...args], {
      cwd: root,
    });
    children.push(child);
    let output = "";
    let announce = () => {};
    const ready = new Promise<void>((resolve) => (announce = resolve));
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Ctrl-C stops it.")) announce();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
    return { child, ready: Promise.race([ready, ended]), ended };
  }

  it("says where it listens and what to export, and stops once for all the signals that npm and tsx repeat", async () => {
    const stateDir = await stateDirectory();
    const { child, ready, ended } = start("--port", "0", "--state-dir", stateDir, "--delays", "0");
    await ready;
    const path = join(stateDir, "simulator.json");
    const { url, pid, cudo } = JSON.parse(await readFile(path, "utf8"));
    const { apiKey, projectId } = cudo;
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(pid, child.pid);
    assert.equal((await new SimulatorClient(url).health()).status, "ok");
    const auth = await fetch(`${url}/cudo/v1/auth`, { headers: { authorization: `Bearer ${apiKey}` } });
    assert.equal(auth.status, 200);
    const busy = await start("--port", new URL(url).port, "--state-dir", await stateDirectory()).ended;
    assert.equal(busy.code, 1);
    assert.match(busy.output, /^error: Port \d+ on 127\.0\.0\.1 is in use; choose another with --port/);
    child.kill("SIGINT");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    const { code, output } = await ended;
    assert.equal(code, 0);
    for (const line of [
      `export CUDO_API_KEY=${apiKey}`,
      `export CUDO_PROJECT_ID=${projectId}`,
      `export CUDO_BASE_URL=${url}/cudo`,
    ]) {
      assert.ok(output.split("\n").includes(line), line);
    }
    assert.match(output, /Simulator stopped/);
    assert.deepEqual((await readdir(stateDir)).sort(), ["events.log", "start-scripts", "state.json"]);
    assert.ok(!(await readFile(join(stateDir, "events.log"), "utf8")).includes(apiKey));
  });

  it("says what machines are made of, and goes on with those that an earlier one left", async () => {
    const stateDir = await stateDirectory();
    await mkdir(join(stateDir, "machines", "cudo~simulator~left"), { recursive: true });
    const { child, ready, ended } = startWith([], "--port", "0", "--state-dir", stateDir);
    await ready;
    child.kill("SIGHUP");
    assert.match((await ended).output, /^Machines: light machines \(processes\); as before$/m);
  });

  it("ends when asked over HTTP", async () => {
    const stateDir = await stateDirectory();
    const { ready, ended } = start("--port", "0", "--state-dir", stateDir);
    await ready;
    const { url } = JSON.parse(await readFile(join(stateDir, "simulator.json"), "utf8"));
    await new SimulatorClient(url).shutdown();
    assert.equal((await ended).code, 0);
  });

  it("refuses arguments that are none, with what would be right", async () => {
    const { code, output } = await start("--port", "http").ended;
    assert.equal(code, 1);
    assert.match(output, /--port.*A port is a whole number from 0/);
  });
});
