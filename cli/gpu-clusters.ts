#!/usr/bin/env node
/** `npx gpu-clusters`: what a user of a cluster needs beside pulumi and kubectl. */
import { Command, Option } from "commander";
import { clusterKubeconfig, type KubeconfigSource } from "./cluster-kubeconfig";
import { CommandFailure } from "./command-failure";
import { editKubeconfig, localKubeconfigPath } from "./kubeconfig-file";
import { mergeKubeconfig, type Merged } from "./merge-kubeconfig";

interface MergeArguments extends KubeconfigSource {
  context?: string;
  kubeconfig?: string;
}

async function merge({ context, kubeconfig, ...source }: MergeArguments): Promise<void> {
  const incoming = await clusterKubeconfig(source);
  const localPath = kubeconfig ?? (await localKubeconfigPath());
  let merged: Merged | undefined;
  const { backup, changed } = await editKubeconfig(localPath, (local) => {
    merged = mergeKubeconfig(local, incoming, { localPath, context });
    return merged.text;
  });
  const { context: current, previousContext } = merged!;
  console.log(
    changed ? `Merged context "${current}" into ${localPath}.` : `${localPath} has context "${current}" already.`,
  );
  if (backup !== undefined) console.log(`What was there before: ${backup}`);
  console.log(`Current context: ${current}`);
  if (previousContext !== undefined && previousContext !== current) {
    console.log(`Back to the previous one: kubectl config use-context '${previousContext}'`);
  }
}

function fail(error: unknown): void {
  const text =
    error instanceof CommandFailure ? `error: ${error.message}` : error instanceof Error ? error.stack : error;
  console.error(text);
  if (error instanceof CommandFailure && error.next !== undefined) console.error(error.next);
  process.exitCode = 1;
}

const program = new Command("gpu-clusters").description("GPU Kubernetes clusters made with Pulumi.");
program
  .command("kubeconfig")
  .description("Kubeconfigs of clusters.")
  .command("merge")
  .description(
    "Merges a cluster's kubeconfig into the local one (KUBECONFIG, else ~/.kube/config) and makes its context the current one. Other contexts stay.",
  )
  .option("--stack <name>", "Pulumi stack whose output `kubeconfig` it is (default: the selected stack)")
  .addOption(new Option("--file <path>", "a kubeconfig file instead of a stack").conflicts("stack"))
  .option("--context <name>", "name of the context (default: the cluster's own)")
  .option("--kubeconfig <path>", "local kubeconfig to merge into")
  .action((given: MergeArguments) => merge(given).catch(fail));

void program.parseAsync();
