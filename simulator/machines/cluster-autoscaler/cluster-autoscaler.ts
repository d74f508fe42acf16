/**
 * Plays cluster-autoscaler's own loop over its protocol, as far as groups and pods see it: fewer rules than the real one, none of its own. The
 * real program cannot be had where the tests run.
 */
import type { KubernetesApi } from "../../../provider/kubernetes/api";
import { messageOf } from "../../../sdk/message";
import { ClusterView, leavingTaint } from "./cluster";
import type { Flags } from "./flags";
import { instanceNode, playedGroups, wireNode, type PlayedGroup } from "./group";
import type { ProtocolClient } from "./protocol-client";
import { unneeded, type Candidate, type Unneeded } from "./scale-down";
import { best, scaleUps } from "./scale-up";
import { isReady, place, roomOn, type Node, type Pod } from "./scheduling";

/** `--max-drain-parallelism`: how many of those that go at the same time may have pods. */
const mostDrainedAtOnce = 1;

export interface ClusterAutoscalerOptions {
  readonly client: ProtocolClient;
  readonly kubernetes: KubernetesApi;
  readonly flags: Flags;
  readonly now: () => number;
  readonly log: (message: string) => void;
}

export class ClusterAutoscaler {
  private readonly cluster: ClusterView;
  /** Asked for once. */
  private gpuLabel: string | undefined;
  private grewAt = -Infinity;
  /** Groups that did not grow, until when they are passed over. */
  private readonly backoff = new Map<string, number>();
  /** Instances without a node, since when. */
  private readonly unregistered = new Map<string, number>();
  /** Names of nodes, since when nobody needs them. */
  private readonly idle = new Map<string, number>();

  constructor(private readonly options: ClusterAutoscalerOptions) {
    this.cluster = new ClusterView(options.kubernetes, options.flags.namespace);
  }

  /** Ids of the pods that wait for a node. */
  async waiting(signal: AbortSignal): Promise<string[]> {
    return (await this.cluster.waiting(signal)).map(({ metadata }) => metadata.uid!);
  }

  /** Tells whether anything grew or shrank. */
  async round(signal: AbortSignal): Promise<boolean> {
    const { client } = this.options;
    if (this.gpuLabel === undefined) await this.begin(signal);
    const nodes = await this.cluster.nodes(signal);
    const groups = await playedGroups(client, nodes);
    if ((await this.giveBack(groups)) || (await this.removeUnregistered(groups))) return true;
    if (await this.fillToMinimum(groups)) return true;
    const [pods, waiting] = [await this.cluster.pods(signal), await this.cluster.waiting(signal)];
    const candidates = nodes.map((node): Candidate => {
      return { node, pods: pods.filter(({ spec }) => spec.nodeName === node.metadata.name) };
    });
    if (await this.grow(groups, candidates, waiting, signal)) return true;
    return this.shrink(groups, candidates, waiting, signal);
  }

  /** Nodes that a process before this one was about to remove stay for now. */
  private async begin(signal: AbortSignal): Promise<void> {
    const { label } = await this.options.client.call("GPULabel", {});
    const leaving = (await this.cluster.nodes(signal)).filter(isLeaving);
    for (const node of leaving) await this.cluster.keep(node, signal);
    this.gpuLabel = label;
  }

  /** Ends by a call that a server must not take for the end of the groups. */
  async end(): Promise<void> {
    await this.options.client.call("Cleanup", {});
  }

  /** Machines that could not be made: their group is passed over for a while. */
  private async giveBack(groups: readonly PlayedGroup[]): Promise<boolean> {
    const { client, now, flags, log } = this.options;
    let any = false;
    for (const { id, instances } of groups) {
      const broken = instances.filter(({ status }) => status.instanceState === 2 && status.errorInfo?.errorCode);
      const [first] = broken;
      if (!first) continue;
      this.backoff.set(id, now() + flags.backoffMs);
      log(`group ${id} does not grow, ${first.status.errorInfo!.errorMessage}: gives ${broken.length} back`);
      await client.call("NodeGroupDeleteNodes", { id, nodes: broken.map(instanceNode) });
      any = true;
    }
    return any;
  }

  private async removeUnregistered(groups: readonly PlayedGroup[]): Promise<boolean> {
    const { client, now, flags, log } = this.options;
    const seen = new Set<string>();
    let any = false;
    for (const { id, target, minSize, instances, nodes } of groups) {
      const registered = new Set(nodes.map(({ spec }) => spec.providerID));
      const without = instances.filter(({ id, status }) => status.instanceState !== 3 && !registered.has(id));
      for (const instance of without) {
        seen.add(instance.id);
        if (!this.unregistered.has(instance.id)) this.unregistered.set(instance.id, now());
      }
      const most = flags.forceDeleteUnregistered ? Infinity : Math.max(0, target - minSize);
      const late = without
        .filter((instance) => now() - this.unregistered.get(instance.id)! > flags.provisionMs)
        .slice(0, most);
      if (late.length === 0) continue;
      log(`group ${id}: ${late.length} machines have not become nodes`);
      // A server may know better; then it is asked again in the next round.
      try {
        await client.call("NodeGroupDeleteNodes", { id, nodes: late.map(instanceNode) });
      } catch (error) {
        log(`group ${id} keeps them: ${messageOf(error)}`);
        continue;
      }
      this.backoff.set(id, now() + flags.backoffMs);
      any = true;
    }
    for (const id of this.unregistered.keys()) if (!seen.has(id)) this.unregistered.delete(id);
    return any;
  }

