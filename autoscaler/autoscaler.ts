/** Puts the server together: groups and their reconcilers, the cluster's nodes, and the service that cluster-autoscaler asks. */
import { status, type Server } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../sdk/message";
import type { KubernetesApi } from "../provider/kubernetes/api";
import { allEnded } from "./all-ended";
import { RefusedRemovals, tellGivenUp, tellHeldPod, tellLostAccess, tellStockOut } from "./cluster/events";
import { Interruptions } from "./cluster/interruptions";
import { NodeCare } from "./cluster/node-care";
import { ClusterNodes, followNodes } from "./cluster/nodes";
import type { AutoscalerConfig, ConfiguredGroup } from "./config";
import { Group } from "./group/group";
import { defaultTiming, Reconciler, type GroupDriver, type ReconcilerTiming } from "./group/reconciler";
import { portOf, serveHealth } from "./health";
import { Metrics } from "./metrics";
import { autoscalerService, listen } from "./protocol/service";
import { ServedGroups } from "./served-groups";
import { keepAccess } from "./vault-access";

export interface AutoscalerTiming extends ReconcilerTiming {
  /** How long the clouds' own lists may be out of date. */
  readonly staleMs: number;
  /** How long a machine that runs may take to become a node; cluster-autoscaler's own time (`--max-node-provision-time`) begins with the order. */
  readonly joinMs: number;
  /** Between two readings of the cluster's nodes. */
  readonly nodesMs: number;
  /** Between two looks for a node that is awaited. */
  readonly newcomersMs: number;
  /** How long a node may be without a machine. */
  readonly nodeGraceMs: number;
  /** How long the API server may be silent until no group is changed any more. */
  readonly silenceMs: number;
  /** How long all groups' clouds are waited for before the first answer. */
  readonly startMs: number;
  /** Between two logins to Vault. */
  readonly accessMs: number;
}

export const autoscalerTiming: AutoscalerTiming = {
  ...defaultTiming,
  staleMs: 60_000,
  joinMs: 1_800_000,
  nodesMs: 15_000,
  newcomersMs: 1_000,
  nodeGraceMs: 120_000,
  silenceMs: 60_000,
  startMs: 30_000,
  accessMs: 600_000,
};

export interface AutoscalerOptions {
  readonly config: AutoscalerConfig;
  readonly kubernetes: KubernetesApi;
  readonly log: Logger;
  readonly timing?: AutoscalerTiming;
  /** Of the health server. */
  readonly host: string;
  open(group: ConfiguredGroup, signal: AbortSignal): Promise<GroupDriver>;
  /** Logs in to the Vault of encrypted disks, as for a new machine. Undefined: no disk is encrypted. */
  login?: ((signal: AbortSignal) => Promise<unknown>) | undefined;
}

export class Autoscaler {
  readonly metrics: Metrics;
  readonly groups: ServedGroups;
  private readonly reconcilers: readonly Reconciler[];
  private readonly nodes: ClusterNodes;
  private readonly timing: AutoscalerTiming;
  private readonly stopping = new AbortController();
  private readonly work = new Set<Promise<unknown>>();
  private readonly service: Server;
  private closeHealth: (() => void) | undefined;
  private isReady = false;
  private clusterAnsweredAt = performance.now();

  constructor(private readonly options: AutoscalerOptions) {
    const { config, log } = options;
    this.timing = options.timing ?? autoscalerTiming;
    this.nodes = new ClusterNodes(config.clusterName);
    const run = Date.now().toString(36) + process.pid.toString(36);
    this.reconcilers = config.groups.map((group) => this.reconciler(group, run));
    this.groups = new ServedGroups(this.reconcilers, this.nodes);
    this.metrics = new Metrics(() => this.groups);
    const refused = new RefusedRemovals(options.kubernetes, () => performance.now());
    this.service = autoscalerService({
      groups: this.groups,
      gpuLabel: config.gpuLabel,
      watch: (method, seconds, code, details) => {
        this.metrics.answered(method, seconds, code);
        if (code !== status.OK && code !== status.UNIMPLEMENTED)
          log.warn({ method, status: status[code], details }, "refused");
      },
      keeps: (group, nodes, reason) =>
        this.beside("event", refused.tell({ group, nodes, reason }, this.stopping.signal)),
      givesUp: (group, machines) => {
        log.warn({ group, machines: machines.map(({ id }) => id) }, "removes machines that have not become nodes");
        this.beside("event", tellGivenUp(options.kubernetes, { group, machines }, this.stopping.signal));
      },
    });
  }

  /** Asks the clouds what there is, then answers. Returns the ports. */
  async start(): Promise<{ port: number; healthPort: number }> {
    const { config, host } = this.options;
    const { registry } = this.metrics;
    const health = await serveHealth({ port: config.healthPort, host, registry, isReady: () => this.isReady });
    this.closeHealth = () => void health.close();
    this.followNodes();
    this.keepAccess();
    for (const reconciler of this.reconcilers) reconciler.start();
    await this.untilKnown();
    const port = await listen(this.service, config.address);
    this.isReady = true;
    this.options.log.info({ address: config.address, groups: config.groups.length }, "answering");
    return { port, healthPort: portOf(health) };
  }

