import { join } from "node:path";
import { build } from "esbuild";

let made: Promise<string> | undefined;

/** The stand-in as one file for Node. */
export function clusterAutoscalerProgram(): Promise<string> {
  return (made ??= bundle());
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, "main.ts")],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    write: false,
    // Of kubeconfigs it reads such as need no library.
    external: ["@kubernetes/client-node"],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}
