/** Where the kubeconfig of a cluster comes from: a stack's output, or a file. */
import { execFile } from "node:child_process";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { buffer as readAll } from "node:stream/consumers";
import { promisify } from "node:util";
import { parse } from "yaml";
import { yamlOfKubeconfigs } from "../sdk/kubernetes/kubeconfig";
import { isRecord } from "../sdk/schema/record";
import { yamlText } from "../sdk/yaml";
import { CommandFailure } from "./command-failure";
import { decoded } from "./kubeconfig-file";

export interface KubeconfigSource {
  /** Pulumi stack; undefined: the one that is selected. */
  stack?: string;
  /** The stack's output. */
  output: string;
  /** Instead of a stack; `-`: standard input. */
  file?: string;
}

const longestMs = 120_000;

export async function clusterKubeconfig({ stack, output, file }: KubeconfigSource): Promise<string> {
  if (file === "-") return withAbsolutePaths(decoded(await readAll(process.stdin), "standard input"), process.cwd());
  if (file !== undefined) {
    const bytes = await fs.readFile(file).catch((error: Error) => {
      throw new CommandFailure(`--file: ${error.message}`);
    });
    return withAbsolutePaths(decoded(bytes, file), path.dirname(path.resolve(file)));
  }
  const args = ["stack", "output", output, "--show-secrets", "--non-interactive"];
  try {
    const { stdout } = await promisify(execFile)(
      "pulumi",
      [...args, ...(stack === undefined ? [] : ["--stack", stack])],
      {
        timeout: longestMs,
        maxBuffer: 16 * 2 ** 20,
      },
    );
    return stdout;
  } catch (error) {
    const { code, stderr = "", killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
    if (code === "ENOENT") {
      throw new CommandFailure(
        "pulumi is not on PATH",
        "Add it, or give the cluster's kubeconfig as a file: --file <path>",
      );
    }
    const reason = killed === true ? `it did not end in ${longestMs / 1000} s` : "it gave no reason";
    const words = stderr.trim() || reason;
    throw new CommandFailure(
      `pulumi ${args.slice(0, 3).join(" ")} failed: ${words}`,
      `Run this where the program's Pulumi.yaml is. The program must export the cluster's \`${output}\`; \`pulumi stack ls\` lists the stacks.`,
    );
  }
}

type Fields = Record<string, unknown>;

/** Undefined for what is no kubeconfig: whoever reads it says what is wrong. */
function fieldsOf(text: string): Fields | undefined {
  try {
    const document: unknown = parse(text, yamlOfKubeconfigs);
    return isRecord(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function entriesOf(document: Fields | undefined, list: string, field: string): Fields[] {
  const entries: unknown = document?.[list];
  const parts = Array.isArray(entries) ? entries.map((entry: unknown) => isRecord(entry) && entry[field]) : [];
  return parts.filter(isRecord);
}

/** Paths in a kubeconfig are meant from its own folder, which a merge leaves. */
export function withAbsolutePaths(text: string, folder: string): string {
  const document = fieldsOf(text);
  let moved = false;
  const move = (fields: unknown, name: string, isPath: (value: string) => boolean = () => true) => {
    const value = isRecord(fields) ? fields[name] : undefined;
    if (typeof value !== "string" || value === "" || path.isAbsolute(value) || !isPath(value)) return;
    (fields as Fields)[name] = path.join(folder, value);
    moved = true;
  };
  for (const cluster of entriesOf(document, "clusters", "cluster")) move(cluster, "certificate-authority");
  for (const user of entriesOf(document, "users", "user")) {
    for (const name of ["client-certificate", "client-key", "tokenFile"]) move(user, name);
    // A bare name is looked for on PATH.
    move(user["exec"], "command", (command) => command.includes("/"));
  }
  return moved ? yamlText(document) : text;
}

/** The kubeconfig with the AWS CLI's profile that its credential plugin uses. */
export function withProfile(text: string, profile: string): string {
  const document = fieldsOf(text);
  const plugins = entriesOf(document, "users", "user").map((user) => user["exec"]);
  const aws = plugins.filter(
    (exec): exec is Fields =>
      isRecord(exec) && typeof exec["command"] === "string" && path.basename(exec["command"]) === "aws",
  );
  if (aws.length === 0) {
    throw new CommandFailure(
      "--profile: the kubeconfig asks no AWS CLI for credentials",
      "It is for a stack's `kubeconfigExec`: --output kubeconfigExec",
    );
  }
  for (const exec of aws) {
    const env: unknown[] = Array.isArray(exec["env"]) ? exec["env"] : [];
    exec["env"] = [
      ...env.filter((variable) => !isRecord(variable) || variable["name"] !== "AWS_PROFILE"),
      { name: "AWS_PROFILE", value: profile },
    ];
  }
  return yamlText(document);
}
