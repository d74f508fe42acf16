/** A program of its own with the package in its node_modules, under the real engine and the real language host: nothing set by hand. */
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { packageVersion } from "../../sdk/plugin/package";
import { ensurePluginBundle } from "../../build/bundle";
import { bundleCommandLine } from "../../build/cli";
import { compileLibrary } from "../../build/library";
import { ensurePulumi } from "../../stand-ins/build/pulumi";
import { committedSchema } from "../../sdk/schema/committed";
import { oneLife } from "../engine/one-life";
import { typeCheck } from "./snippet-check";

const root = join(__dirname, "../..");

function kubeconfig(name: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: "https://203.0.113.7:6443" } }],
    users: [{ name, user: { token: `token-of-${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

/** The package's folder after `npm run build`, of which npm chooses what it publishes. */
async function stagedPackage(folder: string): Promise<string> {
  const dist = join(folder, "dist");
  compileLibrary(dist);
  await bundleCommandLine(join(dist, "cli"));
  await cp(await ensurePluginBundle(), join(dist, "plugin"), { recursive: true });
  for (const file of ["package.json", "LICENSE", "CHANGELOG.md"]) await cp(join(root, file), join(folder, file));
  return folder;
}

describe("the installed package", function () {
  // To compile the package takes 20 s of a processor, which other tests want too.
  this.timeout(600_000);
  oneLife();
  let folder: string;
  let program: string;
  let env: NodeJS.ProcessEnv;
  let pulumi: (...args: string[]) => Promise<string>;

  before(async () => {
    const tools = await ensurePulumi();
    const { execa } = await import("execa");
    folder = await mkdtemp(join(tmpdir(), "gpu-clusters-installed-"));
    program = join(folder, "program");
    const modules = join(program, "node_modules");
    const installed = join(modules, "pulumi-gpu-clusters");
    await mkdir(installed, { recursive: true });
    // What `npm publish` would send, unpacked as `npm install` does it. Dependencies are this checkout's: no network is needed.
    const { stdout: packed } = await execa("npm", ["pack", "--ignore-scripts", "--loglevel", "error"], {
      cwd: await stagedPackage(join(folder, "package")),
    });
    await execa("tar", ["-xzf", join(folder, "package", packed.trim()), "--strip-components=1", "-C", installed]);
    // What npm installs with it: not the optional peers, which only some clouds need.
    await mkdir(join(modules, "@pulumi"));
    const manifest = await readFile(join(root, "package.json"), "utf8");
    const { dependencies } = JSON.parse(manifest) as { dependencies: object };
    for (const dependency of Object.keys(dependencies)) {
      await symlink(join(root, "node_modules", dependency), join(modules, dependency));
    }
    await writeFile(join(program, "package.json"), JSON.stringify({ name: "program", main: "index.js" }));
    // Links the package's commands.
    await execa("npm", ["rebuild", "pulumi-gpu-clusters", "--ignore-scripts", "--offline"], { cwd: program });
    await writeFile(
      join(program, "Pulumi.yaml"),
      `name: program\nruntime: {name: nodejs, options: {typescript: false}}\nbackend: {url: "file://${folder}"}\n`,
    );
    await writeFile(
      join(program, "index.js"),
      `const { ClusterCertificates } = require("pulumi-gpu-clusters/kubernetes");
const certificates = new ClusterCertificates("c", { clusterName: "demo" });
exports.ca = certificates.caCertificate;
exports.kubeconfig = require("@pulumi/pulumi").secret(${JSON.stringify(kubeconfig("installed"))});
exports.key = certificates.caPrivateKey;\n`,
    );
    env = {
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

  it("brings its plugin along: up, a second up and refresh", async () => {
    const stdout = await pulumi("up", "--yes", "--skip-preview");
    assert.match(stdout, /2 created/);
    assert.match(stdout, /key +: \[secret\]/);
    assert.deepEqual(await readdir(join(folder, "home/plugins")), [`resource-gpu-clusters-v${packageVersion}`]);
    assert.match(await pulumi("preview"), /2 unchanged/);
    assert.match(await pulumi("refresh", "--yes", "--skip-preview"), /2 unchanged/);
  });

  it("brings no other package's types into a program's type check than the SDK's", async () => {
    const { execa } = await import("execa");
    const manifest = await readFile(join(program, "node_modules/pulumi-gpu-clusters/package.json"), "utf8");
    const entries = Object.keys((JSON.parse(manifest) as { exports: object }).exports);
    const lines = entries
      .filter((entry) => !entry.endsWith(".json"))
      .map((entry, index) => `export * as entry${index} from "pulumi-gpu-clusters${entry.slice(1)}";`);
    const [page, config] = [join(program, "types.ts"), join(program, "types.json")];
    await writeFile(page, lines.join("\n"));
    // By a file, because the command line takes no empty list of `types`.
    const compilerOptions = { module: "nodenext", target: "es2022", lib: ["es2022"], types: [], noEmit: true };
    await writeFile(config, JSON.stringify({ compilerOptions, files: ["types.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await execa(process.execPath, [tsc, "-p", config, "--listFilesOnly"], { cwd: program });
    await Promise.all([rm(page), rm(config)]);
    const packages = stdout.split("\n").map((each) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(each)?.[1]);
    assert.deepEqual([...new Set(packages)].sort(), ["@pulumi/pulumi", "pulumi-gpu-clusters", "typescript", undefined]);
  });

  it("has every resource of the schema, and takes the programs that README, guides and docstrings show", async () => {
    const folder = join(program, "snippets");
    await mkdir(folder);
    const { entries, problems } = await typeCheck(program, folder);
    const resources = Object.keys(committedSchema().resources!).map((token) => token.split(":")[2]!);
    assert.deepEqual(
      resources.filter((name) => !entries.has(name)),
      [],
    );
    assert.deepEqual(problems, []);
    await rm(folder, { recursive: true });
  });

  it("checks a component's arguments by the schema that came with it", async () => {
    const { execa } = await import("execa");
    const script = `new (require("pulumi-gpu-clusters/cudo").CudoCluster)("train", { nodeGroup: [] })`;
    const { stderr } = await execa(process.execPath, ["-e", script], { cwd: program, reject: false });
    assert.match(stderr, /nodeGroup is no field of CudoCluster|nodeGroup.*did you mean "?nodeGroups/);
  });

  it("makes the engine ask for no plugin of a cloud that is not used", async () => {
    const { execa } = await import("execa");
    const manifest = join(program, "package.json");
    const before = await readFile(manifest, "utf8");
    // What is asked for is what the program depends on, however far.
    const dependencies = { "pulumi-gpu-clusters": packageVersion };
    await writeFile(manifest, JSON.stringify({ ...(JSON.parse(before) as object), dependencies }));
    const options = ["--non-interactive", "--color", "never", "--logtostderr", "-v=9"];
    // It may end for want of a plugin, which is not downloaded here.
    const { stderr } = await execa("pulumi", ["preview", ...options], { cwd: program, env, reject: false });
    await writeFile(manifest, before);
    const asked = [...stderr.matchAll(/package ([a-z-]+?)-?v?\d\S* \(\S*\) is required by language host/g)];
    assert.deepEqual(
      asked.map(([, name]) => name),
      ["kubernetes"],
    );
  });

  it("merges the stack's kubeconfig with npx", async () => {
    const local = join(folder, "kubeconfig");
    await writeFile(local, kubeconfig("mine"));
    const { execa } = await import("execa");
    const { stdout } = await execa(
      "npx",
      ["--offline", "--no-install", "gpu-clusters", "kubeconfig", "merge", "--stack", "dev"],
      { cwd: program, env: { ...env, KUBECONFIG: local } },
    );
    assert.match(stdout, /Merged context "installed" into .*\n.*\nCurrent context: installed\n.*use-context mine/);
    const merged = parse(await readFile(local, "utf8")) as { contexts: { name: string }[]; "current-context": string };
    assert.deepEqual(
      [merged["current-context"], merged.contexts.map(({ name }) => name)],
      ["installed", ["mine", "installed"]],
    );
  });

  it("destroys what it made", async () => {
    assert.match(await pulumi("destroy", "--yes", "--skip-preview"), /2 deleted/);
  });

  it("destroys on a machine that never ran the program, with --run-program", async () => {
    await pulumi("up", "--yes", "--skip-preview");
    await rm(join(folder, "home/plugins"), { recursive: true });
    assert.match(await pulumi("destroy", "--yes", "--skip-preview", "--run-program"), /2 deleted/);
  });
});
