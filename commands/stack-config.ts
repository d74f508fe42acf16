import { promises as fs } from "node:fs";
import * as path from "node:path";
import { isMap, parseDocument, type Document } from "yaml";
import { CommandError } from "./command-error";
import { serviceConfig, type ServiceName } from "./services";
import { awsSettings, leadToSimulatedAws } from "./simulated-aws";
import type { Simulator } from "./simulator-process";
import { stackSshKey, type SshKey } from "./ssh-key";
import { exists, root, type StackFiles } from "./workspace";

const cloudKey = "pulumi-gpu-clusters:cloud";
const servicesKey = "pulumi-gpu-clusters:services";

/**
 * The config that `pulumi up` gets: the committed one, with every cloud's address replaced by the simulator's, so that
 * `npm start` can never reach a real cloud.
 * @param previous the config of the last run, whose `encryptionsalt` belongs to the stack's passphrase
 * @param sshKey for clouds that need one; its private half is set as a secret (`writeConfig`)
 * @param wanted services besides those of the committed config
 */
export function deriveConfig(
  committed: string,
  previous: string | undefined,
  simulator: Pick<Simulator, "cudo" | "mithril" | "services" | "aws" | "machines">,
  sshKey?: Pick<SshKey, "publicKey">,
  wanted: readonly ServiceName[] = [],
): string {
  const document = readable(committed);
  const set = (key: string, value: unknown) => document.setIn(["config", key], value);
  const { projectId, baseUrl, sshPort } = simulator.mithril;
  set("gpu-clusters:cudo", { projectId: simulator.cudo.projectId, baseUrl: simulator.cudo.baseUrl });
  set("gpu-clusters:mithril", { projectId, baseUrl });
  if (simulator.services) {
    const { keycloak, chartRepository } = simulator.services;
    set("gpu-clusters:keycloak", { baseUrl: keycloak.baseUrl, username: keycloak.username });
    document.setIn(["config", "gpu-clusters:kubernetes", "chartRepository"], chartRepository);
  } else document.deleteIn(["config", "gpu-clusters:keycloak"]);
  for (const [name, settings] of Object.entries(serviceConfig(wanted) ?? {}))
    if (!document.hasIn(["config", servicesKey, name])) document.setIn(["config", servicesKey, name], settings);
  const cloud = cloudOf(committed);
  if (sshKey !== undefined && needsSshKey(cloud, simulator)) {
    set("pulumi-gpu-clusters:sshPublicKey", sshKey.publicKey);
    if (cloud === "cudo") set("pulumi-gpu-clusters:sshAccessCidrs", ["0.0.0.0/0"]);
    if (cloud === "mithril") set("pulumi-gpu-clusters:sshPort", sshPort);
  }
  if (simulator.aws) leadToSimulatedAws(document, simulator.aws.endpoint);
  const salt: unknown = previous === undefined ? undefined : parseDocument(previous).get("encryptionsalt");
  if (salt === undefined) document.delete("encryptionsalt");
  else document.set("encryptionsalt", salt);
  return document.toString();
}

/** @throws CommandError for what pulumi would not read either */
function readable(committed: string): Document {
  const document: Document = parseDocument(committed);
  const [error] = document.errors;
  const mend = "Correct its Pulumi.<stack>.yaml: pulumi would not read it either.";
  if (error) throw new CommandError(`the stack's config is not YAML (line ${error.linePos?.[0].line ?? "?"})`, mend);
  if (document.contents !== null && !isMap(document.contents))
    throw new CommandError("the stack's config is no mapping with `config`", mend);
  if (document.contents === null) return document;
  const config: unknown = document.get("config");
  // With nothing below it, as where all is a comment.
  if (config === undefined) document.delete("config");
  else if (!isMap(config))
    throw new CommandError("`config` of the stack's config is no mapping of keys to values", mend);
  return document;
}

/** Light machines have no SSH. */
function needsSshKey(cloud: unknown, { machines }: Pick<Simulator, "machines">): boolean {
  return cloud === "mithril" || (cloud === "cudo" && machines === "nspawn");
}

