/** The file server's script, on a machine of stand-ins: which disk it takes, what it formats, and what it serves. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import { shellcheck } from "../bootstrap/shellcheck";

interface Disk {
  name: string;
  partitions?: number;
  /** What blkid finds on the whole disk. */
  holds?: "label" | "something" | "unreadable" | "faulty";
}

interface Trouble {
  /** What fails, and how often with the same arguments before it does its work. */
  of: readonly string[];
  times: number;
}

function run(disks: Disk[], again = false, trouble: Trouble = { of: [], times: 0 }) {
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-nfs-"));
  try {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    mkdirSync(join(folder, "root/etc"), { recursive: true });
    const command = (name: string, body: string) =>
      writeFileSync(join(bin, name), `#!/bin/bash\necho "${name} $*" >>${folder}/calls\n${body}\n`, { mode: 0o755 });
    const labelled = disks.find(({ holds }) => holds === "label")?.name;
    const cases = disks.map(
      ({ name, holds }) =>
        `${name}) exit ${holds === undefined || holds === "faulty" ? 2 : holds === "unreadable" ? 4 : 0};;`,
    );
    command(
      "blkid",
      `if [ "$1" = -L ]; then f=${folder}/formatted; [ -e $f ] && cat $f && exit; ${labelled ? `echo ${labelled}; exit` : "exit 2"}; fi\n` +
        `case "$2" in ${cases.join(" ")} *) exit 2;; esac`,
    );
    const faulty = disks.filter(({ holds }) => holds === "faulty").map(({ name }) => `${name}) exit 1;;`);
    command("head", `case "\${!#}" in ${faulty.join(" ")} /dev/*) exit;; esac\nexec /usr/bin/head "$@"`);
    const all = disks.map(({ name }) => `echo "${name} disk"`).join("; ");
    const parts = disks.map(
      ({ name, partitions = 0 }) =>
        `${name}) ${Array.from({ length: partitions + 1 }, () => "echo part").join("; ")};;`,
    );
    command("lsblk", `case "$1" in -dnpo) ${all || "true"};; *) case "$3" in ${parts.join(" ")} esac;; esac`);
    command("mkfs.ext4", `echo "\${!#}" >${folder}/formatted`);
    command("mountpoint", `[ -e ${folder}/mounted ] || exit 32`);
    const fails =
      `count="${folder}/$(echo "$0 $*" | cksum | cut -d' ' -f1)"; echo >>"$count"; ` +
      `[ "$(wc -l <"$count")" -gt ${trouble.times} ] || exit 1`;
    for (const name of ["mount", "resize2fs", "apt-get", "dpkg", "systemctl", "exportfs", "sleep"])
      command(name, trouble.of.includes(name) ? fails : "");
    const environment = { PATH: `${bin}:${process.env.PATH}`, GPU_CLUSTERS_ROOT: join(folder, "root") };
    const once = () =>
      spawnSync("bash", ["-c", nfsServerScript({ network: "10.0.0.0/16" })], { env: environment, encoding: "utf8" });
    const { status, stderr } = again ? (once(), once()) : once();
    const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
    const file = (path: string) => readFileSync(join(folder, "root", path), "utf8");
    const written =
      status === 0 ? { exports: file("etc/exports.d/shared.exports"), fstab: file("etc/fstab") } : undefined;
    return { status, stderr, calls, formatted: calls.filter((call) => call.startsWith("mkfs")), written };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const system = { name: "/dev/sda", partitions: 3, holds: "something" as const };

describe("the file server's script", () => {
  it("formats the one empty disk, serves it to the network, and nothing where it is not mounted", () => {
    const { status, stderr, formatted, written } = run([system, { name: "/dev/sdb" }]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(formatted, ["mkfs.ext4 -q -L gpu-clusters /dev/sdb"]);
    assert.match(written!.exports, /^\/srv\/shared 10\.0\.0\.0\/16\(.*\bfsid=0\b.*\bmountpoint\b.*\)$/m);
    assert.match(written!.fstab, /^LABEL=gpu-clusters \/srv\/shared ext4 /m);
  });

  it("takes no disk for empty that cannot be read, of which blkid says the same", () => {
    const { formatted } = run([system, { name: "/dev/sdb", holds: "faulty" }, { name: "/dev/sdc" }]);
    assert.deepEqual(formatted, ["mkfs.ext4 -q -L gpu-clusters /dev/sdc"]);
  });

  it("formats nothing a second time, and finds its disk under another name", () => {
    const twice = run([system, { name: "/dev/sdb" }], true);
    assert.deepEqual([twice.status, twice.formatted.length], [0, 1]);
    assert.equal(twice.written!.fstab.trim().split("\n").length, 1);
    assert.deepEqual(run([{ name: "/dev/sdc", holds: "label" }, { name: "/dev/sdd" }, system]).formatted, []);
  });

  it("waits for what passes while a machine boots, such as a mount that the machine itself is making", () => {
    const of = ["mount", "systemctl", "exportfs"];
    const { status, stderr, calls } = run([system, { name: "/dev/sdb", holds: "label" }], false, { of, times: 2 });
    assert.equal(status, 0, stderr);
    for (const each of ["mount /srv/shared", "systemctl restart nfs-server", "exportfs -ra"])
      assert.equal(calls.filter((call) => call === each).length, 3, calls.join("\n"));
    assert.match(stderr, /serves \/srv\/shared/);
  });

  it("says what does not pass", () => {
    for (const [name, words] of [
      ["mount", "mounted"],
      ["systemctl", "systemctl daemon-reload"],
      ["exportfs", "exportfs -ra"],
    ] as const) {
      const { status, stderr } = run([system, { name: "/dev/sdb", holds: "label" }], false, { of: [name], times: 99 });
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`attempt 10 of 10 failed: ${words}\n$`));
      assert.doesNotMatch(stderr, /serves/);
    }
  });

  it("takes no disk with partitions, with anything on it, or that cannot be read", () => {
    for (const holds of ["something", "unreadable"] as const) {
      const { status, stderr, formatted } = run([system, { name: "/dev/sdb", holds }]);
      assert.deepEqual([status, formatted], [1, []], stderr);
      assert.match(stderr, /no data disk came within five minutes/);
    }
  });

  it("passes shellcheck", function () {
    const executable = shellcheck();
    if (executable === undefined) return this.skip();
    const input = nfsServerScript({ network: "10.0.0.0/16" });
    const { status, stdout } = spawnSync(executable, ["-"], { input, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
});
