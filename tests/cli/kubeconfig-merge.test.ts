import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
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
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { clusterKubeconfig } from "../../cli/cluster-kubeconfig";
import { CommandFailure } from "../../cli/command-failure";
import { editKubeconfig, localKubeconfigPath } from "../../cli/kubeconfig-file";
import { mergeKubeconfig } from "../../cli/merge-kubeconfig";
import { bundleCommandLine } from "../../build/cli";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

interface Kubeconfig {
  clusters: { name: string; cluster: object }[];
  users: { name: string; user: object }[];
  contexts: { name: string; context: object }[];
  "current-context"?: string;
  [other: string]: unknown;
}

const incoming = (clusterName: string, endpoint = "https://203.0.113.7:6443") =>
  renderKubeconfig({
    clusterName,
    endpoint,
    certificateAuthority: "CA",
    credentials: { clientCertificate: "C", clientKey: "K" },
  });
const localPath = "/home/me/.kube/config";
const merge = (local: string | undefined, text: string, context?: string) =>
  mergeKubeconfig(local, text, { localPath, context });
const load = (text: string) => parse(text) as Kubeconfig;

/** Any kubeconfig whose names are not ours. */
const name = fc.stringMatching(/^[a-z][a-z0-9@:./-]{0,12}$/).map((text) => `other-${text}`);
const local = fc.uniqueArray(name, { maxLength: 4 }).chain((names) =>
  fc.record({
    apiVersion: fc.constant("v1"),
    kind: fc.constant("Config"),
    preferences: fc.constant({}),
    clusters: fc.constant(names.map((each) => ({ name: each, cluster: { server: `https://${each}.test` } }))),
    users: fc.constant(names.map((each) => ({ name: each, user: { token: `t-${each}` } }))),
    contexts: fc.constant(names.map((each) => ({ name: each, context: { cluster: each, user: each } }))),
    "current-context": names.length === 0 ? fc.constant("") : fc.constantFrom(...names),
  }),
);

