import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { EngineResource, startPlugin, type Plugin } from "../../provider/server/harness";
import { answering, testCluster, type TestCluster } from "../../simulator/machines/test-cluster";
import { until } from "../../until";

export const annotations = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`pulumi.com/${name}`, value]));

/** For the tests of the `describe` that makes it: a cluster with one worker, and the bundled stand-in. */
export class StandInScene {
  cluster!: TestCluster;
  directory!: string;
  executable!: string;
  /** With the cluster's kubeconfig. */
  plugin!: Plugin;
  private readonly plugins: Plugin[] = [];

  constructor() {
    before(async () => {
      this.directory = mkdtempSync(join(tmpdir(), "stand-in-"));
      [this.cluster] = await Promise.all([testCluster(), buildStandIn("kubernetes", this.directory)]);
      this.executable = join(this.directory, "pulumi-resource-kubernetes");
      await this.cluster.control.start();
      await answering(this.cluster);
      const worker = this.cluster.worker("worker", { bootstrapToken: await this.cluster.token("worker") });
      await worker.start();
      await this.cluster.nodeIs("worker", "True");
      await until("the default service account is there", async () =>
        this.cluster.api.read({ apiVersion: "v1", kind: "ServiceAccount", namespace: "default", name: "default" }),
      );
      this.plugin = await this.start({ kubeconfig: this.cluster.kubeconfig });
    });
    after(async () => {
      await Promise.all(this.plugins.map((started) => started.stop()));
      await this.cluster?.close();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  async start(config: Record<string, unknown>): Promise<Plugin> {
    const started = await startPlugin(this.executable, { config });
    this.plugins.push(started);
    return started;
  }

  configMap(name: string, on = this.plugin): EngineResource {
    return new EngineResource(on, "kubernetes:core/v1:ConfigMap", name);
  }

  live(kind: string, name: string, apiVersion = "v1"): Promise<KubernetesObject | undefined> {
    return this.cluster.api.read({ apiVersion, kind, namespace: "default", name });
  }
}
