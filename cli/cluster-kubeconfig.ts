/** Where the kubeconfig of a cluster comes from: a stack's output, or a file. */
import { execFile } from "node:child_process";
import { promises as fs } from "node:fs";
import { promisify } from "node:util";
import { CommandFailure } from "./command-failure";

export interface KubeconfigSource {
  /** Pulumi stack; undefined: the one that is selected. */
  stack?: string;
  /** Instead of a stack. */
  file?: string;
}

const longestMs = 120_000;

export async function clusterKubeconfig({ stack, file }: KubeconfigSource): Promise<string> {
  if (file !== undefined) {
    return fs.readFile(file, "utf8").catch((error: Error) => {
      throw new CommandFailure(`--file: ${error.message}`);
    });
  }
  const args = ["stack", "output", "kubeconfig", "--show-secrets", "--non-interactive"];
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
      "Run this where the program's Pulumi.yaml is. The program must export the cluster's `kubeconfig`; `pulumi stack ls` lists the stacks.",
    );
  }
}