describe("merging kubeconfigs", () => {
  it("keeps every other context, adds ours and makes it current; twice is as once", () => {
    fc.assert(
      fc.property(local, fc.boolean(), (before, asJson) => {
        const text = asJson ? JSON.stringify(before) : stringify(before);
        const once = merge(text, incoming("train"));
        const after = load(once.text);
        for (const list of ["clusters", "users", "contexts"] as const) {
          assert.deepEqual(
            after[list].filter((entry) => entry.name !== "train"),
            before[list],
          );
          assert.equal(after[list].length, before[list].length + 1);
        }
        assert.equal(after["current-context"], "train");
        assert.equal(once.previousContext, before["current-context"] || undefined);
        assert.deepEqual(parseKubeconfig(once.text), parseKubeconfig(incoming("train")));
        assert.equal(merge(once.text, incoming("train")).text, once.text);
      }),
    );
  });

  it("makes one where there is none, or nothing in it", () => {
    const nothing = "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\nusers: []\n";
    for (const text of [undefined, "", "  \n", "# mine\n", nothing]) {
      const merged = merge(text, incoming("mithril:train"));
      assert.equal(parseKubeconfig(merged.text).endpoint, "https://203.0.113.7:6443");
      assert.equal(merged.previousContext, undefined);
    }
  });

  it("replaces what an earlier merge put there, and keeps comments", () => {
    const first = `# mine\n${merge(undefined, incoming("train")).text}`;
    const second = merge(first, incoming("train").replace("client-key-data: Sw==", "client-key-data: TmV3")).text;
    assert.match(second, /^# mine/);
    assert.equal(load(second).clusters.length, 1);
    assert.deepEqual(parseKubeconfig(second).credentials, {
      kind: "certificate",
      clientCertificate: "C",
      clientKey: "New",
    });
  });

  it("never makes a name lead to another server or authority", () => {
    const first = merge(undefined, incoming("train")).text;
    for (const other of [
      incoming("train", "https://203.0.113.9:6443"),
      incoming("train").replace("certificate-authority-data: Q0E=", "certificate-authority-data: T3RoZXI="),
    ]) {
      assert.throws(
        () => merge(first, other),
        (error: CommandFailure) =>
          /has "train" already, which leads to another server.*not touched/.test(error.message) &&
          /--context <name>.*kubectl config delete-cluster train;/.test(error.next ?? ""),
      );
      assert.equal(load(merge(first, other, "train-2").text).contexts.length, 2);
    }
  });

  it("takes another name, and does not break contexts that use entries of ours", () => {
    const theirs = stringify({
      clusters: [{ name: "train", cluster: { server: "https://theirs.test" } }],
      users: [{ name: "me", user: { token: "t" } }],
      contexts: [{ name: "theirs", context: { cluster: "train", user: "me" } }],
    });
    assert.throws(() => merge(theirs, incoming("train")), /entries named "train" that the context "theirs" uses/);
    const merged = merge(theirs, incoming("train"), "ours");
    assert.equal(merged.context, "ours");
    assert.equal(load(merged.text).contexts.length, 2);
  });

  it("says that the local one is malformed, and what to do, without quoting it", () => {
    for (const text of [
      "a: [secret",
      "secret",
      "- secret",
      "clusters: secret",
      "kind: Secret",
      "contexts: [{context: secret}]",
    ]) {
      assert.throws(
        () => merge(text, incoming("train")),
        (error: CommandFailure) =>
          error instanceof CommandFailure &&
          error.message.startsWith(`Failed to parse local kubeconfig ${localPath}: `) &&
          error.message.endsWith("It was not touched.") &&
          /move it away and run this again/.test(error.next ?? "") &&
          !error.message.includes("secret"),
        text,
      );
    }
  });

  it("refuses to merge what is no kubeconfig", () => {
    for (const text of ["", "[secret]", "current-context: x"]) {
      assert.throws(() => merge(undefined, text), /the cluster's kubeconfig has no current context/);
    }
  });
});

describe("the local kubeconfig on disk", () => {
  let directory: string;
  const mode = (file: string) => statSync(file).mode & 0o777;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "gpu-clusters-cli-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("is written for its owner only, with a backup of what was there, and nothing else is left", async () => {
    const file = join(directory, "new", "config");
    assert.deepEqual(await editKubeconfig(file, () => "one"), { backup: undefined, changed: true });
    chmodSync(file, 0o644);
    const { backup } = await editKubeconfig(file, (text) => `${text} two`);
    assert.deepEqual([readFileSync(file, "utf8"), readFileSync(backup!, "utf8")], ["one two", "one"]);
    assert.deepEqual([mode(file), mode(backup!), mode(join(directory, "new"))], [0o600, 0o600, 0o700]);
    assert.deepEqual(await editKubeconfig(file, (text) => text!), { backup: undefined, changed: false });
    assert.equal(readdirSync(join(directory, "new")).length, 2);
  });

  it("is as it was when the merge fails", async () => {
    const file = join(directory, "config");
    writeFileSync(file, "malformed");
    await assert.rejects(
      editKubeconfig(file, () => {
        throw new Error("no");
      }),
      /no/,
    );
    assert.equal(readFileSync(file, "utf8"), "malformed");
    assert.deepEqual(readdirSync(directory), ["config"]);
  });

  it("stays a link where it is one", async () => {
    writeFileSync(join(directory, "real"), "one");
    symlinkSync(join(directory, "real"), join(directory, "config"));
    await editKubeconfig(join(directory, "config"), () => "two");
    assert.equal(readFileSync(join(directory, "real"), "utf8"), "two");
  });

  it("is made where a link leads to that is not there yet", async () => {
    symlinkSync("elsewhere/real", join(directory, "config"));
    await editKubeconfig(join(directory, "config"), () => "one");
    assert.equal(readFileSync(join(directory, "elsewhere", "real"), "utf8"), "one");
    symlinkSync("loop", join(directory, "loop"));
    await assert.rejects(
      editKubeconfig(join(directory, "loop"), () => "one"),
      /is a link that leads to itself/,
    );
  });

  it("keeps the last few copies", async () => {
    const file = join(directory, "config");
    for (let turn = 0; turn < 9; turn++) {
      await editKubeconfig(file, () => `${turn}`);
      await delay(2);
    }
    const copies = readdirSync(directory).filter((name) => name.endsWith(".bak"));
    assert.equal(copies.length, 5);
    assert.deepEqual(
      copies.sort().map((name) => readFileSync(join(directory, name), "utf8")),
      ["3", "4", "5", "6", "7"],
    );
  });

  it("says why it cannot be written, without a stack trace", async () => {
    writeFileSync(join(directory, "config"), "");
    for (const file of [join(directory, "config", "below"), directory]) {
      await assert.rejects(
        editKubeconfig(file, () => "one"),
        (error) => error instanceof CommandFailure && /cannot be (written|read)/.test(error.message),
        file,
      );
    }
  });

  it("is not touched in UTF-16, which is said of another cluster's file, too", async () => {
    const file = join(directory, "config");
    for (const content of [
      Buffer.from("\uFEFFkind: Config\n", "utf16le"),
      Buffer.from("\uFEFFkind: Config\n", "utf16le").swap16(),
    ]) {
      writeFileSync(file, content);
      const says = (error: unknown) =>
        error instanceof CommandFailure && /is in UTF-16.*not touched/.test(error.message);
      await assert.rejects(
        editKubeconfig(file, () => "two"),
        says,
      );
      await assert.rejects(clusterKubeconfig({ file, output: "kubeconfig" }), says);
      assert.deepEqual(readFileSync(file), content);
    }
    writeFileSync(file, "\uFEFFkind: Config\n");
    await editKubeconfig(file, (text) => `${text}# more\n`);
    assert.equal(readFileSync(file, "utf8"), "\uFEFFkind: Config\n# more\n");
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? it : it.skip)("stays its owner's, with its copies, when root merges into it", async () => {
    const file = join(directory, "config");
    writeFileSync(file, "one");
    chownSync(file, 12_345, 12_345);
    const { backup } = await editKubeconfig(file, () => "two");
    assert.deepEqual([statSync(file).uid, statSync(backup!).uid], [12_345, 12_345]);
    assert.equal(readFileSync(file, "utf8"), "two");
  });

  it("loses nothing when several write at once", async () => {
    const file = join(directory, "config");
    const clusters = ["a", "b", "c", "d"];
    await Promise.all(clusters.map((each) => editKubeconfig(file, (text) => merge(text, incoming(each)).text)));
    assert.deepEqual(
      load(readFileSync(file, "utf8"))
        .contexts.map((entry) => entry.name)
        .sort(),
      clusters,
    );
  });

  it("is the file that kubectl would write to", async () => {
    const there = join(directory, "there");
    writeFileSync(there, "");
    const KUBECONFIG = [join(directory, "absent"), there, join(directory, "last")].join(":");
    assert.equal(await localKubeconfigPath({ KUBECONFIG }), there);
    assert.equal(
      await localKubeconfigPath({ KUBECONFIG: `${join(directory, "a")}:${join(directory, "b")}` }),
      join(directory, "b"),
    );
    assert.match(await localKubeconfigPath({}), /\.kube\/config$/);
  });
});

describe("gpu-clusters kubeconfig merge", function () {
  this.timeout(300_000);
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "gpu-clusters-cli-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  const run = (args: string[], PATH = process.env.PATH) =>
    spawnSync(
      process.execPath,
      ["--import", "tsx", join(__dirname, "../../cli/gpu-clusters.ts"), "kubeconfig", "merge", ...args],
      {
        encoding: "utf8",
        cwd: join(__dirname, "../.."),
        env: { ...process.env, PATH, KUBECONFIG: join(directory, "config") },
      },
    );

  it("asks pulumi for the stack's output, and prints no secret", () => {
    const pulumi = join(directory, "pulumi");
    const output = incoming("train");
    writeFileSync(join(directory, "output"), output);
    writeFileSync(pulumi, `#!/bin/sh\necho "$@" > '${directory}/args'\ncat '${directory}/output'\n`, { mode: 0o755 });
    const result = run(["--stack", "org/prod"], `${directory}:${process.env.PATH}`);
    assert.equal(result.status, 0, result.stderr);
    assert.match(
      readFileSync(join(directory, "args"), "utf8"),
      /stack output kubeconfig --show-secrets .*--stack org\/prod/,
    );
    assert.match(result.stdout, /Merged context "train" into .*\nCurrent context: train/);
    assert.ok(!result.stdout.includes(Buffer.from("K").toString("base64")));
    assert.equal(parseKubeconfig(readFileSync(join(directory, "config"), "utf8")).clusterName, "train");
  });

  it("leaves a malformed local kubeconfig alone and ends with 1", () => {
    writeFileSync(join(directory, "config"), "clusters: [");
    writeFileSync(join(directory, "cluster"), incoming("train"));
    const result = run(["--file", join(directory, "cluster")]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /^error: Failed to parse local kubeconfig .*\nMend it, or move it away/);
    assert.equal(readFileSync(join(directory, "config"), "utf8"), "clusters: [");
  });

  it("refuses what it would not obey: a stack, or its output, beside a file, and a second word", () => {
    const file = ["--file", join(directory, "cluster")];
    for (const [more, says] of [
      [["--output", "kubeconfigExec"], /--file <path>' cannot be used with option '--output <name>'/],
      [["--stack", "dev"], /--file <path>' cannot be used with option '--stack <name>'/],
      [["another"], /too many arguments/],
    ] as const) {
      const { status, stderr } = run([...file, ...more]);
      assert.equal(status, 1);
      assert.match(stderr, says);
    }
  });

  it("says what is missing when there is no pulumi", () => {
    const bare = join(directory, "bare");
    execFileSync("mkdir", [bare]);
    const result = run([], bare);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /pulumi is not on PATH\n.*--file/);
  });

  it("runs from its bundle with nothing but Node", async () => {
    await bundleCommandLine(join(directory, "bundle"));
    const help = execFileSync(join(directory, "bundle", "gpu-clusters.js"), ["kubeconfig", "merge", "--help"]);
    assert.match(help.toString(), /--stack <name>/);
  });
});
