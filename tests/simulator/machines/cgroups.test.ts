import assert from "node:assert/strict";
import { machineGroups } from "../../../simulator/machines/nspawn/cgroups";

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
});
