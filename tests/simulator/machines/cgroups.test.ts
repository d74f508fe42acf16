import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endCgroups, machineGroups, machinesIn } from "../../../simulator/machines/nspawn/cgroups";

describe("control groups of a machine that boots", () => {
  it("are below our own in each hierarchy of cgroup v1, the hybrid's too", () => {
    const membership = "4:memory:/session/7\n3:cpu,cpuacct:/\n1:name=systemd:/user.slice\n0::/user.slice\n";
    assert.deepEqual(machineGroups(membership, "gc1", false), [
      "/sys/fs/cgroup/memory/session/7/gc1",
      "/sys/fs/cgroup/cpu,cpuacct/gc1",
      "/sys/fs/cgroup/systemd/user.slice/gc1",
      "/sys/fs/cgroup/unified/user.slice/gc1",
    ]);
  });

  it("are one below the root of cgroup v2, where controllers can be handed on", () => {
    assert.deepEqual(machineGroups("0::/user.slice/session-1.scope\n", "gc1", true), ["/sys/fs/cgroup/gc1"]);
  });

  it("count as a machine while they have processes, and not where a killed simulator left them empty", () => {
    const hierarchy = mkdtempSync(join(tmpdir(), "gpu-clusters-groups-"));
    const group = (path: string, ...processes: number[]) => {
      mkdirSync(join(hierarchy, path), { recursive: true });
      writeFileSync(join(hierarchy, path, "cgroup.procs"), processes.map((pid) => `${pid}\n`).join(""));
    };
    try {
      group("gc0123456789");
      group("gc0123456789/init.scope", 10);
      group("gcabcdef0123");
      group("gcabcdef0123/system.slice");
      group("system.slice", 11);
      assert.deepEqual(machinesIn(hierarchy), ["gc0123456789"]);
    } finally {
      rmSync(hierarchy, { recursive: true });
    }
  });

  it("end with a container that runc has stopped for a moment, which no signal reaches in cgroup v1", async function () {
    const freezer = "/sys/fs/cgroup/freezer";
    try {
      accessSync(join(freezer, "cgroup.procs"), constants.W_OK);
    } catch {
      this.skip();
    }
    const machine = join(freezer, `gc-test-${process.pid}`);
    const container = join(machine, "container");
    mkdirSync(container, { recursive: true });
    const sleeper = spawn("sleep", ["600"]);
    const ended = once(sleeper, "exit");
    writeFileSync(join(container, "cgroup.procs"), String(sleeper.pid));
    writeFileSync(join(container, "freezer.state"), "FROZEN");
    try {
      assert.equal(await endCgroups([machine]), 1);
      assert.deepEqual([(await ended)[1], existsSync(machine)], ["SIGKILL", false]);
    } finally {
      if (existsSync(container)) writeFileSync(join(container, "freezer.state"), "THAWED");
    }
  }).timeout(30_000);
});
