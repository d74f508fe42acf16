/** What the engine's tests stand on: the tools, the provider plugins, a simulator of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lightMachines } from "../../simulator/machines/light/light-machines";
import type { AwsSimulatorClient } from "../../simulator/aws/client";
import type { AwsTiming } from "../../simulator/aws/timing";
import type { MachineKind } from "../../simulator/machines/machine";
import { startSimulator, type Simulator } from "../../simulator/server";
import type { Timing } from "../../simulator/cudo/timing";
import { ensurePluginBundle } from "../../build/bundle";
import { ensureProviderPlugin } from "../../commands/provider-plugins";
import { awsConfig, awsEnvironment, defaultRegion } from "../../commands/simulated-aws";
import { pulumiHome } from "../../commands/workspace";
import { ensurePulumi } from "../../stand-ins/build/pulumi";
import { toolNames, type ToolName } from "../../toolchain/tools";
import { realKubernetesPlugin } from "./real-kubernetes";
import { EngineStack, type StackOptions } from "./stack";

const keyPair = {
  name: "ops",
  region: defaultRegion,
  // Nobody has its private half.
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE",
};

export class EngineEnvironment {
  private readonly stacks: EngineStack[] = [];

  private constructor(
    readonly tools: Record<ToolName, string>,
    readonly simulator: Simulator,
    readonly machines: MachineKind | undefined,
    private readonly directory: string,
    private readonly awsClient: AwsSimulatorClient | undefined,
    private readonly home: string,
  ) {}

  /**
   * @param options.machines light ones, none, or what the function makes for a directory
   * @param options.aws the simulated AWS too, with a key pair `ops`
   * @param options.realKubernetes Pulumi's own Kubernetes provider in the place of its stand-in
   */
  static async start(options: {
    machines: boolean | ((directory: string) => MachineKind);
    timing?: Partial<Timing>;
    aws?: { timing?: Partial<AwsTiming> };
    realKubernetes?: boolean;
  }): Promise<EngineEnvironment> {
    const tools = await ensurePulumi(toolNames);
    await ensurePluginBundle();
    const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-engine-"));
    const home = options.realKubernetes ? join(directory, "pulumi-home") : pulumiHome;
    for (const plugin of ["kubernetes", "command", ...(options.aws ? (["aws"] as const) : [])] as const) {
      await ensureProviderPlugin(plugin, tools.pulumi, {
        networkReachable: false,
        signal: new AbortController().signal,
        home,
      });
    }
    if (options.realKubernetes) console.log(`      kubernetes: ${await realKubernetesPlugin(tools.pulumi, home)}`);
    const light = (dir: string) => lightMachines({ dir, tools });
    const kind = options.machines === true ? light : options.machines || undefined;
    const machines = kind?.(join(directory, "machines"));
    const simulator = await startSimulator({
      stateDir: join(directory, "clouds"),
      machines,
      timing: options.timing,
      awsTiming: options.aws?.timing,
    });
    const aws = options.aws && (await simulator.aws());
    await aws?.provideKeyPair(keyPair);
    return new EngineEnvironment(tools, simulator, machines, directory, aws, home);
  }

  /** A new stack whose provider speaks to this simulator. */
  async stack(config: Record<string, unknown>, options: Partial<StackOptions> = {}): Promise<EngineStack> {
    const { cudo, mithril } = this.simulator;
    const stack = new EngineStack({
      pulumi: this.tools.pulumi,
      pulumiHome: this.home,
      config: { ...this.providerConfig, ...config },
      ...options,
      environment: {
        CUDO_API_KEY: cudo.apiKey,
        MITHRIL_API_KEY: mithril.apiKey,
        ...(this.awsClient && awsEnvironment(this.awsClient.endpoint)),
        ...options.environment,
      },
    });
    this.stacks.push(stack);
    await stack.initialize();
    return stack;
  }

  get aws(): AwsSimulatorClient {
    if (!this.awsClient) throw new Error("the environment was started without the simulated AWS");
    return this.awsClient;
  }

  /** Empties the simulated AWS, machines too, and ends its faults. */
  async resetAws(): Promise<void> {
    await this.aws.reset();
    await this.aws.provideKeyPair(keyPair);
    await this.simulator.state();
  }

  /** Where the providers find the simulated clouds. */
  get providerConfig(): Record<string, unknown> {
    const { cudo, mithril } = this.simulator;
    return {
      "gpu-clusters:cudo": { baseUrl: cudo.baseUrl, projectId: cudo.projectId },
      "gpu-clusters:mithril": { baseUrl: mithril.baseUrl, projectId: mithril.projectId },
      ...(this.awsClient && awsConfig(this.awsClient.endpoint, defaultRegion)),
    };
  }

  async stop(): Promise<void> {
    await this.simulator.close();
    await this.machines?.close();
    this.stacks.forEach((stack) => stack.remove());
    rmSync(this.directory, { recursive: true, force: true });
  }
}