/** Writes the stack's config for the next run. Returns what it must have as secrets besides, which only pulumi can write. */
export async function writeConfig(
  files: StackFiles,
  simulator: Simulator,
  wanted: readonly ServiceName[],
): Promise<Record<string, string>> {
  if (serviceConfig(wanted) && !simulator.services)
    throw new CommandError(
      `the simulator that runs at ${simulator.url} is an older checkout's and has no services`,
      "Run `npm stop` for each stack in it first, which ends it: the next `npm start` begins a new one.",
    );
  const source = path.join(root, `Pulumi.${files.stack}.yaml`);
  const previous = await fs.readFile(files.config, "utf8").catch(() => undefined);
  // A stack whose committed config was deleted or renamed can still be destroyed with its last one.
  const committed = await fs.readFile(source, "utf8").catch((error: unknown) => previous ?? Promise.reject(error));
  const sshKey = await stackSshKey(files);
  await fs.writeFile(files.config, deriveConfig(committed, previous, simulator, sshKey, wanted), { mode: 0o600 });
  // An older file keeps its mode.
  await fs.chmod(files.config, 0o600);
  return needsSshKey(cloudOf(committed), simulator) ? { "pulumi-gpu-clusters:sshPrivateKey": sshKey.privateKey } : {};
}

/** Clouds whose addresses `deriveConfig` replaces. */
const simulatedClouds: readonly unknown[] = ["aws", "cudo", "mithril"];

/** `npm start` must not reach a real cloud, so that it takes no stack of a cloud which the simulator does not run. */
export function requireSimulated(stack: string, committed: string): void {
  const cloud = cloudOf(committed);
  if (simulatedClouds.includes(cloud)) return;
  throw new CommandError(
    `the stack "${stack}" is for ${String(cloud)}, which npm start cannot simulate yet`,
    `With your own account: pulumi up -s ${stack}`,
  );
}

/** The cloud of a stack; undefined when it has no config. */
export async function stackCloud(files: StackFiles): Promise<unknown> {
  const config = await stackConfig(files);
  return config === undefined ? undefined : cloudOf(config);
}

/** Whether something of it comes by a Helm chart, as services do. */
export async function stackHasServices(files: StackFiles): Promise<boolean> {
  return parseDocument((await stackConfig(files)) ?? "").hasIn(["config", servicesKey]);
}

/** The key pair that an AWS stack names, as the account is to have it; its key is the stack's own. */
export async function stackKeyPair(
  files: StackFiles,
): Promise<{ name: string; region: string; publicKey: string } | undefined> {
  const { keyPair: name, region } = awsSettings(parseDocument((await stackConfig(files)) ?? ""));
  return name === undefined ? undefined : { name, region, publicKey: (await stackSshKey(files)).publicKey };
}

/** The committed config, or the last one that was derived from it. */
async function stackConfig(files: StackFiles): Promise<string | undefined> {
  const read = (file: string) => fs.readFile(file, "utf8").catch(() => undefined);
  return (await read(path.join(root, `Pulumi.${files.stack}.yaml`))) ?? (await read(files.config));
}

function cloudOf(committed: string): unknown {
  return parseDocument(committed).getIn(["config", cloudKey]) ?? "cudo";
}

/** @throws CommandError that names the stacks which have a config, or for a cloud that is not simulated */
export async function requireConfig(stack: string): Promise<void> {
  await requireKnown(stack);
  const committed = await fs.readFile(path.join(root, `Pulumi.${stack}.yaml`), "utf8");
  readable(committed);
  requireSimulated(stack, committed);
}

/** @throws CommandError that names the stacks which have a config, where this one has none */
export async function requireKnown(stack: string): Promise<void> {
  if (await exists(path.join(root, `Pulumi.${stack}.yaml`))) return;
  const known = (await fs.readdir(root)).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  throw new CommandError(
    `there is no stack "${stack}": Pulumi.${stack}.yaml is missing`,
    `Stacks: ${known.join(", ")}`,
  );
}
