/**
 * Mithril's side of its hosted clusters: makes their keys, says when they answer, lets their key holders in over SSH, and tends their nodes.
 * It looks at the state and does what is missing, so it may be asked at any time and after a restart.
 */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../sdk/message";
import { adminKubeconfig, instanceToken, makeClusterAuthorities } from "./cluster-authorities";
import {
  bringNode,
  connectAdmin,
  installDevicePlugin,
  installJoinToken,
  nodeModeOf,
  type NodeMode,
} from "./cluster-nodes";
import type { MithrilState, StoredCluster } from "./model";
import { SshServer } from "./ssh-server";

export interface HostedClustersOptions {
  readonly state: MithrilState;
  /** Of the control planes' SSH servers, each at its cluster's address. */
  readonly sshPort: number;
  /** The state changed without a request. */
  readonly changed: () => void;
  readonly log: (message: string) => void;
}

const retryMs = { first: 100, last: 500 };

export class HostedClusters {
  private readonly clusters = new Map<string, HostedCluster>();

  constructor(private readonly options: HostedClustersOptions) {}

  /** Begins to do what is missing. Returns at once. */
  reconcile(): void {
    const { clusters } = this.options.state;
    for (const cluster of Object.values(clusters)) {
      if (cluster.deletedAt !== undefined || this.clusters.has(cluster.fid)) continue;
      this.clusters.set(cluster.fid, new HostedCluster(cluster, this.options));
    }
    for (const [fid, hosted] of this.clusters) {
      const cluster = clusters[fid];
      if (cluster && cluster.deletedAt === undefined) hosted.look();
      else {
        this.clusters.delete(fid);
        void hosted.close();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.clusters.values()].map((hosted) => hosted.close()));
    this.clusters.clear();
  }
}

class HostedCluster {
  private readonly ending = new AbortController();
  private readonly nodes = new Map<string, NodeMode>();
  /** Instances that have a token of their own. */
  private readonly tokens = new Set<string>();
  private ssh: SshServer | undefined;
  private working: Promise<void> | undefined;
  private lookAgain = false;

  constructor(
    private readonly cluster: StoredCluster,
    private readonly options: HostedClustersOptions,
  ) {}

  look(): void {
    this.lookAgain = true;
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  async close(): Promise<void> {
    this.ending.abort(new Error("the cluster goes away"));
    await this.working;
    await this.ssh?.close();
  }

  /** Until nothing is missing; a control plane that does not answer yet is asked again. */
  private async work(): Promise<void> {
    const { signal } = this.ending;
    let lastWords: string | undefined;
    let pauseMs = retryMs.first;
    while (this.lookAgain && !signal.aborted) {
      this.lookAgain = false;
      try {
        await this.step(signal);
        lastWords = undefined;
        pauseMs = retryMs.first;
      } catch (error) {
        if (signal.aborted) return;
        const words = messageOf(error);
        if (words !== lastWords) this.options.log(`cluster ${this.cluster.name}: ${words}`);
        lastWords = words;
        this.lookAgain = true;
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        // Machines that boot take their time, and each attempt costs a handshake.
        pauseMs = Math.min(pauseMs * 1.2, retryMs.last);
      }
    }
  }

  private async step(signal: AbortSignal): Promise<void> {
    const { cluster, options } = this;
    if (!cluster.authorities) {
      cluster.authorities = await makeClusterAuthorities();
      options.changed();
    }
    const { authorities } = cluster;
    const api = connectAdmin(cluster, authorities);
    try {
      if (!cluster.answering) {
        await api.request("GET", "/readyz", signal);
        await installJoinToken(api, authorities.bootstrapToken, undefined, signal);
        await installDevicePlugin(api, signal);
        cluster.answering = true;
        options.changed();
      }
      const instances = Object.values(options.state.instances).filter((each) => each.cluster === cluster.fid);
      for (const { fid, name, status } of instances) {
        if (status === "STATUS_TERMINATED" || this.tokens.has(fid)) continue;
        await installJoinToken(api, instanceToken(authorities, name), name, signal);
        this.tokens.add(fid);
      }
      for (const instance of instances) {
        const mode = nodeModeOf(instance.status);
        if (mode === undefined || this.nodes.get(instance.fid) === mode) continue;
        await bringNode(api, instance.name, mode, signal);
        this.nodes.set(instance.fid, mode);
      }
      this.ssh ??= await SshServer.listen({
        address: cluster.address,
        port: options.sshPort,
        hostKey: authorities.sshHostKey,
        authorizedKeys: cluster.authorizedKeys,
        kubeconfig: adminKubeconfig(authorities),
      });
    } finally {
      api.close();
    }
  }
}