  /** Gives up what is under way and undoes nothing: groups stay as they are. */
  async stop(): Promise<void> {
    this.isReady = false;
    this.stopping.abort(new Error("the server stops"));
    this.service.forceShutdown();
    this.closeHealth?.();
    await Promise.all(this.reconcilers.map((reconciler) => reconciler.stop()));
    await Promise.allSettled(this.work);
  }

  private reconciler(configured: ConfiguredGroup, run: string): Reconciler {
    const { log, kubernetes, open } = this.options;
    const { name: id, minSize, maxSize } = configured;
    const { staleMs, joinMs } = this.timing;
    const group = new Group({ id, minSize, maxSize, run, staleMs, joinMs });
    let told = "";
    const reconciler: Reconciler = new Reconciler(group, {
      timing: this.timing,
      now: () => performance.now(),
      open: (signal) => open(configured, signal),
      // A cluster that is gone may be one that is being destroyed, and its groups with it.
      mayChange: () => performance.now() - this.clusterAnsweredAt < this.timing.silenceMs,
      watch: {
        called: (_, call, seconds, error) => {
          this.metrics.called(id, call, seconds, error !== undefined);
          if (error !== undefined) log.warn({ group: id, call, error: messageOf(error) }, "the cloud refused");
        },
        changed: ({ target, live, failed }) => {
          const now = `${target} ${live} ${failed}`;
          if (now !== told) log.info({ group: id, target, live, failed }, "size");
          told = now;
        },
        stockedOut: (_, problem) => {
          this.metrics.stockedOut(id, problem.kind);
          log.warn({ group: id, kind: problem.kind, problem: problem.message }, "does not grow");
          const { template } = reconciler;
          this.beside("event", tellStockOut(kubernetes, { group: id, template, problem }, this.stopping.signal));
        },
      },
    });
    return reconciler;
  }

  private followNodes(): void {
    const { kubernetes: api, log, config } = this.options;
    const { signal } = this.stopping;
    const common = { api, nodes: this.nodes, groups: this.reconcilers.map(({ group }) => group) };
    const interruptions = new Interruptions({
      ...common,
      interrupted: ({ id }, node, notice) => {
        this.metrics.interrupted(id);
        log.warn({ group: id, node, notice }, "draining");
      },
      draining: (drained) => this.beside("drain", drained),
      held: ({ id }, node, pod, reason) => {
        const { namespace, name } = pod.metadata;
        log.warn({ group: id, node, pod: `${namespace}/${name}`, reason }, "does not evict");
        this.beside("event", tellHeldPod(api, { pod, node, reason }, signal));
      },
    });
    const care = new NodeCare({
      ...common,
      labelsOf: (group) => {
        const model = this.reconcilers.find((each) => each.group === group)?.template?.labels[config.gpuLabel];
        return model === undefined ? {} : { [config.gpuLabel]: model };
      },
      graceMs: this.timing.nodeGraceMs,
      now: () => performance.now(),
      removed: (group, { name }) => {
        this.metrics.nodeRemoved(group.id);
        log.info({ group: group.id, node: name }, "deleted the node of a machine that is gone");
      },
    });
    this.beside(
      "nodes",
      followNodes(this.nodes, {
        api,
        intervalMs: this.timing.nodesMs,
        newcomersMs: this.timing.newcomersMs,
        signal,
        awaited: () => (care.awaitsNodes ? config.gpuLabel : undefined),
        updated: async () => {
          this.clusterAnsweredAt = performance.now();
          await allEnded([care.attend(signal), interruptions.attend(signal)]);
        },
        failed: (error) => log.warn({ error: messageOf(error) }, "the API server refused"),
      }),
    );
  }

  private keepAccess(): void {
    const { login, kubernetes, log } = this.options;
    if (!login) return;
    const { signal } = this.stopping;
    let lost = false;
    const watch = (error: unknown) => {
      this.metrics.loggedIn(error !== undefined);
      if (error !== undefined) log.error({ error: messageOf(error) }, "no access to Vault");
      else if (lost) log.info("access to Vault again");
      if (error !== undefined && !lost) this.beside("event", tellLostAccess(kubernetes, messageOf(error), signal));
      lost = error !== undefined;
    };
    this.beside("access", keepAccess({ login, intervalMs: this.timing.accessMs, signal, watch }));
  }

  /** A cloud that does not answer holds up the others' groups for a while, not for ever. */
  private async untilKnown(): Promise<void> {
    const deadline = performance.now() + this.timing.startMs;
    const missing = () => this.reconcilers.filter(({ group, template }) => !group.isKnown || !template);
    while (missing().length > 0 && performance.now() < deadline && !this.stopping.signal.aborted) await delay(20);
    for (const { group } of missing())
      this.options.log.warn({ group: group.id }, "answering without this group, whose cloud has not answered");
  }

  /** Work that nobody waits for, except the end. */
  private beside(what: string, work: Promise<unknown>): void {
    const settled = work
      .catch((error: unknown) => {
        if (!this.stopping.signal.aborted) this.options.log.warn({ error: messageOf(error) }, `${what} failed`);
      })
      .finally(() => this.work.delete(settled));
    this.work.add(settled);
  }
}
