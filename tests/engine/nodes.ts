/** The nodes of a cluster on the engine, as kubectl shows them. */
import { runCommand } from "../../toolchain/tools/command";

export interface Node {
  metadata: { name: string; labels: Record<string, string> };
  spec: { providerID: string; unschedulable?: boolean; taints?: { key: string }[] };
  status: { capacity: Record<string, string>; conditions: { type: string; status: string }[] };
}

export async function nodesOf(kubectl: string, kubeconfigFile: string, ...selection: string[]): Promise<Node[]> {
  const get = ["--kubeconfig", kubeconfigFile, "get", "nodes", ...selection, "-o", "json"];
  const { stdout } = await runCommand(kubectl, get, {});
  return (JSON.parse(stdout) as { items: Node[] }).items;
}

export function isReady({ status }: Node): boolean {
  return status.conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
