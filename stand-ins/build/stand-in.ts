/** Bundles a stand-in into what the engine runs: one script and an executable of the name that it looks for. */
import { createHash } from "node:crypto";
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The providers that have a stand-in. */
export const standIns = ["kubernetes", "aws", "command"] as const;
export type StandInName = (typeof standIns)[number];

/** Packages that are needed for nothing that a simulated cloud has, or that speed up what works without them. */
const external: Record<StandInName, string[]> = {
  // Read only for kubeconfigs with credential plugins.
  kubernetes: ["@kubernetes/client-node"],
  aws: [],
  // Native ciphers of ssh2, which has them in JavaScript too.
  command: ["*.node", "cpu-features"],
};

/** Where builds are kept for every folder that asks for one. */
const cache = join(root, "node_modules/.cache/gpu-clusters/stand-ins");

/**
 * Writes `pulumi-resource-<provider>` and its script into `outDir`. Bundles only when a source has changed since the last time, and does
 * nothing where `outDir` has that build.
 */
export async function buildStandIn(provider: StandInName, outDir: string): Promise<void> {
  const script = `${provider}.cjs`;
  const executable = `pulumi-resource-${provider}`;
  // Which files went into the bundle, and what they said; written last.
  const record = `${provider}.inputs.json`;
  if (!isFresh(cache, record)) {
    const started = Date.now();
    const { outputFiles, metafile } = await build({
      entryPoints: [join(root, "stand-ins", provider, "main.ts")],
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      minifyWhitespace: true,
      minifySyntax: true,
      keepNames: true,
      legalComments: "none",
      logLevel: "error",
      external: external[provider],
    });
    const inputs = [...Object.keys(metafile.inputs), "stand-ins/build/stand-in.ts"];
    mkdirSync(cache, { recursive: true });
    put(cache, script, outputFiles[0]!.contents);
    put(cache, executable, `#!/bin/sh\nexec node "$(dirname "$0")/${script}" "$@"\n`, 0o755);
    // A file that was written meanwhile may not be what was bundled: then it is bundled once more.
    const settled = inputs.every((input) => statSync(join(root, input)).mtimeMs < started);
    put(cache, record, JSON.stringify({ digest: settled ? digestOf(inputs) : "unknown", inputs }));
  }
  const latest = readFileSync(join(cache, record));
  if (existsSync(join(outDir, record)) && latest.equals(readFileSync(join(outDir, record)))) return;
  mkdirSync(outDir, { recursive: true });
  for (const file of [script, executable]) {
    put(outDir, file, readFileSync(join(cache, file)), file === executable ? 0o755 : 0o644);
  }
  put(outDir, record, latest);
}

function isFresh(folder: string, record: string): boolean {
  if (!existsSync(join(folder, record))) return false;
  const { digest, inputs } = JSON.parse(readFileSync(join(folder, record), "utf8")) as {
    digest: string;
    inputs: string[];
  };
  return inputs.every((input) => existsSync(join(root, input))) && digestOf(inputs) === digest;
}

/** By content: a checkout or a copy gives files any time. */
function digestOf(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input}\n`).update(readFileSync(join(root, input)));
  return hash.digest("hex");
}

/** At once and whole: another process may be starting the plugin. */
function put(folder: string, name: string, contents: string | Uint8Array, mode = 0o644): void {
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, contents, { mode });
  renameSync(temporary, join(folder, name));
}
