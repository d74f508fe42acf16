/** Which plugin a stack gets: the user's official one, else the stand-in; the same for every provider that has one. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildStandIn, standIns } from "../../../stand-ins/build/stand-in";
import { ensureProviderPlugin, wantedVersion } from "../../../commands/provider-plugins";

describe("the installation of provider plugins", () => {
  let directory: string;
  let home: string;
  const before = process.env["PULUMI_HOME"];
  const { signal } = new AbortController();
  const folder = "resource-command-v1.2.1";
  const ensure = () =>
    ensureProviderPlugin("command", "/nonexistent/pulumi", { networkReachable: false, signal, home });
  const users = () => join(directory, "users");

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "provider-plugins-"));
    home = join(directory, "ours");
    process.env["PULUMI_HOME"] = users();
  });
  afterEach(() => {
    if (before === undefined) delete process.env["PULUMI_HOME"];
    else process.env["PULUMI_HOME"] = before;
    rmSync(directory, { recursive: true, force: true });
  });

  const executable = (root: string) => join(root, "plugins", folder, "pulumi-resource-command");
  const install = (root: string) => {
    mkdirSync(join(root, "plugins", folder), { recursive: true });
    writeFileSync(executable(root), "#!/bin/sh\n", { mode: 0o755 });
  };

  it("keeps what it has installed in a shell whose PULUMI_HOME is ours", async () => {
    process.env["PULUMI_HOME"] = home;
    const first = await ensure();
    assert.deepEqual([first.kind, (await ensure()).kind], ["stand-in", "stand-in"]);
    assert.ok(existsSync(executable(home)));
  });

  it("asks for the version of the installed package", async () => {
    assert.equal(await wantedVersion("command"), "1.2.1");
    for (const name of standIns) assert.match(await wantedVersion(name), /^\d+\.\d+\.\d+$/);
  });

  it("is not bundled again when sources have other times, as a checkout gives them", async () => {
    const recordOf = async () => {
      await buildStandIn("command", home);
      return readFileSync(join(home, "command.inputs.json"), "utf8");
    };
    const first = await recordOf();
    const now = new Date();
    utimesSync(join(__dirname, "../../../stand-ins/command/main.ts"), now, now);
    assert.equal(await recordOf(), first);
    const { ino } = statSync(join(home, "command.cjs"));
    await recordOf();
    assert.equal(statSync(join(home, "command.cjs")).ino, ino);
  });

  it("takes the user's official plugin where there is one", async () => {
    install(users());
    assert.deepEqual(await ensure(), { kind: "official", description: "official plugin 1.2.1" });
    assert.equal(readlinkSync(executable(home)), executable(users()));
  });

  it("else builds the stand-in, says so, and gives it up for the official one", async () => {
    for (let time = 0; time < 2; time++) {
      const { kind, description } = await ensure();
      assert.equal(kind, "stand-in");
      assert.match(description, /stand-in/);
    }
    assert.ok(existsSync(executable(home)));
    install(users());
    assert.equal((await ensure()).kind, "official");
    assert.ok(!existsSync(join(home, "plugins", folder, "stand-in.json")));
    assert.equal((await ensure()).kind, "official");
  });
});
