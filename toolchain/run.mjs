/**
 * `node toolchain/run.mjs SCRIPT.ts ARGUMENTS…`: runs one of our scripts, on a checkout where nothing is installed yet too. Plain
 * JavaScript without dependencies, because it is what installs them.
 */
import { spawnSync } from "node:child_process";
import console from "node:console";
import { statSync } from "node:fs";
import Module from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const changedAt = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last.
const installed = changedAt("node_modules/.package-lock.json");
if (installed < changedAt("package-lock.json")) {
  console.error(installed === 0 ? "Installing the packages (npm ci) …" : "package-lock.json has changed: npm ci …");
  // To stderr: stdout belongs to the script.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    console.error("error: npm ci failed: see above");
    process.exit(1);
  }
}
const script = resolve(process.argv[2]);
process.argv.splice(1, 2, script);
// Its half for CommonJS, which our scripts are: the other half starts a thread.
await import("tsx/cjs");
// As `node SCRIPT` would: the script is the main module.
Module.runMain();
