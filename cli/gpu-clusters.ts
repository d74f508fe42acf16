#!/usr/bin/env node
/** `npx gpu-clusters`: what a user of a cluster needs beside pulumi and kubectl. */
import { homedir } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { shellWord } from "../sdk/shell-word";
import { clusterKubeconfig, withProfile, type KubeconfigSource } from "./cluster-kubeconfig";
import { CommandFailure } from "./command-failure";
import { editKubeconfig, localKubeconfigPath, otherKubeconfigs } from "./kubeconfig-file";
import { mergeKubeconfig, type Merged } from "./merge-kubeconfig";

interface MergeArguments extends KubeconfigSource {
  context?: string;
  kubeconfig?: string;
  keepCurrentContext?: boolean;
  profile?: string;
}

async function merge({ context, kubeconfig, keepCurrentContext, profile, ...source }: MergeArguments): Promise<void> {
  const given = await clusterKubeconfig(source);
  const incoming = profile === undefined ? given : withProfile(given, profile);
  const localPath = kubeconfig ?? (await localKubeconfigPath());
  const others = kubeconfig === undefined ? await otherKubeconfigs(localPath) : [];
  let merged: Merged | undefined;
  const { backup, changed } = await editKubeconfig(localPath, (local) => {
    merged = mergeKubeconfig(local, incoming, { localPath, context, keepCurrentContext, others, file: source.file });
    return merged.text;
  });
  const { context: name, previousContext } = merged!;
  console.log(changed ? `Merged context "${name}" into ${localPath}.` : `${localPath} has context "${name}" already.`);
  if (backup !== undefined) console.log(`What was there before: ${backup}`);
  const current = keepCurrentContext ? previousContext : name;
  console.log(`Current context: ${current ?? "none"}`);
  if (current !== name)
    console.log(`Use it: kubectl --context ${shellWord(name)}, or kubectl config use-context ${shellWord(name)}`);
  else if (previousContext !== undefined && previousContext !== current) {
    console.log(`Back to the previous one: kubectl config use-context ${shellWord(previousContext)}`);
  }
}

function fail(error: unknown): void {
  const text =
    error instanceof CommandFailure ? `error: ${error.message}` : error instanceof Error ? error.stack : error;
  console.error(text);
  if (error instanceof CommandFailure && error.next !== undefined) console.error(error.next);
  process.exitCode = 1;
}

/** An empty one is a shell's variable that is not set. */
function given(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It is empty: leave the option out, or give it a value.");
  return text;
}

/** No shell does it for `--file=~/x`. */
function givenPath(text: string): string {
  return given(text).replace(/^~(?=\/|$)/, homedir());
}

const program = new Command("gpu-clusters").description("GPU Kubernetes clusters made with Pulumi.");
program
  .command("kubeconfig")
  .description("Kubeconfigs of clusters.")
  .command("merge")
  .showHelpAfterError("usage: gpu-clusters kubeconfig merge [options]; --help tells which")
  .description(
    "Merges a cluster's kubeconfig into the local one (KUBECONFIG, else ~/.kube/config) and makes its context the current one. Other contexts stay.",
  )
  .option("--stack <name>", "Pulumi stack whose output it is (default: the selected stack)", given)
  .option("--output <name>", "the stack's output, for example kubeconfigExec", given, "kubeconfig")
  .addOption(
    new Option("--file <path>", "a kubeconfig file instead of a stack; - is standard input")
      .conflicts(["stack", "output"])
      .argParser(givenPath),
  )
  .option("--context <name>", "name of the context (default: the cluster's own)", given)
  .option("--kubeconfig <path>", "local kubeconfig to merge into", givenPath)
  .option("--keep-current-context", "leave the current context as it is")
  .option("--profile <name>", "AWS profile that a kubeconfigExec asks with", given)
  .action((options: MergeArguments) => merge(options).catch(fail));

void program.parseAsync();
