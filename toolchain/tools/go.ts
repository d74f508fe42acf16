import { promises as fs } from "node:fs";
import * as path from "node:path";
import { runCommand } from "./command";
import { modulesDirectory } from "./paths";
import type { GoModuleName } from "./tool";
import { compareVersions } from "./version";

/** What the machine's own Go is. */
export interface Go {
  /** E.g. `1.26.8`. */
  version: string;
  /** Go's setting GOTOOLCHAIN: `auto` fetches a newer Go from the module proxy when a module asks for one. */
  toolchain: string;
}

/** The Go version that a go.mod asks for. */
export function requiredGo(goMod: string): string {
  const version = /^go\s+(\d+\.\d+(?:\.\d+)?)/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error("go.mod has no go directive");
  return version;
}

/** Why this Go can not compile a module, in words; undefined when it can. */
export function goProblem(go: Go | undefined, required: string): string | undefined {
  if (!go) return `Go ${required} or newer is needed and no "go" is on PATH`;
  if (compareVersions(go.version, required) >= 0) return undefined;
  // Since 1.21 Go replaces itself by the version that the module asks for, unless it is told not to.
  const replacesItself = compareVersions(go.version, "1.21.0") >= 0 && /^auto$|\+auto$/.test(go.toolchain);
  if (replacesItself) return undefined;
  const setting = compareVersions(go.version, "1.21.0") >= 0 ? ` (with GOTOOLCHAIN=${go.toolchain})` : "";
  return `Go ${required} or newer is needed, "go" on PATH is ${go.version}${setting}`;
}

/** Asks the `go` on PATH; undefined when there is none. */
export async function findGo(signal?: AbortSignal): Promise<Go | undefined> {
  const result = await runCommand("go", ["env", "GOVERSION", "GOTOOLCHAIN"], {
    reject: false,
    cancelSignal: signal,
    // Outside any module: what is asked for is the installed Go, not the one that a go.mod would choose.
    cwd: path.parse(modulesDirectory).root,
    env: { GOWORK: "off" },
  });
  signal?.throwIfAborted();
  if (result.failed) return undefined;
  const [version = "", toolchain = ""] = result.stdout.split("\n").map((line) => line.trim());
  return { version: version.replace(/^go/, "").replace(/[^\d.].*$/, ""), toolchain };
}

export function moduleDirectory(module: GoModuleName): string {
  return path.join(modulesDirectory, module);
}

/** The texts that decide what is compiled: go.mod, go.sum, and the sources of a command of our own. */
export async function readModule(
  module: GoModuleName,
): Promise<{ goMod: string; goSum: string; sources: readonly string[] }> {
  const folder = moduleDirectory(module);
  const own = (await fs.readdir(folder)).filter((file) => file.endsWith(".go")).sort();
  const [goMod = "", goSum = "", ...sources] = await Promise.all(
    ["go.mod", "go.sum", ...own].map((file) => fs.readFile(path.join(folder, file), "utf8")),
  );
  return { goMod, goSum, sources };
}
