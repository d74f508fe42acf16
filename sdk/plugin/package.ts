/** Which package this code belongs to: the program's side asks the engine for a plugin of exactly this version. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const packageName = "pulumi-gpu-clusters";
/** As in type tokens: `gpu-clusters:cudo:Vm`. */
export const pluginName = "gpu-clusters";
/** In the plugin's folder: the code of the autoscaler's server, one file. */
export const autoscalerBundle = "autoscaler.cjs.gz";
/** There too: what components take. */
export const bundledComponentsSchema = "components.json";

/** The folder of this package's package.json: the checkout, an installed copy in `node_modules`, or the bundled plugin. */
export const packageRoot = findRoot(__dirname);
export const packageVersion = readManifest(packageRoot)!.version;

function findRoot(folder: string): string {
  if (readManifest(folder)?.name === packageName) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error(
      `no package.json of ${packageName} above ${__dirname}: a bundle of a program leaves the package outside (esbuild: --external:${packageName})`,
    );
  return findRoot(parent);
}

function readManifest(folder: string): { name?: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
