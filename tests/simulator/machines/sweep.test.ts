import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lightMachines } from "../../../simulator/machines/light/light-machines";
import { identifyProcess, isAlive, type ProcessIdentity } from "../../../simulator/machines/light/process-identity";
import { lightTools } from "./test-cluster";
import { until } from "../../until";

describe("sweeping after a crash", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "light-machines-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const sweep = async () => {
    const told: string[] = [];
    await lightMachines({ dir: directory, tools: await lightTools(), log: (message) => told.push(message) }).sweep();
    return told;
  };

  it("ends all that a killed simulator left", async () => {
    const address = `127.${randomInt(100, 250)}.${randomInt(1, 250)}.1`;
    const program = [join(__dirname, "crashing-simulator.ts"), directory, address];
    const simulator = spawn(process.execPath, ["--import", "tsx", ...program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const run = join(directory, "crash~control", "run");
    const left = () =>
      readdirSync(run).map((file) => JSON.parse(readFileSync(join(run, file), "utf8")) as ProcessIdentity);
    try {
      await once(simulator.stdout, "data");
      // kwok comes when the API server answers.
      await until("the processes are there", async () => left().length >= 4);
      simulator.kill("SIGKILL");
      await once(simulator, "exit");
      const processes = left();
      assert.ok(processes.every(isAlive));
      const [told] = await sweep();
      assert.deepEqual(processes.filter(isAlive), []);
      assert.deepEqual(readdirSync(run), []);
      assert.match(told!, /an earlier simulator left for crash~control/);
    } finally {
      simulator.kill("SIGKILL");
      await sweep();
    }
  });

  it("never ends another process that has got the same pid", async () => {
    const run = join(directory, "machine", "run");
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "etcd.pid"), JSON.stringify({ pid: process.pid, startedAt: "another boot/1" }));
    writeFileSync(join(run, "kwok.pid"), "half-wr");
    assert.deepEqual(await sweep(), []);
    assert.deepEqual(readdirSync(run), []);
  });

  it("knows a living process from one that has ended", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const identity = identifyProcess(child.pid!)!;
    assert.ok(isAlive(identity));
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.ok(!isAlive(identity));
  });
});
