import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { contentMark, installPlugin, pulumiHome } from "../../sdk/plugin/install";
import { packageVersion } from "../../sdk/plugin/package";

describe("putting the plugin where the engine looks", () => {
  let folder: string;
  let bundle: string;
  let home: string;
  let installed: string;

  const make = async (content: string) => {
    await mkdir(bundle, { recursive: true });
    await writeFile(join(bundle, "provider.mjs"), content);
    await writeFile(join(bundle, "pulumi-resource-gpu-clusters"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(join(bundle, contentMark), content);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gpu-clusters-install-"));
    [bundle, home] = [join(folder, "bundle"), join(folder, "home")];
    installed = join(home, `plugins/resource-gpu-clusters-v${packageVersion}`);
    await make("one");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("looks for it where the engine does, whatever HOME says", () => {
    const { HOME, PULUMI_HOME } = process.env;
    const under = (changes: NodeJS.ProcessEnv) => {
      Object.assign(process.env, changes);
      return pulumiHome();
    };
    try {
      delete process.env["PULUMI_HOME"];
      assert.equal(under({ HOME: "/github/home" }), join(userInfo().homedir, ".pulumi"));
      assert.equal(under({ PULUMI_HOME: "" }), join(userInfo().homedir, ".pulumi"));
      assert.equal(under({ PULUMI_HOME: "/cache/pulumi" }), "/cache/pulumi");
    } finally {
      for (const [name, value] of Object.entries({ HOME, PULUMI_HOME })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it("copies it once, executable, and leaves nothing else behind", async () => {
    installPlugin(bundle, home);
    assert.ok((await stat(join(installed, "pulumi-resource-gpu-clusters"))).mode & 0o100);
    const { ino } = await stat(installed);
    installPlugin(bundle, home);
    assert.equal((await stat(installed)).ino, ino, "the same content must not be copied again");
    assert.deepEqual(await readdir(join(home, "plugins")), [`resource-gpu-clusters-v${packageVersion}`]);
  });

  it("replaces another build of the same version", async () => {
    installPlugin(bundle, home);
    await make("two");
    installPlugin(bundle, home);
    assert.equal(await readFile(join(installed, "provider.mjs"), "utf8"), "two");
    assert.deepEqual(await readdir(join(home, "plugins")), [`resource-gpu-clusters-v${packageVersion}`]);
  });

  it("may be done by many programs at once", async function () {
    this.timeout(300_000);
    const script = `require(${JSON.stringify(require.resolve("../../sdk/plugin/install"))}).installPlugin(${JSON.stringify(bundle)}, ${JSON.stringify(home)})`;
    const install = () => promisify(execFile)(process.execPath, ["--import", require.resolve("tsx"), "-e", script]);
    await Promise.all([install(), install(), install(), install()]);
    assert.equal(await readFile(join(installed, "provider.mjs"), "utf8"), "one");
    assert.deepEqual(await readdir(join(home, "plugins")), [`resource-gpu-clusters-v${packageVersion}`]);
  });

  it("says of a program that was bundled with the package what to leave outside", async () => {
    const { build } = await import("esbuild");
    const outfile = join(folder, "program.js");
    await build({
      entryPoints: [require.resolve("../../sdk/plugin/install")],
      outfile,
      bundle: true,
      platform: "node",
    });
    await assert.rejects(
      promisify(execFile)(process.execPath, [outfile]),
      /no package\.json of pulumi-gpu-clusters above .*: a bundle of a program leaves the package outside \(esbuild: --external:pulumi-gpu-clusters\)/,
    );
  });

  it("does nothing where there is no bundle, as inside the plugin itself", async () => {
    installPlugin(join(folder, "nowhere"), home);
    await assert.rejects(stat(home), { code: "ENOENT" });
  });
});
