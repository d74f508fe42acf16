/**
 * Machines that clouds take back. Where a cloud's lists say so, the group's description does; EC2 tells the machine alone, and that its node.
 * Their nodes are drained, and are open again when the machine stays after all, or is back.
 */
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { allEnded } from "../all-ended";
import type { Group } from "../group/group";
import { drain, uncordon } from "./drain";
import { isLeftBehind } from "./matching";
import type { ClusterNode, ClusterNodes } from "./nodes";

export interface InterruptionsOptions {
  readonly api: KubernetesApi;
  readonly nodes: ClusterNodes;
  readonly groups: readonly Group[];
  /** Once for each notice, whatever becomes of the drain. */
  interrupted(group: Group, nodeName: string, notice: string): void;
  /** Settles when a drain has ended, or could not be: then it begins again. */
  draining(drained: Promise<void>): void;
  /** A pod that is not evicted, and why: once for each notice and kind of answer. */
  held(group: Group, nodeName: string, pod: KubernetesObject, reason: string): void;
}

/** Of one node. */
interface Notice {
  /** Ends its drain. */
  readonly over: AbortController;
  isDraining: boolean;
  /** Of pods, and the kind of answer that keeps them: a webhook's words may differ each time. */
  readonly told: Set<string>;
}

export class Interruptions {
  /** By name of the node, until there is none any more. */
  private readonly notices = new Map<string, Notice>();

  constructor(private readonly options: InterruptionsOptions) {}

  /** After the nodes have been read. */
  async attend(signal: AbortSignal): Promise<void> {
    const { api, nodes, groups } = this.options;
    const over = new Set(this.notices.keys());
    const open: string[] = [];
    for (const group of groups) {
      for (const machine of group.everyMachine) {
        const known = group.nodeOf(machine);
        const named = nodes.all.get(known?.name ?? machine.nodeName);
        const node = !known && named && isLeftBehind(named, machine) ? undefined : named;
        const notice = machine.notice ?? node?.notice;
        if (node && notice !== undefined) {
          over.delete(node.name);
          this.drain(group, node, notice, signal);
        } else if (node?.isCordoned && node.isReady && machine.state === "running") open.push(node.name);
      }
    }
    for (const name of over) {
      this.notices.get(name)!.over.abort(new Error("there is no notice any more"));
      this.notices.delete(name);
    }
    await allEnded(open.map((name) => uncordon(api, name, signal)));
  }

  private drain(group: Group, { name }: ClusterNode, text: string, signal: AbortSignal): void {
    const { api, interrupted, draining, held } = this.options;
    let notice = this.notices.get(name);
    if (!notice) {
      this.notices.set(name, (notice = { over: new AbortController(), isDraining: false, told: new Set() }));
      interrupted(group, name, text);
    }
    const { over, told } = notice;
    if (notice.isDraining) return;
    notice.isDraining = true;
    const drained = drain({
      api,
      node: name,
      stop: AbortSignal.any([signal, over.signal]),
      refused: (pod, { reason, statusCode }) => {
        const news = `${pod.metadata.namespace}/${pod.metadata.name}: ${statusCode}`;
        if (told.has(news)) return;
        told.add(news);
        held(group, name, pod, reason);
      },
    }).catch((error: unknown) => {
      // At the next reading again.
      notice.isDraining = false;
      throw error;
    });
    draining(drained);
  }
}
