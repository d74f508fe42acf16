/** Files of all kinds that a kubeconfig may be, and what else goes on beside a merge. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { clusterKubeconfig } from "../../cli/cluster-kubeconfig";
import { CommandFailure } from "../../cli/command-failure";
import { editKubeconfig, kubeconfigFiles, localKubeconfigPath } from "../../cli/kubeconfig-file";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

const root = join(__dirname, "../..");

describe("a kubeconfig's file", function () {
  this.timeout(120_000);
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-cli-"));
    file = join(directory, "config");
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const says = (reason: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CommandFailure, String(error));
    assert.match(`${error.message}\n${error.next}`, reason);
    return true;
  };
  const edit = () => editKubeconfig(file, () => "new");

  it("that is none, as /dev/null, stays what it is", async () => {
    execFileSync("mkfifo", [file]);
    await assert.rejects(edit(), says(/is a device or a pipe.*\n.*--kubeconfig/));
    assert.ok(statSync(file).isFIFO());
    assert.equal(await localKubeconfigPath({ KUBECONFIG: file }), file);
    symlinkSync("/dev/null", join(directory, "link"));
    await assert.rejects(
      editKubeconfig(join(directory, "link"), () => "new"),
      says(/\/dev\/null cannot be written/),
    );
    assert.ok(statSync("/dev/null").isCharacterDevice());
    assert.deepEqual(readdirSync(directory).sort(), ["config", "link"]);
  });

  it("in another encoding is not touched, the cluster's neither", async () => {
    for (const content of [Buffer.from("# f\xfcr mich\n", "latin1"), Buffer.from([0xff, 0xfe, 0x41])]) {
      writeFileSync(file, content);
      await assert.rejects(edit(), says(/must be in UTF-8. It was not touched.\n(If it is in Latin 1|In PowerShell)/));
      await assert.rejects(clusterKubeconfig({ file, output: "kubeconfig" }), says(/must be in UTF-8/));
      assert.deepEqual(readFileSync(file), content);
      assert.deepEqual(readdirSync(directory), ["config"]);
    }
  });

  it("has the same text by each of its names", async () => {
    writeFileSync(file, "old", { mode: 0o644 });
    linkSync(file, join(directory, "dotfiles"));
    const { backup } = await edit();
    assert.equal(readFileSync(join(directory, "dotfiles"), "utf8"), "new");
    assert.equal(readFileSync(backup!, "utf8"), "old");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("is written only when nobody else has kubectl's lock, beside the link as beside the file", async () => {
    mkdirSync(join(directory, "dotfiles"));
    writeFileSync(join(directory, "dotfiles", "kube"), "old");
    symlinkSync("dotfiles/kube", join(directory, "config"));
    for (const lock of [`${file}.lock`, join(directory, "dotfiles", "kube.lock")]) {
      writeFileSync(lock, "");
      const edited = edit();
      await delay(150);
      assert.equal(readFileSync(file, "utf8"), "old");
      rmSync(lock);
      await edited;
      assert.equal(readFileSync(file, "utf8"), "new");
      writeFileSync(file, "old");
    }
    assert.ok(!readdirSync(directory, { recursive: true }).some((name) => String(name).endsWith(".lock")));
  });

  it("is whole, and without a lock, when somebody interrupts just then", () => {
    const program = [
      `const { editKubeconfig } = require("./cli/kubeconfig-file");`,
      `editKubeconfig(${JSON.stringify(file)}, () => { process.kill(process.pid, "SIGINT"); return "new"; })`,
      `  .then(() => setTimeout(() => console.log("still there"), 20_000));`,
    ].join("\n");
    const { signal, stdout } = spawnSync(process.execPath, ["--require", "tsx/cjs", "-e", program], {
      cwd: root,
      encoding: "utf8",
    });
    assert.deepEqual([signal, stdout], ["SIGINT", ""]);
    assert.equal(readFileSync(file, "utf8"), "new");
    assert.deepEqual(readdirSync(directory), ["config"]);
  });

  it("may have a name that has no room for its lock, and then says so", async () => {
    await assert.rejects(
      editKubeconfig(join(directory, "x".repeat(252)), () => "new"),
      says(/its name is too long.*ENAMETOOLONG/),
    );
  });

  (process.getuid?.() === 0 ? it.skip : it)("that is read-only stays as it is, as for kubectl", async () => {
    writeFileSync(file, "old");
    chmodSync(file, 0o400);
    await assert.rejects(edit(), says(/you may not write there/));
    assert.equal(readFileSync(file, "utf8"), "old");
  });

  it("is not one in a folder named ~", () => {
    assert.throws(
      () => kubeconfigFiles({ KUBECONFIG: `${file}:~/.kube/config` }),
      says(/KUBECONFIG names "~.*\n.*\$HOME/),
    );
    assert.deepEqual(kubeconfigFiles({ KUBECONFIG: `:${file}:` }), [file]);
    const credentials = { clientCertificate: "C", clientKey: "K" };
    const parts = {
      clusterName: "train",
      endpoint: "https://203.0.113.7:6443",
      certificateAuthority: "CA",
      credentials,
    };
    writeFileSync(join(directory, "cluster"), renderKubeconfig(parts));
    const args = ["cli/gpu-clusters.ts", "kubeconfig", "merge", "--file=~/cluster", "--kubeconfig=~/config"];
    const { stderr } = spawnSync(process.execPath, ["--import", "tsx", ...args], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, HOME: directory },
    });
    assert.equal(stderr, "");
    assert.ok(existsSync(file));
  });
});
