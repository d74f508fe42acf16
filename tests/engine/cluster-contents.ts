/** What is in a cluster, to tell whether something that was made in it is gone. */
import { runCommand } from "../../toolchain/tools/command";

/** Clusters make these for themselves as they go on. */
const passing =
  /^(events|events\.events\.k8s\.io|leases\.coordination|endpoint|nodes|csinodes|pods|controllerrevisions)/;

/**
 * Everything by kind and name, sorted.
 * @param definitions those of kinds too: Helm leaves the ones that its charts bring
 */
export async function clusterContents(
  kubectl: string,
  kubeconfigFile: string,
  definitions: boolean,
): Promise<string[]> {
  const ask = async (...args: string[]) =>
    (await runCommand(kubectl, ["--kubeconfig", kubeconfigFile, ...args], {})).stdout.trim().split("\n");
  const kinds = await ask("api-resources", "--verbs=list", "-o", "name");
  const lasting = kinds.filter(
    (kind) => !passing.test(kind) && (definitions || !kind.startsWith("customresourcedefinitions")),
  );
  const objects = ["-o", 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}'];
  return (await ask("get", lasting.join(","), "-A", "--ignore-not-found", ...objects)).sort();
}
