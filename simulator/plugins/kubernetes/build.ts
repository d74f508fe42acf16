/** Bundles the stand-in into what the engine runs: one script and an executable of the name that it looks for. */
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../../..");
const script = "kubernetes.cjs";
const executable = "pulumi-resource-kubernetes";
/** Which files went into the bundle; written last. */
const record = "kubernetes.inputs.json";

/** Writes `pulumi-resource-kubernetes` and its script into `outDir`. Does nothing while they are newer than their sources. */
export async function buildStandIn(outDir: string): Promise<void> {
  if (isFresh(outDir)) return;
  mkdirSync(outDir, { recursive: true });
  const { outputFiles, metafile } = await build({
    entryPoints: [join(__dirname, "main.ts")],
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
    // Read only for kubeconfigs with credential plugins, which a simulated cluster never has.
    external: ["@kubernetes/client-node"],
  });
  put(outDir, script, outputFiles[0]!.contents);
  put(outDir, executable, `#!/bin/sh\nexec node "$(dirname "$0")/${script}" "$@"\n`, 0o755);
  put(
    outDir,
    record,
    JSON.stringify({ inputs: [...Object.keys(metafile.inputs), "simulator/plugins/kubernetes/build.ts"] }),
  );
}

function isFresh(outDir: string): boolean {
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
