import { basename, join } from "node:path";
import { build } from "esbuild";

/** A program as one file for Node, so that its process loads no compiler. Returns the file's path. */
export async function bundled(entry: string, folder: string): Promise<string> {
  const outfile = join(folder, basename(entry).replace(/\.ts$/, ".cjs"));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    // Of kubeconfigs it reads such as need no library.
    external: ["@kubernetes/client-node"],
    logLevel: "error",
  });
  return outfile;
}
