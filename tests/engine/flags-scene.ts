/** A small cluster on Cudo of `programs/flags`, for tests of what Pulumi's own flags and options do to it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { runCommand } from "../../toolchain/tools/command";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import { nodesOf } from "./nodes";
import type { EngineStack, Operation } from "./stack";
import { stepsOf } from "./steps";

export const workers = { ...cudoGroup, labels: { tier: "general" } };
export const batch = { ...workers, name: "batch" };
export const groupOf = (name: string) => `**NodeGroup::test-${name}`;
/** Ids of the machines of a cluster with both groups. */
export const all = ["flags-batch-0", "flags-control-plane", "flags-workers-0"];

export class FlagsScene {
  readonly client: SimulatorClient;
  readonly directory = mkdtempSync(join(tmpdir(), "gpu-clusters-flags-"));
  private readonly kubeconfig = join(this.directory, "kubeconfig");

  private constructor(
    readonly environment: EngineEnvironment,
    readonly stack: EngineStack,
  ) {
    this.client = new SimulatorClient(environment.simulator.url);
  }

  static async start(): Promise<FlagsScene> {
    const environment = await EngineEnvironment.start({ machines: true });
    const program = join(__dirname, "programs", "flags");
    return new FlagsScene(environment, await environment.stack(configOf([workers, batch]), { program }));
  }

  async stop(): Promise<void> {
    await this.environment.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** @param more `ofStack`, `ofCluster`: options by type, given by a transform; `options`: of the cluster itself */
  configure(nodeGroups: object[], more: object = {}): void {
    this.stack.configure({ ...this.environment.providerConfig, ...configOf(nodeGroups, more) });
  }

  /** A whole `up`, after which nothing is left to do. */
  async upWhole(): Promise<string[]> {
    const steps = await done(this.stack.up());
    assert.deepEqual(await this.stack.preview(), []);
    await this.login();
    return steps;
  }

  async login(): Promise<void> {
    writeFileSync(this.kubeconfig, (await this.stack.outputs()).kubeconfig as string, { mode: 0o600 });
  }

  async kubectl(...args: string[]): Promise<string> {
    const { kubectl } = this.environment.tools;
    return (await runCommand(kubectl, ["--kubeconfig", this.kubeconfig, ...args], {})).stdout;
  }

  /** Bounds and labels of groups as the autoscaler's server was told them. */
  async told(): Promise<Record<string, { maxSize: number; tier: string }>> {
    const list = await this.kubectl("get", "secrets", "--namespace", "kube-system", "-o", "json");
    const { items } = JSON.parse(list) as { items: { metadata: { name: string }; data: Record<string, string> }[] };
    const [config, ...others] = items.filter(({ metadata }) => metadata.name.includes("-autoscaler-config-"));
    assert.equal(others.length, 0, "the one before is gone");
    const { groups } = JSON.parse(Buffer.from(config!.data["config.json"]!, "base64").toString()) as {
      groups: { name: string; maxSize: number; spec: { labels: { tier: string } } }[];
    };
    return Object.fromEntries(groups.map(({ name, maxSize, spec }) => [name, { maxSize, tier: spec.labels.tier }]));
  }

  /** Of the nodes that a group has. */
  async tiersOf(group: string): Promise<(string | undefined)[]> {
    const selection = ["-l", `gpu-clusters/node-group=${group}`];
    const nodes = await nodesOf(this.environment.tools.kubectl, this.kubeconfig, ...selection);
    return nodes.map(({ metadata }) => metadata.labels.tier);
  }

  async vms(): Promise<string[]> {
    return (await this.client.state()).cudo.vms.map(({ id }) => id).sort();
  }

  /** As somebody does it at the console. */
  async terminate(id: string): Promise<void> {
    const { baseUrl, apiKey, projectId } = this.environment.simulator.cudo;
    const headers = { authorization: `Bearer ${apiKey}` };
    await fetch(`${baseUrl}/v1/projects/${projectId}/vms/${id}/terminate`, { method: "POST", headers });
  }
}

/** What an operation did that ended well. */
export async function done(operation: Promise<Operation>): Promise<string[]> {
  const ended = await operation;
  assert.ok(ended.ok, ended.text);
  return stepsOf(ended);
}

function configOf(nodeGroups: object[], more: object = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ nodeGroups, ...more }).map(([key, value]) => [`flags:${key}`, value]));
}
