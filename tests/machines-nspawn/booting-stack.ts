/** A stack of the default program on a simulated cloud whose machines really boot. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { SimulatorClient } from "../../simulator/client";
import type { SimulatorContents } from "../../simulator/contents";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { defaultRegion } from "../../commands/simulated-aws";
import { compiledDefaultProgram } from "../engine/compiled-program";
import { EngineEnvironment } from "../engine/environment";
import type { EngineStack } from "../engine/stack";
import { takesPods } from "../simulator/machines/test-cluster";
import { until } from "../until";
import { bootMs, remains } from "./cluster";
import { kubectlFor, type Kubectl } from "./workload";

export type BootedNode = KubernetesObject & { spec: { providerID: string; taints?: object[] } };

export class BootingStack {
  private connection: { api: KubernetesApi; kubectl: Kubectl } | undefined;

  private constructor(
    readonly environment: EngineEnvironment,
    readonly stack: EngineStack,
    private readonly config: Record<string, unknown>,
    private readonly directory: string,
    private readonly machinesDirectory: string,
    private readonly program: string,
  ) {}

  /** @param config of the program, without its prefix, and without what the simulator says */
  static async start(config: Record<string, unknown>, timeoutMs = 2 * bootMs): Promise<BootingStack> {
    const image = await ensureMachineImage();
    const program = await compiledDefaultProgram();
    const directory = mkdtempSync(join(tmpdir(), `nspawn-${config["cloud"] as string}-`));
    let machinesDirectory = "";
    const environment = await EngineEnvironment.start({
      machines: (dir) => nspawnMachines({ dir: (machinesDirectory = dir), image }),
      ...(config["cloud"] === "aws" && { aws: {} }),
    });
    // The machines' image has a network between pods.
    const own =
      config["cloud"] === "mithril"
        ? { sshPort: environment.simulator.mithril.sshPort }
        : // Of the driver for EBS, nothing can be pulled here.
          { cni: "none", ...(config["cloud"] === "aws" ? { blockStorage: false } : { noVault: true }) };
    // Groups whose sizes move by themselves are a test of their own.
    const whole = { autoscaler: false, ...own, ...config };
    const stack = await environment.stack(prefixed(whole), { program, timeoutMs });
    return new BootingStack(environment, stack, whole, directory, machinesDirectory, program);
  }

  /** @param changes of the program's config, for the operations from now on */
  reconfigure(changes: Record<string, unknown>): void {
    this.stack.configure({ ...this.environment.providerConfig, ...prefixed({ ...this.config, ...changes }) });
  }

  /** `pulumi up`, and what leads to the cluster from then on. */
  async up(...flags: string[]): Promise<void> {
    const up = await this.stack.up(...flags);
    assert.ok(up.ok, up.text);
    const kubeconfig = await this.kubeconfig();
    this.connection = { api: kubernetesApi(kubeconfig), kubectl: await kubectlFor(kubeconfig, this.directory) };
  }

  async kubeconfig(): Promise<string> {
    return (await this.stack.outputs())["kubeconfig"] as string;
  }

  get api(): KubernetesApi {
    return this.connection!.api;
  }

  get kubectl(): Kubectl {
    return this.connection!.kubectl;
  }

  async node(name: string): Promise<BootedNode | undefined> {
    return (await this.api.read({ apiVersion: "v1", kind: "Node", name })) as BootedNode | undefined;
  }

  /** @param since kubelet must have told of itself after this */
  async isReady(name: string, since = 0): Promise<void> {
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "kube-node-lease", name };
    const renewed = async () => {
      const { spec } = (await this.api.read(lease)) as unknown as { spec: { renewTime: string } };
      return Date.parse(spec.renewTime) > since;
    };
    await until(`node ${name} is Ready`, async () => takesPods(await this.node(name)) && (await renewed()), bootMs);
  }

  machines(): Promise<SimulatorContents["machines"]> {
    return this.environment.simulator.state().then(({ machines }) => machines);
  }

  /** Waits for the machine's second power-on, and returns when that was. */
  async backOnSince(id: string): Promise<number> {
    let times: number[] = [];
    const client = new SimulatorClient(this.environment.simulator.url);
    await until(
      `${id} has power again`,
      async () => {
        const console = await client.console(id);
        times = [...console.matchAll(/^(\S+) machine: power on$/gm)].map(([, time]) => Date.parse(time!));
        return times.length > 1;
      },
      bootMs,
    );
    return times[1]!;
  }

  /** @param id as in the simulator's state */
  diskOf(id: string): string {
    return join(this.machinesDirectory, id.replaceAll("/", "~"));
  }

  /** `pulumi destroy`, after which there is no machine, no file share and no trace of one. */
  async leaveNothing(): Promise<void> {
    const destroyed = await this.stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await this.machines(), []);
    assert.deepEqual(remains(this.machinesDirectory), []);
    const shares = `${this.machinesDirectory}-shares`;
    await until("file shares are erased", async () => !existsSync(shares) || readdirSync(shares).length === 0);
  }

  async close(): Promise<void> {
    await this.environment.stop();
    assert.deepEqual(remains(this.machinesDirectory), []);
    for (const made of [this.directory, this.program]) rmSync(made, { recursive: true, force: true });
  }
}

function prefixed(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]));
}

/** How users of the simulated AWS reach it, as clients take it. */
export function awsAccess({ environment }: BootingStack) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return { endpoint: environment.aws.endpoint, region: defaultRegion, credentials };
}
