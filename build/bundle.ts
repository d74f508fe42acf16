/**
 * Bundles the provider plugin into dist/plugin: `provider.mjs`, chunks that load on first use, the schema, and the executable that
 * the engine looks for. The folder is complete: copied to another place, it runs there with nothing but Node.
 */
import { build, type OutputFile, type Plugin } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { isFresh, RECORD } from "../plugin/bin/freshness.cjs";
import { contentMark } from "../sdk/plugin/install";
import { bundledComponentsSchema } from "../sdk/plugin/package";
import { bundleAutoscaler, ownInputs, type BundledFile } from "./autoscaler";

const root = join(__dirname, "..");
const entryPoint = "provider.mjs";
const chunkPrefix = "chunk-";
/** Plugins that still run may load the chunks of an earlier build for this long. */
const CHUNK_LIFETIME_MS = 60 * 60 * 1000;

export const bundleFolder = join(root, "dist/plugin");

/** The plugin's folder, built if it is missing or older than its sources. Looking takes a few milliseconds. */
export async function ensurePluginBundle(): Promise<string> {
  if (!isFresh(root, bundleFolder)) {
    const schema = join(root, "plugin/schema.json");
    const beside = [await bundleAutoscaler(), componentsSchemaFile()];
    await bundlePlugin(join(root, "plugin/main.ts"), schema, bundleFolder, { beside });
  }
  return bundleFolder;
}

function componentsSchemaFile(): BundledFile {
  const source = "components/schema.json";
  return { name: bundledComponentsSchema, contents: readFileSync(join(root, source)), inputs: [source] };
}

/** Builds the plugin whose process starts in `main`. Other processes see the old plugin or the new one, never half of one. */
export async function bundlePlugin(
  main: string,
  schema: string,
  folder: string,
  {
    executable = "pulumi-resource-gpu-clusters",
    beside = [],
  }: { executable?: string; /** Files that components in the plugin read. */ beside?: readonly BundledFile[] } = {},
): Promise<void> {
  // A source that changes while it is read must count as newer than the bundle.
  const started = new Date();
  const { outputFiles, metafile } = await build({
    entryPoints: { provider: main },
    outdir: folder,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outExtension: { ".js": ".mjs" },
    chunkNames: `${chunkPrefix}[hash]`,
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    legalComments: "none",
    logLevel: "error",
    banner: { js: commonJsGlobals },
    plugins: [withoutClosureSerialisation, withoutNativeModules],
  });
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string; version: string };
  put(folder, "package.json", `${JSON.stringify({ name: manifest.name, version: manifest.version, private: true })}\n`);
  put(folder, "schema.json", readFileSync(schema));
  put(folder, executable, launcher, 0o755);
  for (const { name, contents } of beside) put(folder, name, contents);
  put(folder, contentMark, contentHash(outputFiles, schema, beside));
  // The entry point comes after the chunks that it loads.
  const isEntry = ({ path }: OutputFile) => basename(path) === entryPoint;
  for (const file of [...outputFiles].sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
    put(folder, basename(file.path), file.contents);
  }
  const chunks = outputFiles.map(({ path }) => basename(path)).filter((name) => name.startsWith(chunkPrefix));
  const own = [...ownInputs(metafile), ...beside.flatMap(({ inputs }) => inputs)];
  const others = [relative(root, schema), "package.json", "package-lock.json", relative(root, __filename)];
  put(folder, RECORD, JSON.stringify({ inputs: [...own, ...others], chunks: [...chunks] }));
  utimesSync(join(folder, RECORD), started, started);
  removeOldChunks(folder, chunks, CHUNK_LIFETIME_MS);
}

function contentHash(files: readonly OutputFile[], schema: string, beside: readonly BundledFile[]): string {
  const hash = createHash("sha256").update(readFileSync(schema)).update(launcher);
  for (const { contents } of beside) hash.update(contents);
  for (const file of files) hash.update(basename(file.path)).update(file.contents);
  return `${hash.digest("hex")}\n`;
}

function put(folder: string, name: string, contents: string | Uint8Array, mode = 0o644): void {
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, contents, { mode });
  renameSync(temporary, join(folder, name));
}

function removeOldChunks(folder: string, current: readonly string[], lifetimeMs: number): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(chunkPrefix) || current.includes(name)) continue;
    const file = join(folder, name);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age >= lifetimeMs) rmSync(file, { force: true });
  }
}

/** Leaves only what belongs to the plugin, for publishing. Plugins that still run from an earlier build may fail. */
export function removeEarlierBuilds(): void {
  const { chunks } = JSON.parse(readFileSync(join(bundleFolder, RECORD), "utf8")) as { chunks: string[] };
  removeOldChunks(bundleFolder, chunks, 0);
}

/** What CommonJS packages expect to find, in the ES modules that alone can be split into chunks. */
const commonJsGlobals = [
  'import{createRequire as __createRequire}from"node:module"',
  'import{fileURLToPath as __fileURLToPath}from"node:url"',
  "const require=__createRequire(import.meta.url)",
  "const __filename=__fileURLToPath(import.meta.url)",
  'const __dirname=__fileURLToPath(new URL(".",import.meta.url)).slice(0,-1)',
  "",
].join(";");

const launcher = `#!/usr/bin/env node
void import("./${entryPoint}");
`;

/** Only dynamic providers turn closures into text, and only for that does the Pulumi SDK carry a TypeScript compiler. */
const withoutClosureSerialisation: Plugin = {
  name: "without-closure-serialisation",
  setup(plugin) {
    plugin.onResolve({ filter: /typescript-shim$|^@npmcli\/arborist$|^typescript$|^ts-node$/ }, ({ path }) => ({
      path,
      namespace: "absent",
    }));
    plugin.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

/** ssh2 works without its compiled parts, which would be those of the machine that builds. */
const withoutNativeModules: Plugin = {
  name: "without-native-modules",
  setup(plugin) {
    plugin.onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: "native" }));
    plugin.onLoad({ filter: /.*/, namespace: "native" }, () => ({
      contents: 'throw new Error("left out of the bundle");',
      loader: "js",
    }));
  },
};

if (require.main === module) {
  ensurePluginBundle().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
