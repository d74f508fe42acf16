/** Programs for Node.js as container images, with this computer's own. */
import { realpath } from "node:fs/promises";
import { build } from "esbuild";
import { runCommand } from "../../../../toolchain/tools/command";
import type { ContainerImage } from "./archive";

/** Node.js, below /usr/bin, and what it loads. */
export async function nodeRuntime(): Promise<ContainerImage["files"]> {
  const node = await realpath(process.execPath);
  const { stdout } = await runCommand("ldd", [node], {});
  const loaded = stdout.split(/\s+/).filter((word) => /^\/.*[^:]$/.test(word));
  return new Map(["/usr/bin/node", ...loaded].map((path, index) => [path, { source: index === 0 ? node : path }]));
}

/** One file of code for Node.js. */
export async function bundled(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    write: false,
  });
  return outputFiles[0]!.text;
}
