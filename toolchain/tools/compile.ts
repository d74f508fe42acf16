import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { runCommand } from "./command";
import { findGo, goProblem, moduleDirectory, readModule, requiredGo } from "./go";
import { runInGroup } from "./process-group";
import type { Platform, Tool } from "./tool";

/** The machine has no Go that could compile a missing tool. */
export class GoMissingError extends Error {}

/** Hash of all that decides what compiling a tool gives: go.mod, go.sum, sources of ours, package, linker flags, platform. */
export async function compileRecipe(tool: Tool, platform: Platform): Promise<string> {
  const { goMod, goSum, sources } = await readModule(tool.module);
  const files = tool.moduleFolders ?? [];
  const parts = [goMod, goSum, tool.package, tool.linkFlags, platform.os, platform.arch, ...files, ...sources];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/**
 * Compiles tools of one Go module, in one run of `go build` so that what they share is compiled once, and moves each
 * executable to `<folder>/<tool>`. The checkout is not written to; go.sum verifies every module that is fetched.
 * @throws GoMissingError when Go is missing or too old, saying which version would do
 */
export async function compile(
  tools: Tool[],
  folder: string,
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const [first] = tools;
  if (!first) return;
  const { goMod } = await readModule(first.module);
  const problem = goProblem(await findGo(signal), requiredGo(goMod));
  if (problem) {
    const names = tools.map((tool) => `${tool.name} (>=${tool.accepts.from} <${tool.accepts.below})`).join(", ");
    throw new GoMissingError(
      `${problem}, to compile what could not be downloaded. Install Go from https://go.dev/dl/, or put these on PATH: ${names}`,
    );
  }
  const binaries = path.join(folder, "binaries");
  await fs.mkdir(binaries);
  // Linker flags are per run of `go build`; tools of one module have the same.
  const goArguments = [
    "build",
    "-v",
    "-mod=readonly",
    "-trimpath",
    // The linker leaves out what debuggers read (`-s -w`); not making it spares an eighth of the work.
    "-gcflags=all=-dwarf=false",
    "-ldflags",
    first.linkFlags,
    "-o",
    binaries + path.sep,
  ];
  let packages = 0;
  await runInGroup("go", [...goArguments, ...tools.map((tool) => tool.package)], {
    cwd: moduleDirectory(first.module),
    env: { CGO_ENABLED: first.hasC ? "1" : "0", GOFLAGS: "-buildvcs=false", GOWORK: "off", GOOS: "", GOARCH: "" },
    signal,
    onLine: (line) => {
      // `go: downloading …` while modules are fetched, then one line for each compiled package.
      if (line.startsWith("go: ")) onProgress(line.slice("go: ".length));
      else onProgress(`compiling, ${++packages} packages`);
    },
  });
  for (const tool of tools) {
    await fs.rename(path.join(binaries, binaryName(tool.package)), path.join(folder, tool.name));
    if (tool.moduleFolders) await copyFiles(tool, filesOf(tool, folder), signal);
  }
}

/** Where `compile` puts the files of a tool's module. */
export function filesOf(tool: Tool, folder: string): string {
  return path.join(folder, `${tool.name}-files`);
}

/** Go's own copy of the module cannot be written to, nor could what is copied as it is be deleted. */
async function copyFiles(
  { module, package: package_, folderPackage = package_, moduleFolders = [] }: Tool,
  to: string,
  signal?: AbortSignal,
) {
  const list = ["list", "-mod=readonly", "-f", "{{.Module.Dir}}", folderPackage];
  const cwd = moduleDirectory(module);
  const { stdout } = await runCommand("go", list, { cwd, env: { GOWORK: "off" }, cancelSignal: signal });
  await fs.mkdir(to);
  for (const folder of moduleFolders) {
    const from = path.join(stdout.trim(), folder);
    for (const name of await fs.readdir(from))
      await fs.writeFile(path.join(to, name), await fs.readFile(path.join(from, name)));
  }
}

/** What `go build` calls the executable: the last part of the import path that is not a major version. */
export function binaryName(package_: string): string {
  const parts = package_.split("/");
  const last = parts.at(-1) ?? "";
  return /^v\d+$/.test(last) ? (parts.at(-2) ?? last) : last;
}
