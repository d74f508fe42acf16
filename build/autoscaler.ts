/**
 * Bundles the autoscaler's server into one compressed file. It travels in a ConfigMap, which takes at most 1 MiB with everything, so that what
 * a pod of a cluster never needs is left out.
 */
import { build, type Metafile, type Plugin } from "esbuild";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { autoscalerBundle } from "../sdk/plugin/package";

const root = join(__dirname, "..");

/** Of a ConfigMap's 1 MiB. */
const mostBytes = 900 * 1024;

export interface BundledFile {
  readonly name: string;
  readonly contents: Uint8Array;
  /** What it was made of, relative to the checkout. */
  readonly inputs: readonly string[];
}

/** For `node <file> <configuration>`, once unpacked. */
export async function bundleAutoscaler(): Promise<BundledFile> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, "autoscaler/main.ts")],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    legalComments: "none",
    logLevel: "error",
    plugins: [withoutProgramSide],
  });
  const contents = gzipSync(outputFiles[0]!.contents, { level: 9 });
  if (contents.length > mostBytes)
    throw new Error(`the autoscaler's bundle has ${contents.length} bytes, and a ConfigMap takes ${mostBytes}`);
  return { name: autoscalerBundle, contents, inputs: ownInputs(metafile) };
}

/** The checkout's own files, without those of packages. */
export function ownInputs({ inputs }: Metafile): string[] {
  return Object.keys(inputs).filter((path) => !path.includes(":") && !path.startsWith("node_modules/"));
}

/** Of kubeconfigs it reads its own, which needs no library; Pulumi's SDK serves programs; Mithril's SSH reads kubeconfigs. */
const withoutProgramSide: Plugin = {
  name: "without-program-side",
  setup(plugin) {
    plugin.onResolve({ filter: /^@pulumi\/|^@kubernetes\/client-node$|^ssh2$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    plugin.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get(_, name) { if (name === "__esModule") return false; throw new Error(${JSON.stringify(path)} + " is left out of the autoscaler's bundle"); } });`,
      loader: "js",
    }));
  },
};
