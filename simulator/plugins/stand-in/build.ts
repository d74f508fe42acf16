/** Bundles a stand-in into what the engine runs: one script and an executable of the name that it looks for. */
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../../..");

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

/** Writes `pulumi-resource-<provider>` and its script into `outDir`. Does nothing while they are newer than their sources. */
export async function buildStandIn(provider: StandInName, outDir: string): Promise<void> {
  const script = `${provider}.cjs`;
  // Which files went into the bundle; written last.
  const record = `${provider}.inputs.json`;
  if (isFresh(outDir, record)) return;
  mkdirSync(outDir, { recursive: true });
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, "simulator/plugins", provider, "main.ts")],
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
  put(outDir, script, outputFiles[0]!.contents);
  put(outDir, `pulumi-resource-${provider}`, `#!/bin/sh\nexec node "$(dirname "$0")/${script}" "$@"\n`, 0o755);
  put(
    outDir,
    record,
    JSON.stringify({ inputs: [...Object.keys(metafile.inputs), "simulator/plugins/stand-in/build.ts"] }),
  );
}

function isFresh(outDir: string, record: string): boolean {
  if (!existsSync(join(outDir, record))) return false;
  const { inputs } = JSON.parse(readFileSync(join(outDir, record), "utf8")) as { inputs: string[] };
  const built = statSync(join(outDir, record)).mtimeMs;
  return inputs.every(
    (input) => (statSync(join(root, input), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) < built,
  );
}

/** At once and whole: another process may be starting the plugin. */
function put(folder: string, name: string, contents: string | Uint8Array, mode = 0o644): void {
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, contents, { mode });
  renameSync(temporary, join(folder, name));
}
