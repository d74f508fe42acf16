import { promises as fs } from "node:fs";
import * as path from "node:path";
import { pulumiHome as usersPulumiHome } from "../sdk/plugin/install";
import { buildStandIn, type StandInName } from "../stand-ins/build/stand-in";
import { ensureTools, type Report } from "../toolchain/tools";
import { runCommand } from "../toolchain/tools/command";
import { fetchByProxies } from "../toolchain/tools/fetch";
import { pulumiHome, exists } from "./workspace";

const answerTimeout = 3_000;
const installTimeout = 300_000;
/** How long the publisher is not asked again once it could not be reached. */
const retryAfter = 24 * 3_600_000;

/** The marker beside a stand-in that we installed; an official plugin has none. */
const markerName = "stand-in.json";

export interface ProviderPlugin {
  kind: "official" | "stand-in";
  /** One line for people. */
  description: string;
}

/** The version of the plugin that the installed @pulumi/<name> asks for. */
export async function wantedVersion(name: StandInName): Promise<string> {
  const manifest = await fs.readFile(require.resolve(`@pulumi/${name}/package.json`), "utf8");
  const { pulumi, version } = JSON.parse(manifest) as {
    version: string;
    pulumi?: { version?: string };
  };
  return pulumi?.version ?? version;
}

/**
 * Puts a provider plugin into our PULUMI_HOME: the official one that the user has, else a download of it where the publisher
 * answers within 3 s, else the simulator's stand-in.
 * @param options.home where the plugin goes; default: our PULUMI_HOME
 */
export async function ensureProviderPlugin(
  name: StandInName,
  pulumi: string,
  options: { networkReachable: boolean; signal: AbortSignal; home?: string },
): Promise<ProviderPlugin> {
  const { home = pulumiHome } = options;
  const version = await wantedVersion(name);
  const folderName = `resource-${name}-v${version}`;
  const executable = `pulumi-resource-${name}`;
  const folder = path.join(home, "plugins", folderName);
  const marker = path.join(folder, markerName);
  const official: ProviderPlugin = { kind: "official", description: `official plugin ${version}` };
  if ((await exists(path.join(folder, executable))) && !(await exists(marker))) return official;

  const users = path.join(usersPulumiHome(), "plugins", folderName);
  // In a shell that has our environment, `PULUMI_HOME` is ours.
  const isOurs = path.resolve(users) === path.resolve(folder);
  if (!isOurs && (await exists(path.join(users, executable)))) {
    await fs.rm(folder, { recursive: true, force: true });
    await linkFiles(users, folder);
    return official;
  }
  const triedAt = await lastTry(marker);
  if (Date.now() - triedAt > retryAfter && options.networkReachable && (await isReachable(options.signal))) {
    await fs.rm(folder, { recursive: true, force: true });
    if (await installOfficial(pulumi, name, version, { home, signal: options.signal })) return official;
  }
  await fs.mkdir(folder, { recursive: true });
  // Before the plugin, so that a stand-in can never be taken for the official one.
  if (!(await exists(marker)) || Date.now() - triedAt > retryAfter) {
    await fs.writeFile(marker, JSON.stringify({ triedAt: Date.now() }));
  }
  await buildStandIn(name, folder);
  return { kind: "stand-in", description: "stand-in of the simulator (official plugin not reachable)" };
}

/**
 * The same for Kubernetes where there are Helm charts, which the stand-in refuses: where the official plugin cannot be downloaded, it is compiled from
 * its Go module, which takes ten minutes of a processor, once.
 */
export async function ensureHelmPlugin(
  pulumi: string,
  options: { networkReachable: boolean; signal: AbortSignal; home?: string; report?: Report },
): Promise<ProviderPlugin> {
  const name = "kubernetes";
  const found = await ensureProviderPlugin(name, pulumi, options);
  if (found.kind === "official") return found;
  const { home = pulumiHome, report, signal } = options;
  const executable = "pulumi-resource-kubernetes";
  const { [executable]: compiled } = await ensureTools([executable], { ...(report && { report }), signal });
  const folder = path.join(home, "plugins", `resource-${name}-v${await wantedVersion(name)}`);
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { recursive: true });
  await fs.symlink(compiled, path.join(folder, executable));
  return { kind: "official", description: `official plugin, compiled: ${compiled}` };
}

/** Links to each file: pulumi does not see a plugin whose folder itself is a link. */
async function linkFiles(from: string, to: string): Promise<void> {
  await fs.mkdir(to, { recursive: true });
  for (const entry of await fs.readdir(from)) await fs.symlink(path.join(from, entry), path.join(to, entry));
}

async function lastTry(marker: string): Promise<number> {
  try {
    return (JSON.parse(await fs.readFile(marker, "utf8")) as { triedAt: number }).triedAt;
  } catch {
    return 0;
  }
}

async function isReachable(signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(answerTimeout)]);
    await fetchByProxies("https://get.pulumi.com/", { method: "HEAD", redirect: "manual", signal: timeout });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function installOfficial(
  pulumi: string,
  name: string,
  version: string,
  { home, signal }: { home: string; signal: AbortSignal },
): Promise<boolean> {
  const result = await runCommand(pulumi, ["plugin", "install", "resource", name, version], {
    reject: false,
    timeout: installTimeout,
    cancelSignal: signal,
    env: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  signal.throwIfAborted();
  return !result.failed;
}
