/** A program of its own with the package in its node_modules, under the real engine and the real language host: nothing set by hand. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { packageVersion } from "../../sdk/plugin/package";
import { ensurePluginBundle } from "../../toolchain/build/bundle";
import { compileLibrary } from "../../toolchain/build/library";
import { ensureTools } from "../../toolchain/tools";

const root = join(__dirname, "../..");

describe("the installed package", function () {
  this.timeout(120_000);
  let folder: string;
  let pulumi: (...args: string[]) => Promise<string>;

  before(async () => {
    const tools = await ensureTools(["pulumi"]);
    const { execa } = await import("execa");
    folder = await mkdtemp(join(tmpdir(), "gpu-clusters-installed-"));
    const program = join(folder, "program");
    const installed = join(program, "node_modules/pulumi-gpu-clusters");
    compileLibrary(join(installed, "dist"));
    await cp(await ensurePluginBundle(), join(installed, "dist/plugin"), { recursive: true });
    await cp(join(root, "package.json"), join(installed, "package.json"));
    for (const dependency of ["@pulumi", "yaml"]) {
      await symlink(join(root, "node_modules", dependency), join(program, "node_modules", dependency));
    }
    await writeFile(join(program, "package.json"), JSON.stringify({ name: "program", main: "index.js" }));
    await writeFile(
      join(program, "Pulumi.yaml"),
      `name: program\nruntime: {name: nodejs, options: {typescript: false}}\nbackend: {url: "file://${folder}"}\n`,
    );
    await writeFile(
      join(program, "index.js"),
      `const { ClusterCertificates } = require("pulumi-gpu-clusters/kubernetes");
const certificates = new ClusterCertificates("c", { clusterName: "demo" });
exports.ca = certificates.caCertificate;
exports.key = certificates.caPrivateKey;\n`,
    );
    const env = {
      PATH: [dirname(tools.pulumi), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    pulumi = async (...args) => {
      const { stdout } = await execa("pulumi", [...args, "--color", "never", "--non-interactive"], {
        cwd: program,
        env,
      });
      return stdout;
    };
    await pulumi("stack", "init", "dev");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("brings its plugin along: up, a second up, refresh and destroy", async () => {
    const stdout = await pulumi("up", "--yes", "--skip-preview");
    assert.match(stdout, /2 created/);
    assert.match(stdout, /key: \[secret\]/);
    assert.deepEqual(await readdir(join(folder, "home/plugins")), [`resource-gpu-clusters-v${packageVersion}`]);
    assert.match(await pulumi("preview"), /2 unchanged/);
    assert.match(await pulumi("refresh", "--yes", "--skip-preview"), /2 unchanged/);
    assert.match(await pulumi("destroy", "--yes", "--skip-preview"), /2 deleted/);
  });

  it("destroys on a machine that never ran the program, with --run-program", async () => {
    await pulumi("up", "--yes", "--skip-preview");
    await rm(join(folder, "home/plugins"), { recursive: true });
    assert.match(await pulumi("destroy", "--yes", "--skip-preview", "--run-program"), /2 deleted/);
  });
});
