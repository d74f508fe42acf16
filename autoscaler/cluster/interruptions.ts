/**
 * Machines that clouds take back. Where a cloud's lists say so, the group's description does; EC2 tells the machine alone, and that its node.
 * Their nodes are drained, and are open again when the machine stays after all, or is back.
 */
import type { KubernetesApi } from "../../provider/kubernetes/api";
import type { Group } from "../group/group";
import { drain, uncordon } from "./drain";
import type { ClusterNode, ClusterNodes } from "./nodes";

export interface InterruptionsOptions {
  readonly api: KubernetesApi;
  readonly nodes: ClusterNodes;
  readonly groups: readonly Group[];
  /** Once for each notice. `drained` settles when the node is drained, or cannot be. */
  interrupted(group: Group, nodeName: string, notice: string, drained: Promise<void>): void;
}

export class Interruptions {
  /** By name of the node, from its notice on: what ends its drain. */
  private readonly drains = new Map<string, AbortController>();

  constructor(private readonly options: InterruptionsOptions) {}

  /** After the nodes have been read. */
  async attend(signal: AbortSignal): Promise<void> {
    const { api, nodes, groups } = this.options;
    const over = new Set(this.drains.keys());
    const open: string[] = [];
    for (const group of groups) {
      for (const machine of group.everyMachine) {
        const node = nodes.all.get(group.nodeOf(machine)?.name ?? machine.nodeName);
        const notice = machine.notice ?? node?.notice;
        if (node && notice !== undefined) {
          over.delete(node.name);
          this.drain(group, node, notice, signal);
        } else if (node?.isCordoned && node.isReady && machine.state === "running") open.push(node.name);
      }
    }
    for (const name of over) {
      this.drains.get(name)!.abort(new Error("there is no notice any more"));
      this.drains.delete(name);
    }
    for (const name of open) await uncordon(api, name, signal);
  }

  private drain(group: Group, { name }: ClusterNode, notice: string, signal: AbortSignal): void {
    if (this.drains.has(name)) return;
    const end = new AbortController();
    this.drains.set(name, end);
    const drained = drain(this.options.api, name, AbortSignal.any([signal, end.signal])).catch((error: unknown) => {
      if (end.signal.aborted) return;
      // At the next reading again.
      this.drains.delete(name);
      throw error;
    });
    this.options.interrupted(group, name, notice, drained);
  }
}
