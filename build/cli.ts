/** Bundles the command line `gpu-clusters` into one file that runs with nothing but Node. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(__dirname, "..");

export async function bundleCommandLine(folder: string): Promise<void> {
  const outfile = join(folder, "gpu-clusters.js");
  await build({
    entryPoints: [join(root, "cli/gpu-clusters.ts")],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    legalComments: "none",
    logLevel: "error",
  });
  chmodSync(outfile, 0o755);
}
