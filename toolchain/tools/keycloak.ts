import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { withLock } from "./lock";
import { findOnPath, toolsDirectory } from "./paths";
import { runInGroup } from "./process-group";
import { reportToStderr, type Report } from "./report";
import { ToolCache } from "./tool-cache";

export interface EnsureKeycloakOptions {
  /** Told what is being installed; the default writes lines to stderr. Silent when nothing is missing. */
  report?: Report;
  signal?: AbortSignal;
}

const version = "26.4.0";
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
const sha256 = "1b6a11a2726ac8a8dc9c91d5fafe989a75ce4f1622d7f7b45c21d5bc16629c0a";
const maven = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Why it cannot be had or run here; undefined where it can. */
export async function keycloakProblem(environment: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const [program, packages] of [
    ["java", "default-jre-headless"],
    ["mvn", "maven"],
  ] as const)
    if ((await findOnPath(program, environment)).length === 0)
      return `there is no ${program} on PATH (Debian and Ubuntu: apt install ${packages})`;
  return undefined;
}

/**
 * Keycloak's server in the tool cache, fetched by Maven when it is missing. It runs on Java 17 and newer.
 * @returns what starts it: takes the arguments of `kc.sh`
 */
export async function ensureKeycloak({ report = reportToStderr, signal }: EnsureKeycloakOptions = {}): Promise<string> {
  const cache = new ToolCache(toolsDirectory());
  const command = path.join(cache.directoryOf("keycloak", version), "keycloak");
  const isThere = async () => (await cache.find("keycloak", version, [sha256])) !== undefined;
  if (await isThere()) return command;
  const subject = `keycloak ${version}`;
  await withLock(
    path.join(cache.folder, ".locks", "keycloak"),
    async () => {
      if (await isThere()) return;
      report(subject, "fetching with Maven");
      await cache.install("keycloak", version, { recipe: sha256, source: "downloaded" }, (folder) =>
        cache.withScratch((scratch) => fill(folder, scratch, signal)),
      );
      report(subject, "installed");
    },
    { signal, onWait: (pid) => report(subject, `waiting for process ${pid}, which installs it`) },
  );
  return command;
}

async function fill(folder: string, scratch: string, signal: AbortSignal | undefined): Promise<void> {
  const run = (goal: string) =>
    runInGroup("mvn", ["-q", "-B", `${maven}:${goal}`, `-Dartifact=${artifact}`, `-DoutputDirectory=${scratch}`], {
      cwd: scratch,
      env: {},
      signal,
      onLine: () => undefined,
    });
  await run("copy");
  const zip = path.join(scratch, `keycloak-quarkus-dist-${version}.zip`);
  const found = createHash("sha256")
    .update(await fs.readFile(zip))
    .digest("hex");
  if (found !== sha256) throw new Error(`${artifact} has SHA-256 ${found}, expected ${sha256}`);
  await fs.rm(zip);
  await run("unpack");
  const unpacked = path.join(scratch, `keycloak-${version}`);
  for (const entry of await fs.readdir(unpacked)) await fs.rename(path.join(unpacked, entry), path.join(folder, entry));
  // Archives of this kind have no modes of files.
  await fs.writeFile(path.join(folder, "keycloak"), '#!/bin/sh\nexec sh "$(dirname "$0")/bin/kc.sh" "$@"\n', {
    mode: 0o755,
  });
}
