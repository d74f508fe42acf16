import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { runMain } from "../../commands/main";
import { prepareStack, setSecrets, showPulumi, wantsColor } from "../../commands/pulumi";
import { stackFiles } from "../../commands/workspace";
import { inTemporaryFolder, writeExecutable } from "../toolchain/temporary-folder";

/** Those of a stack `local`. */
function filesIn(parent: string): ReturnType<typeof stackFiles> {
  const folder = join(parent, "local");
  return { ...stackFiles("local"), folder, backend: join(folder, "backend"), passphrase: join(folder, "pass") };
}

describe("pulumi as the commands run it", () => {
  it(
    "asks nobody, leaves out the dots that would fill a log, and hands on how it ended",
    inTemporaryFolder(async (folder) => {
      const executable = join(folder, "pulumi");
      await writeFile(executable, `#!/bin/sh\necho "$@" > ${folder}/arguments\nexit 7\n`, { mode: 0o755 });
      const code = await showPulumi({ executable, environment: {} }, ["up", "--yes"], new AbortController().signal);
      assert.equal(code, 7);
      const given = (await readFile(join(folder, "arguments"), "utf8")).trim().split(" ");
      assert.deepEqual(given.slice(0, 4), ["up", "--yes", "--non-interactive", "--suppress-progress"]);
    }),
  );

  it("colors what a terminal shows, unless that cannot or its user wants none", () => {
    const cases: [boolean, NodeJS.ProcessEnv, boolean][] = [
      [true, { TERM: "xterm" }, true],
      [true, { NO_COLOR: "" }, true],
      [true, { NO_COLOR: "1" }, false],
      [true, { TERM: "dumb" }, false],
      [false, {}, false],
    ];
    for (const [isTTY, environment, expected] of cases) assert.equal(wantsColor({ isTTY }, environment), expected);
  });

  it(
    "makes a stack once, where two commands begin with it at once",
    inTemporaryFolder(async (folder) => {
      const executable = join(folder, "pulumi");
      const made = 'place="${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/pulumi-gpu-clusters"';
      const script = `#!/bin/sh\n${made}\necho init >> ${folder}/calls\nsleep 0.5\nmkdir -p "$place" && echo {} > "$place/local.json"\n`;
      await writeFile(executable, script, { mode: 0o755 });
      const files = filesIn(folder);
      const { signal } = new AbortController();
      await Promise.all([prepareStack(executable, files, signal), prepareStack(executable, files, signal)]);
      assert.equal(await readFile(join(folder, "calls"), "utf8"), "init\n");
      assert.match(await readFile(files.passphrase, "utf8"), /^[0-9a-f]{64}$/);
    }),
  );

  it(
    "takes away locks of a pulumi that is gone, whoever has its process's id since, and no others",
    inTemporaryFolder(async (folder) => {
      const files = filesIn(folder);
      const [stacks, locks] = ["stacks/pulumi-gpu-clusters", "locks/organization/pulumi-gpu-clusters/local"].map(
        (part) => join(files.backend, ".pulumi", part),
      ) as [string, string];
      for (const each of [stacks, locks]) await mkdir(each, { recursive: true });
      await writeFile(join(stacks, "local.json"), "{}");
      const here = { username: "me", hostname: hostname() };
      const [now, long] = [new Date().toISOString(), new Date(0).toISOString()];
      const { pid } = spawnSync(process.execPath, ["--version"]);
      const given: Record<string, string> = {
        "gone.json": JSON.stringify({ ...here, pid, timestamp: now }),
        "id-given-again.json": JSON.stringify({ ...here, pid: process.pid, timestamp: long }),
        "power-cut.json": "",
        "alive.json": JSON.stringify({ ...here, pid: process.pid, timestamp: now }),
        "elsewhere.json": JSON.stringify({ ...here, hostname: "elsewhere", pid, timestamp: long }),
      };
      // A clock that was set later in its life, as after a sleep, makes a pulumi seem younger than its lock.
      const running = join(folder, "pulumi");
      await writeExecutable(running, "read _");
      const pulumi = spawn(running, { stdio: ["pipe", "ignore", "ignore"] });
      try {
        given["clock-set.json"] = JSON.stringify({ ...here, pid: pulumi.pid, timestamp: long });
        // What a pulumi that is just beginning puts in its lock's place.
        given["beginning.json.18ab.tmp"] = "";
        for (const [name, text] of Object.entries(given)) await writeFile(join(locks, name), text);
        await prepareStack("/bin/false", files, new AbortController().signal);
        const kept = ["alive.json", "beginning.json.18ab.tmp", "clock-set.json", "elsewhere.json"];
        if (process.platform !== "linux") kept.push("id-given-again.json");
        assert.deepEqual((await readdir(locks)).sort(), kept);
      } finally {
        pulumi.kill();
      }
    }),
  );

  it("shows what the computer refuses as a message, without a stack", async () => {
    const { write } = process.stderr;
    const before = process.exitCode;
    let shown = "";
    process.stderr.write = ((text: string) => ((shown += text), true)) as typeof process.stderr.write;
    try {
      await runMain(() => writeFile("/dev/null/x", ""));
    } finally {
      process.stderr.write = write;
      process.exitCode = before;
    }
    assert.match(shown, /^\nerror: ENOTDIR[^\n]*\n$/);
  });

  it(
    "sets secrets in the stack's own config, by standard input and not as an argument",
    inTemporaryFolder(async (folder) => {
      const executable = join(folder, "pulumi");
      const script = `#!/bin/sh\necho "$@" > ${folder}/arguments\ncat > ${folder}/input\n`;
      await writeFile(executable, script, { mode: 0o755 });
      const files = stackFiles("local");
      const secrets = { "pulumi-gpu-clusters:sshPrivateKey": "PRIVATE\nKEY\n" };
      await setSecrets({ executable, environment: {} }, files, secrets, new AbortController().signal);
      const given = await readFile(join(folder, "arguments"), "utf8");
      assert.match(given, /^config set --secret --stack local --config-file .*Pulumi\.local\.yaml .*:sshPrivateKey\n$/);
      assert.equal(await readFile(join(folder, "input"), "utf8"), "PRIVATE\nKEY\n");
    }),
  );
});
