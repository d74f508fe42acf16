/** Where the kubeconfig of a cluster comes from: a stack's output, or a file. */
import { execFile } from "node:child_process";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { promisify } from "node:util";
import { parse } from "yaml";
import { yamlText } from "../sdk/yaml";
import { CommandFailure } from "./command-failure";
import { refuseUtf16 } from "./kubeconfig-file";

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
  if (file === "-") return readAll(process.stdin);
  if (file !== undefined) {
    const text = await fs.readFile(file, "utf8").catch((error: Error) => {
      throw new CommandFailure(`--file: ${error.message}`);
    });
    refuseUtf16(text, file);
    return withAbsolutePaths(text, path.dirname(path.resolve(file)));
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
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") {
      throw new CommandFailure(
        "pulumi is not on PATH",
        "Add it, or give the cluster's kubeconfig as a file: --file <path>",
      );
    }
    const words = stderr.trim() || "it gave no reason";
    throw new CommandFailure(
      `pulumi ${args.slice(0, 3).join(" ")} failed: ${words}`,
      `Run this where the program's Pulumi.yaml is. The program must export the cluster's \`${output}\`; \`pulumi stack ls\` lists the stacks.`,
    );
  }
}

type Fields = Record<string, unknown>;

/** Paths in a kubeconfig are meant from its own folder, which a merge leaves. */
export function withAbsolutePaths(text: string, folder: string): string {
  let document: Fields | null;
  try {
    document = parse(text) as Fields | null;
  } catch {
    // Whoever reads it says what is wrong.
    return text;
  }
  let moved = false;
  const move = (fields: unknown, name: string, isPath: (value: string) => boolean = () => true) => {
    const value = (fields as Fields | null | undefined)?.[name];
    if (typeof value !== "string" || value === "" || path.isAbsolute(value) || !isPath(value)) return;
    (fields as Fields)[name] = path.join(folder, value);
    moved = true;
  };
  const each = (list: string) => (Array.isArray(document?.[list]) ? (document[list] as (Fields | null)[]) : []);
  for (const entry of each("clusters")) move(entry?.["cluster"], "certificate-authority");
  for (const entry of each("users")) {
    const user = entry?.["user"] as Fields | null | undefined;
    for (const name of ["client-certificate", "client-key", "tokenFile"]) move(user, name);
    // A bare name is looked for on PATH.
    move(user?.["exec"], "command", (command) => command.includes("/"));
  }
  return moved ? yamlText(document) : text;
}

/** The kubeconfig with the AWS CLI's profile that its credential plugin uses. */
export function withProfile(text: string, profile: string): string {
  const document = parse(text) as {
    users?: { user?: { exec?: { command?: unknown; env?: Fields[] | null } } }[];
  } | null;
  const plugins = (Array.isArray(document?.users) ? document.users : []).flatMap(({ user }) => user?.exec ?? []);
  const aws = plugins.filter(({ command }) => typeof command === "string" && path.basename(command) === "aws");
  if (aws.length === 0) {
    throw new CommandFailure(
      "--profile: the kubeconfig asks no AWS CLI for credentials",
      "It is for a stack's `kubeconfigExec`: --output kubeconfigExec",
    );
  }
  for (const exec of aws) {
    exec.env = [
      ...(exec.env ?? []).filter(({ name }) => name !== "AWS_PROFILE"),
      { name: "AWS_PROFILE", value: profile },
    ];
  }
  return yamlText(document);
}
