import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

function run(module: string, ...args: string[]): void {
  const result = spawnSync(process.execPath, [require.resolve(module), ...args], { cwd: root, encoding: "utf8" });
  assert.equal(result.status, 0, `${result.stdout}${result.stderr}`);
}

describe("static checks", function () {
  this.timeout(900_000);

  it("types agree", () => run("typescript/bin/tsc", "--noEmit", "-p", root));

  it("rooms import only what they may", () =>
    run("../../node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "."));

  it("import() and require() are imports, too", () => {
    const [dynamic, required] = ["components/vantage/create.ts", "components/aws/cluster.ts"] as const;
    const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
    const cruise = [program, "--output-type", "json", "--max-depth", "1", dynamic, required];
    const { stdout } = spawnSync(process.execPath, cruise, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
    const { modules } = JSON.parse(stdout) as {
      modules: { source: string; dependencies: { resolved: string; dynamic: boolean; moduleSystem: string }[] }[];
    };
    const importsOf = (file: string) => modules.find(({ source }) => source === file)!.dependencies;
    assert.ok(importsOf(dynamic).some(({ resolved, dynamic }) => dynamic && resolved === "components/aws/cluster.ts"));
    assert.ok(
      importsOf(required).some(
        ({ resolved, moduleSystem }) => moduleSystem === "cjs" && resolved === "components/addons/block-storage/ebs.ts",
      ),
    );
  });

  it("ESLint finds nothing", () => run("../../node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."));

  it("files are formatted", () =>
    run("../../node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."));
});
