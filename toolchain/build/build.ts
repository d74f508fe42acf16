/**
 * `npm run build`: the package as it is published, in dist. The library is compiled from the package's entry points, so that only what
 * programs can reach is in it; the plugin is bundled beside it.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { ensurePluginBundle } from "./bundle";
import { packageSchemaText } from "./schema";

const root = join(__dirname, "../..");
const dist = join(root, "dist");

/** Types of these packages' root modules take seconds and hundreds of megabytes to check. */
const heavyRoots = ["@pulumi/aws", "@pulumi/kubernetes"];
const packageImport = /\b(?:from |import\(|require\()"([^."][^"]*)"/g;
const libraryFolders = ["components", "sdk", "bootstrap"];

async function main(): Promise<void> {
  const committed = readFileSync(join(root, "sdk/plugin/schema.json"), "utf8");
  if ((await packageSchemaText()) !== committed) {
    throw new Error("sdk/plugin/schema.json is not what the interfaces say; run `npm run generate`");
  }
  // Not the plugin: an engine may be running it. `ensurePluginBundle` replaces that file by file.
  for (const folder of libraryFolders) rmSync(join(dist, folder), { recursive: true, force: true });
  compile();
  checkImports();
  await ensurePluginBundle();
}

function compile(): void {
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.build.json"), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram(fileNames, options);
  const { diagnostics } = program.emit();
  const problems = [...errors, ...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length === 0) return;
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  };
  throw new Error(ts.formatDiagnostics(problems, host));
}

/** What the compiled library imports, a program that installs it must get, and must be able to type-check in a moment. */
function checkImports(): void {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  for (const file of libraryFolders.flatMap((folder) => filesBelow(join(dist, folder)))) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(packageImport)) {
      const packageName = name!
        .split("/")
        .slice(0, name!.startsWith("@") ? 2 : 1)
        .join("/");
      if (!name!.startsWith("node:") && !Object.hasOwn(manifest.dependencies, packageName)) {
        throw new Error(`${relative(root, file)} imports ${packageName}, which is not in package.json's dependencies`);
      }
      if (heavyRoots.includes(name!)) {
        throw new Error(`${relative(root, file)} imports all of ${name}; import one of its submodules`);
      }
    }
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
