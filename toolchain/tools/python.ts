import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { withLock } from "./lock";
import { findOnPath, toolsDirectory } from "./paths";
import { runInGroup } from "./process-group";
import { reportToStderr, type Report } from "./report";
import { VersionProbes } from "./version-probe";
import { compareVersions } from "./version";

/** Packages of Python's in an environment of their own. */
export interface PythonPackages {
  /** Of the package that the others are there for: the folder beside this file that has `requirements.txt`, and the one in the cache. */
  readonly name: string;
  /** Who needs Python, and what to do where there is none, for people: "The simulated AWS is moto". */
  readonly who: string;
  readonly otherwise: string;
}

export interface EnsurePythonOptions {
  /** Told what is being installed; the default writes lines to stderr. Silent when nothing is missing. */
  report?: Report;
  /** Ends the installation. */
  signal?: AbortSignal;
  /** Where to look for Python, and for the cache (`XDG_CACHE_HOME`); default: our own environment. */
  environment?: NodeJS.ProcessEnv;
}

/** Oldest Python that the pinned packages run on. */
const oldestPython = "3.10.0";

/** The packages, each with its version and the hashes of its files. */
const requirementsOf = (name: string) => path.join(__dirname, name, "requirements.txt");

const stampFile = "stamp.json";

/**
 * The packages in a virtual environment of our own below the tool cache, installed by pip from pinned and hashed files when they are missing.
 * @returns the environment's interpreter
 */
export async function ensurePythonPackages(
  packages: PythonPackages,
  options: EnsurePythonOptions = {},
): Promise<{ python: string }> {
  const { name } = packages;
  const { signal, environment = process.env, report = reportToStderr } = options;
  const requirements = await fs.readFile(requirementsOf(name), "utf8");
  const version = pinnedVersionOf(name, requirements);
  const folder = path.join(toolsDirectory(environment), name);
  const recipe = createHash("sha256").update(requirements).digest("hex");
  const installed = await installedPython(folder, version, recipe);
  if (installed) return { python: installed };

  const subject = `${name} ${version}`;
  return withLock(
    path.join(toolsDirectory(environment), ".locks", name),
    async () => {
      const meanwhile = await installedPython(folder, version, recipe);
      if (meanwhile) return { python: meanwhile };
      const python = await findPython(packages, environment, signal);
      report(subject, "installing with pip");
      const made = await install({ packages, python, folder, version, recipe, signal }, (line) =>
        report(subject, `installing, ${line}`),
      );
      report(subject, "installed");
      return { python: made };
    },
    { signal, onWait: (pid) => report(subject, `waiting for process ${pid}, which installs it`) },
  );
}

export function pinnedVersionOf(name: string, requirements: string): string {
  const version = new RegExp(`^${name}==([^\\s;\\\\]+)`, "m").exec(requirements)?.[1];
  if (!version) throw new Error(`${requirementsOf(name)} does not pin ${name}`);
  return version;
}

/**
 * A virtual environment cannot be moved: its scripts and its configuration hold its path. So every installation has a folder of its own,
 * and the stamp, which is written last and renamed into place, says which one counts.
 */
async function installedPython(folder: string, version: string, recipe: string): Promise<string | undefined> {
  try {
    const stamp = JSON.parse(await fs.readFile(path.join(folder, version, stampFile), "utf8")) as {
      recipe: string;
      environment: string;
    };
    if (stamp.recipe !== recipe) return undefined;
    const python = interpreter(path.join(folder, version, stamp.environment));
    await fs.access(python);
    return python;
  } catch {
    // Missing or damaged: it is installed again.
    return undefined;
  }
}

interface Installation {
  packages: PythonPackages;
  python: string;
  folder: string;
  version: string;
  recipe: string;
  signal: AbortSignal | undefined;
}

async function install(installation: Installation, onLine: (line: string) => void): Promise<string> {
  const { packages, python, version, recipe, signal } = installation;
  const folder = path.join(installation.folder, version);
  const name = `venv-${recipe.slice(0, 12)}`;
  const environment = path.join(folder, name);
  // What an installation that was killed, or an older recipe, left.
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { recursive: true });
  const run = (command: string, args: string[]) => runInGroup(command, args, { cwd: folder, env: {}, signal, onLine });
  try {
    await run(python, ["-m", "venv", environment]);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(
      `${packages.who}, for which ${python} cannot make a virtual environment (Debian and Ubuntu: apt install python3-venv)`,
      { cause: error },
    );
  }
  const pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"];
  await run(interpreter(environment), [
    ...pip,
    "--require-hashes",
    "--only-binary=:all:",
    "-r",
    requirementsOf(packages.name),
  ]);
  const draft = path.join(folder, `${stampFile}.draft`);
  await fs.writeFile(draft, JSON.stringify({ recipe, environment: name }));
  await fs.rename(draft, path.join(folder, stampFile));
  return interpreter(environment);
}

function interpreter(environment: string): string {
  return process.platform === "win32"
    ? path.join(environment, "Scripts", "python.exe")
    : path.join(environment, "bin", "python");
}

async function findPython(
  { who, otherwise }: PythonPackages,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string> {
  const probes = new VersionProbes(path.join(toolsDirectory(environment), "versions.json"));
  const found: string[] = [];
  for (const name of ["python3", "python"]) {
    for (const candidate of await findOnPath(name, environment)) {
      const version = await probes.versionOf(candidate, ["--version"], signal);
      if (version && compareVersions(version, oldestPython) >= 0) return candidate;
      if (version) found.push(`${candidate} is ${version}`);
    }
  }
  const seen = found.length > 0 ? ` (${found.join(", ")})` : "";
  throw new Error(
    `${who}, which needs Python ${oldestPython.slice(0, -2)} or newer: no such python3 on PATH${seen}. Install Python, or ${otherwise}`,
  );
}
