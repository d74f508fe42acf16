/** Real etcd, API server and scheduler, whose nodes and pods kwok keeps: both autoscalers are measured on it, one after the other. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inParallel } from "../../../provider/cloud/parallel";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { kwokConfiguration } from "../../../simulator/machines/control-plane/kwok-configuration";
import { ensureTools } from "../../../toolchain/tools";
import { controlPlane, start, stop, type TestControlPlane } from "../../provider/kubernetes/control-plane";

export const groupLabel = "example.com/group";
/** What kwok keeps, whoever makes it; Karpenter's provider gives its nodes the same. */
export const kwokMark = { "kwok.x-k8s.io/node": "fake" };
/** One pod fills a node. */
export const nodeCapacity = { cpu: "4", memory: "16Gi", pods: "110", "ephemeral-storage": "100Gi" };
const podRequests = { cpu: "3", memory: "1Gi" };

const pollMs = 1_000;
const patienceMs = 45 * 60_000;
const atOnce = 20;

export class BenchCluster {
  readonly api: KubernetesApi;
  private readonly never = new AbortController().signal;

  private constructor(
    readonly kubeconfigFile: string,
    readonly folder: string,
    kubeconfig: string,
    private readonly plane: TestControlPlane,
    private readonly processes: readonly ChildProcess[],
  ) {
    this.api = kubernetesApi(kubeconfig);
  }

  static async start(): Promise<BenchCluster> {
    const tools = await ensureTools(["kube-scheduler", "kwok"]);
    const plane = await controlPlane([], {
      "watch-cache": "true",
      // No controllers run that would give pods their account and take the first taint off nodes.
      "disable-admission-plugins": "ServiceAccount,TaintNodesByCondition",
    });
    const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-bench-"));
    const kubeconfig = await plane.kubeconfig("system:masters");
    const kubeconfigFile = join(folder, "kubeconfig");
    writeFileSync(kubeconfigFile, kubeconfig, { mode: 0o600 });
    const stages = join(folder, "kwok.yaml");
    writeFileSync(stages, kwokConfiguration());
    const processes: ChildProcess[] = [];
    const cluster = new BenchCluster(kubeconfigFile, folder, kubeconfig, plane, processes);
    await cluster.until("the API server answers", () =>
      cluster.api.text("/readyz").then(
        () => true,
        () => false,
      ),
    );
    const [[mark, value]] = Object.entries(kwokMark) as [[string, string]];
    processes.push(
      start(tools["kube-scheduler"], {
        kubeconfig: kubeconfigFile,
        "leader-elect": "false",
        "secure-port": "0",
        "authentication-skip-lookup": "true",
        "kube-api-qps": "300",
        "kube-api-burst": "600",
      }),
      start(tools.kwok, {
        kubeconfig: kubeconfigFile,
        config: stages,
        "manage-nodes-with-annotation-selector": `${mark}=${value}`,
        "node-lease-duration-seconds": "0",
        cidr: "10.0.0.0/8",
      }),
    );
    return cluster;
  }

  async addPods(group: string, count: number): Promise<void> {
    await this.each(Array.from({ length: count }), () => this.api.create(podOf(group)));
  }

  async removePods(): Promise<void> {
    await this.each(await this.pods(), ({ metadata: { name, namespace } }) =>
      this.api.delete({ apiVersion: "v1", kind: "Pod", namespace: namespace!, name: name! }),
    );
  }

  pods(fieldSelector?: string): Promise<KubernetesObject[]> {
    return this.api.list({ apiVersion: "v1", kind: "Pod", namespace: "default", fieldSelector, limit: 2_000 });
  }

  nodes(): Promise<KubernetesObject[]> {
    return this.api.list({ apiVersion: "v1", kind: "Node", limit: 2_000 });
  }

  async runs(count: number): Promise<void> {
    await this.until(`${count} pods run`, async () => (await this.pods("status.phase=Running")).length === count);
  }

  each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
    return inParallel(items, atOnce, this.never, async (item) => void (await work(item)));
  }

  async until(what: string, holds: () => Promise<boolean>, everyMs = pollMs): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not within ${patienceMs / 60_000} minutes: ${what}`);
      await delay(everyMs);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map(stop));
    await this.plane.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let made = 0;

function podOf(group: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `work-${made++}`, namespace: "default" },
    spec: {
      nodeSelector: { [groupLabel]: group },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "work", image: "work", resources: { requests: podRequests } }],
    },
  };
}
