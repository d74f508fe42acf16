/** Figures for Prometheus. */
import { status } from "@grpc/grpc-js";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CloudCall } from "./group/reconciler";
import type { Method } from "./protocol/messages";
import type { ServedGroups } from "./served-groups";

const prefix = "gpu_clusters_autoscaler_";

export class Metrics {
  readonly registry = new Registry();
  private readonly answers = new Histogram({
    name: `${prefix}answer_seconds`,
    help: "Time to answer cluster-autoscaler, by method and gRPC status.",
    labelNames: ["method", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 1],
    registers: [this.registry],
  });
  private readonly cloudCalls = new Histogram({
    name: `${prefix}cloud_call_seconds`,
    help: "Time of calls to a group's cloud, by call and outcome.",
    labelNames: ["group", "call", "outcome"],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300],
    registers: [this.registry],
  });
  private readonly stockOuts = new Counter({
    name: `${prefix}stock_outs_total`,
    help: "Times that a cloud did not give a group's machines, by kind of problem.",
    labelNames: ["group", "kind"],
    registers: [this.registry],
  });
  private readonly interruptions = new Counter({
    name: `${prefix}interruptions_total`,
    help: "Machines that a cloud took back.",
    labelNames: ["group"],
    registers: [this.registry],
  });
  private readonly nodesRemoved = new Counter({
    name: `${prefix}nodes_removed_total`,
    help: "Node objects deleted because their machine was gone.",
    labelNames: ["group"],
    registers: [this.registry],
  });

  private readonly logins = new Counter({
    name: `${prefix}vault_logins_total`,
    help: "Logins to the Vault of encrypted disks, by outcome.",
    labelNames: ["outcome"],
    registers: [this.registry],
  });
  private readonly access = new Gauge({
    name: `${prefix}vault_access`,
    help: "Whether new machines can be given access to Vault: 1 yes; 0 no, or no disk is encrypted.",
    registers: [this.registry],
  });

  constructor(groups: () => ServedGroups) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: `${prefix}group_machines`,
      help: "Machines of a group: the target, and what there is by state.",
      labelNames: ["group", "state"],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const group of groups().all()) {
          this.set({ group: group.id, state: "target" }, group.target);
          for (const { state, problem } of group.instances())
            this.inc({ group: group.id, state: problem ? "failed" : state });
        }
      },
    });
  }

  answered(method: Method, seconds: number, code: number): void {
    this.answers.observe({ method, status: status[code] }, seconds);
  }

  called(group: string, call: CloudCall, seconds: number, failed: boolean): void {
    this.cloudCalls.observe({ group, call, outcome: failed ? "error" : "ok" }, seconds);
  }

  stockedOut(group: string, kind: string): void {
    this.stockOuts.inc({ group, kind });
  }

  loggedIn(failed: boolean): void {
    this.logins.inc({ outcome: failed ? "error" : "ok" });
    this.access.set(failed ? 0 : 1);
  }

  interrupted(group: string): void {
    this.interruptions.inc({ group });
  }

  nodeRemoved(group: string): void {
    this.nodesRemoved.inc({ group });
  }
}
