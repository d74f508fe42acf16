/** Programs as plain JavaScript: a hundred runs need not compile them a hundred times. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { parse, stringify } from "yaml";

const checkout = join(__dirname, "..", "..");

/**
 * Compiles a folder's index.ts with the package's own sources. The result is inside the checkout, where it finds its packages; the caller
 * removes it.
 */
export async function compiledProgram(source: string): Promise<string> {
  const name = basename(source);
  mkdirSync(join(checkout, ".gpu-clusters"), { recursive: true });
  const folder = mkdtempSync(join(checkout, ".gpu-clusters", `${name}-`));
  await build({
    entryPoints: [join(source, "index.ts")],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "node",
    packages: "external",
  });
  const project = parse(readFileSync(join(source, "Pulumi.yaml"), "utf8")) as Record<string, unknown>;
  const plugins = { providers: [{ name: "gpu-clusters", path: join(checkout, "plugin", "bin") }] };
  const runtime = { name: "nodejs", options: { typescript: false } };
  writeFileSync(join(folder, "Pulumi.yaml"), stringify({ ...project, runtime, main: "index.js", plugins }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
  return folder;
}

/** This checkout's default program. */
export function compiledDefaultProgram(): Promise<string> {
  return compiledProgram(checkout);
}
