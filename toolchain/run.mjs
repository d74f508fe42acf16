/**
 * `node toolchain/run.mjs SCRIPT.ts ARGUMENTS…`: runs one of our scripts, on a checkout where nothing is installed yet too. Plain
 * JavaScript without dependencies, because it is what installs them.
 */
import { spawnSync } from "node:child_process";
import console from "node:console";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const changedAt = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last.
const installedAt = () => changedAt("node_modules/.package-lock.json");
const outdated = () => installedAt() < changedAt("package-lock.json");

function install() {
  console.error(installedAt() === 0 ? "Installing the packages (npm ci) …" : "package-lock.json has changed: npm ci …");
  // To stderr: stdout belongs to the script.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status === 0) return;
  console.error("error: npm ci failed: see above");
  process.exitCode = 1;
}

/** One at a time: npm ci begins with the removal of node_modules, under whoever else is installing. */
async function installOnce() {
  const lock = join(root, ".gpu-clusters", "npm-ci.lock");
  let told = false;
  while (outdated()) {
    try {
      mkdirSync(dirname(lock), { recursive: true });
      writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch (error) {
      // A full disk, a folder that may not be written.
      if (error.code !== "EEXIST" || error.path !== lock) {
        console.error(`error: ${error.message}`);
        process.exit(1);
      }
      if (holderIsGone(lock)) rmSync(lock, { force: true });
      else if (!told) console.error(`Waiting for who installs the packages (${lock}) …`);
      told = true;
      await sleep(200);
      continue;
    }
    try {
      if (outdated()) install();
    } finally {
      rmSync(lock, { force: true });
    }
    if (process.exitCode) process.exit();
  }
}

function holderIsGone(lock) {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    // Being written, or left without a name by a full disk. 0 would be ourselves.
    if (!(Number.isInteger(holder) && holder > 0)) return Date.now() - statSync(lock).mtimeMs > 10_000;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

await installOnce();
const script = resolve(process.argv[2]);
process.argv.splice(1, 2, script);
// Its half for CommonJS, which our scripts are: the other half starts a thread.
await import("tsx/cjs");
// As `node SCRIPT` would: the script is the main module.
Module.runMain();
