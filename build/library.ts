/** The part of the package that programs import, compiled from the entry points which package.json exports and what these reach. */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { compilerOptions } from "./schema/package-schema";

const root = join(__dirname, "..");
const componentsSchemaFile = "components/schema.json";
/** The types of these modules take seconds and hundreds of megabytes to check; their submodules do not. */
const heavyModules = ["@pulumi/aws", "@pulumi/kubernetes"];

interface Manifest {
  exports: Record<string, string | { default: string }>;
  dependencies: Record<string, string>;
  /** What only some clouds need. */
  peerDependencies: Record<string, string>;
}

/** Compiles into `folder`, whose layout is that of the checkout. Throws on type errors and on imports that users could not follow. */
export function compileLibrary(folder: string): void {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const program = ts.createProgram(entryPoints(manifest), {
    ...compilerOptions(join(root, "tsconfig.json")),
    rootDir: root,
    outDir: folder,
    types: ["node"],
    stripInternal: true,
    sourceMap: false,
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (problems.length > 0) {
    const getCanonicalFileName = (name: string) => name;
    const host = { getCanonicalFileName, getCurrentDirectory: () => root, getNewLine: () => "\n" };
    throw new Error(ts.formatDiagnostics(problems, host));
  }
  // What components check their arguments by.
  cpSync(join(root, componentsSchemaFile), join(folder, componentsSchemaFile));
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const file of filesBelow(folder)) checkImports(file, relative(folder, file), dependencies);
}

/** `./dist/components/cudo/index.js` comes from components/cudo/index.ts. */
function entryPoints({ exports }: Manifest): string[] {
  const targets = Object.values(exports).map((target) => (typeof target === "string" ? target : target.default));
  return targets
    .filter((target) => target.startsWith("./dist/") && target.endsWith(".js"))
    .map((target) => join(root, target.slice("./dist/".length).replace(/\.js$/, ".ts")));
}

function checkImports(file: string, name: string, dependencies: readonly string[]): void {
  const text = readFileSync(file, "utf8");
  for (const [, module] of text.matchAll(/\b(?:from |import\(|require\()"([^."$\s][^"$\s]*)"/g)) {
    if (module!.startsWith("node:")) continue;
    if (heavyModules.includes(module!))
      throw new Error(`${name} imports all of ${module}; import one of its submodules`);
    const parts = module!.split("/");
    const packageName = parts.slice(0, module!.startsWith("@") ? 2 : 1).join("/");
    if (!dependencies.includes(packageName)) {
      throw new Error(`${name} imports ${packageName}, which is not among package.json's dependencies and peers`);
    }
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|d\.ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