  private async fillToMinimum(groups: readonly PlayedGroup[]): Promise<boolean> {
    if (!this.options.flags.enforceMinSize) return false;
    const small = groups.filter(({ id, target, minSize }) => target < minSize && this.mayGrow(id));
    for (const { id, target, minSize } of small) await this.increase(id, minSize - target);
    return small.length > 0;
  }

  private async grow(
    groups: readonly PlayedGroup[],
    candidates: readonly Candidate[],
    waiting: readonly Pod[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { log } = this.options;
    if (waiting.length === 0) return false;
    const rooms = candidates.filter(({ node }) => this.isUsable(node)).map(({ node, pods }) => roomOn(node, pods));
    const coming = groups.flatMap(({ target, nodes, template }) => {
      const usable = nodes.filter((node) => this.isUsable(node)).length;
      return template ? Array.from({ length: Math.max(0, target - usable) }, () => ({ ...template })) : [];
    });
    const homeless = place(waiting, [...rooms, ...coming]);
    if (homeless.length === 0) return false;
    const growing = groups.flatMap(({ id, maxSize, target, template }) =>
      template && maxSize > target && this.mayGrow(id) ? [{ id, most: maxSize - target, template }] : [],
    );
    const chosen = best(scaleUps(homeless, growing), await this.cluster.priorities(signal));
    if (!chosen) {
      log(`no group has room for ${homeless.length} pods that wait`);
      return false;
    }
    log(`group ${chosen.id} grows by ${chosen.nodes}, for ${chosen.pods.length} pods`);
    try {
      await this.increase(chosen.id, chosen.nodes);
    } catch (error) {
      this.backoff.set(chosen.id, this.options.now() + this.options.flags.backoffMs);
      throw error;
    }
    return true;
  }

  private mayGrow(id: string): boolean {
    return (this.backoff.get(id) ?? 0) <= this.options.now();
  }

  private async increase(id: string, delta: number): Promise<void> {
    await this.options.client.call("NodeGroupIncreaseSize", { id, delta });
    this.grewAt = this.options.now();
  }

  private async shrink(
    groups: readonly PlayedGroup[],
    candidates: readonly Candidate[],
    waiting: readonly Pod[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { now, flags } = this.options;
    const usable = candidates.filter(({ node }) => this.isUsable(node));
    const ofGroups = usable.filter(({ node }) => groups.some(({ nodes }) => nodes.includes(node)));
    const found = waiting.length > 0 ? [] : unneeded(ofGroups, usable, flags);
    const names = new Set(found.map(({ node }) => node.metadata.name!));
    for (const name of this.idle.keys()) if (!names.has(name)) this.idle.delete(name);
    for (const name of names) if (!this.idle.has(name)) this.idle.set(name, now());
    if (now() - this.grewAt < flags.delayAfterAddMs) return false;
    const ripe = found.filter(({ node }) => now() - this.idle.get(node.metadata.name!)! >= flags.unneededMs);
    const going = [
      ...ripe.filter(({ moving }) => moving.length === 0).slice(0, flags.mostEmptyAtOnce),
      ...ripe.filter(({ moving }) => moving.length > 0).slice(0, mostDrainedAtOnce),
    ];
    let any = false;
    for (const { id, target, minSize, nodes } of groups) {
      const own = going.filter(({ node }) => nodes.includes(node)).slice(0, Math.max(0, target - minSize));
      if (own.length === 0) continue;
      await this.remove(id, own, signal);
      any = true;
    }
    return any;
  }

  private async remove(id: string, going: readonly Unneeded[], signal: AbortSignal): Promise<void> {
    const { client, log } = this.options;
    log(`group ${id} shrinks: nobody needs ${going.map(({ node }) => node.metadata.name).join(", ")}`);
    try {
      for (const each of going) await this.cluster.empty(each, signal);
      await client.call("NodeGroupDeleteNodes", { id, nodes: going.map(({ node }) => wireNode(node)) });
    } catch (error) {
      for (const { node } of going) await this.cluster.keep(node, signal);
      throw error;
    }
  }

  /** Ready, not on its way out, with nothing that still begins, and with its GPUs, if it is to have some. */
  private isUsable(node: Node): boolean {
    const { metadata, spec, status } = node;
    const begins = spec.taints?.some(({ key }) => this.options.flags.startupTaints.includes(key)) ?? false;
    const awaitsGpus =
      this.gpuLabel! in (metadata.labels ?? {}) && !(Number(status.allocatable?.["nvidia.com/gpu"]) > 0);
    return isReady(node) && !begins && !awaitsGpus && !isLeaving(node);
  }
}

function isLeaving({ spec }: Node): boolean {
  return spec.taints?.some(({ key }) => key === leavingTaint) ?? false;
}
