/** `npm run handover`: shows on simulated machines what a registration is. Keeps nothing, and never reaches a real cloud. */
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { parse, stringify } from "yaml";
import { ensurePluginBundle } from "../build/bundle";
import { currentEntries, parseKubeconfig } from "../sdk/kubernetes/kubeconfig";
import { lightMachines } from "../simulator/machines/light/light-machines";
import { playMichelangelo, seenByCompute, seenByMichelangelo } from "../simulator/platforms/michelangelo/demonstration";
import { startSimulator, type Simulator } from "../simulator/server";
import { ensurePulumi } from "../stand-ins/build/pulumi";
import { toolNames, type ToolName } from "../toolchain/tools";
import { runMain } from "./main";
import { readOutputs } from "./outputs";
import { ensureProviderPlugin } from "./provider-plugins";
import { initializeStack, pulumiEnvironment, requireSuccess, showPulumi, type Pulumi } from "./pulumi";
import { runSteps } from "./steps";
import { pulumiHome, root, type StackFiles } from "./workspace";

/** One program with its state, all below a temporary folder. */
class Stack {
  private constructor(
    private readonly name: string,
    private readonly program: string,
    private readonly files: StackFiles,
    private readonly pulumi: Pulumi,
    private readonly signal: AbortSignal,
  ) {}

  static async make(
    name: string,
    program: string,
    config: Record<string, unknown>,
    { folder, executable, simulator, signal }: Surroundings,
  ): Promise<Stack> {
    const own = path.join(folder, name);
    const files: StackFiles = {
      stack: "handover",
      folder: own,
      backend: path.join(own, "backend"),
      passphrase: path.join(folder, "passphrase"),
      config: path.join(own, "Pulumi.handover.yaml"),
      kubeconfig: path.join(own, "kubeconfig"),
    };
    await fs.mkdir(files.backend, { recursive: true, mode: 0o700 });
    const { url, cudo, mithril } = simulator;
    const clouds = { "gpu-clusters:cudo": { baseUrl: cudo.baseUrl, projectId: cudo.projectId } };
    await fs.writeFile(files.config, stringify({ config: { ...clouds, ...config } }), { mode: 0o600 });
    const manifest = await fs.readFile(path.join(program, "Pulumi.yaml"), "utf8");
    await initializeStack(executable, files, (parse(manifest) as { name: string }).name, signal);
    const environment = {
      ...pulumiEnvironment(files, { url, pid: process.pid, machines: "light", cudo, mithril }),
      PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    };
    return new Stack(name, program, files, { executable, environment }, signal);
  }

  async up(): Promise<string | undefined> {
    await this.#run("up");
    const { kubeconfig } = (await readOutputs(this.pulumi, this.files, this.signal, this.program)).plain;
    return typeof kubeconfig === "string" ? kubeconfig : undefined;
  }

  async destroy(): Promise<void> {
    await this.#run("destroy");
  }

  async #run(command: "up" | "destroy"): Promise<void> {
    const flags = ["--yes", "--skip-preview", "--suppress-outputs", "--stack", this.files.stack];
    const args = ["-C", this.program, command, ...flags, "--config-file", this.files.config];
    const code = await showPulumi(this.pulumi, args, this.signal);
    await requireSuccess(
      code,
      `pulumi ${command} of ${this.name}`,
      "All of it was simulated: run it again.",
      this.signal,
    );
  }
}

interface Surroundings {
  readonly folder: string;
  readonly executable: string;
  readonly simulator: Simulator;
  readonly signal: AbortSignal;
}

const place = { dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" };
const group = {
  ...{ name: "gpu", role: "worker", minSize: 1, maxSize: 4, vcpus: 8, memoryGib: 32, diskSizeGib: 100, ...place },
  ...{ gpus: 1, gpuModel: "V100" },
};

function clusterConfig(clusterName: string, nodeGroups: object[]): Record<string, unknown> {
  const { dataCenterId, machineType } = place;
  const controlPlane = { size: "sm", machineType };
  const settings = {
    cloud: "cudo",
    cni: "none",
    clusterName,
    dataCenterId,
    controlPlane,
    autoscaler: false,
    nodeGroups,
  };
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]));
}

async function show(surroundings: Surroundings): Promise<void> {
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const example = path.join(root, "examples", "existing-michelangelo");
  say("\nTwo clusters: one in which Michelangelo runs, and one with GPUs\n");
  const michelangelo = await Stack.make("michelangelo", root, clusterConfig("michelangelo", []), surroundings);
  const compute = await Stack.make("train", root, clusterConfig("train", [group]), surroundings);
  const controlKubeconfig = (await michelangelo.up())!;
  const kubeconfig = (await compute.up())!;
  const played = await playMichelangelo(controlKubeconfig, kubeconfig);
  try {
    say("\nThe registration (examples/existing-michelangelo)\n");
    const config = Object.entries({
      kubeconfig: bothContexts({ michelangelo: controlKubeconfig, train: kubeconfig }),
      computeContext: "train",
      michelangeloContext: "michelangelo",
      kubeRay: "false", // its chart is not to be had everywhere; Ray's kinds are there
    }).map(([key, value]) => [`existing-michelangelo:${key}`, value] as const);
    const registration = await Stack.make("registration", example, Object.fromEntries(config), surroundings);
    await registration.up();
    say(`\nMichelangelo (${parseKubeconfig(controlKubeconfig).endpoint}) sees:`);
    for (const line of await seenByMichelangelo(controlKubeconfig)) say(`  ${line}`);
    say(`\nThe compute cluster (${parseKubeconfig(kubeconfig).endpoint}) sees:`);
    for (const line of await seenByCompute(controlKubeconfig, kubeconfig)) say(`  ${line}`);
    say("\nBack again\n");
    await registration.destroy();
    const left = await seenByMichelangelo(controlKubeconfig);
    say(`\nMichelangelo sees: ${left.length === 0 ? "nothing of it any more" : left.join("; ")}\n`);
  } finally {
    await played.close();
  }
  await compute.destroy();
  await michelangelo.destroy();
}

/** One kubeconfig, as people have it. */
function bothContexts(kubeconfigs: Record<string, string>): string {
  const parts = Object.entries(kubeconfigs).map(([name, text]) => ({ name, ...currentEntries(text) }));
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: parts.map(({ name, cluster }) => ({ name, cluster })),
    users: parts.map(({ name, user }) => ({ name, user })),
    contexts: parts.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  });
}

async function handover(signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const folder = await fs.mkdtemp(path.join(tmpdir(), "gpu-clusters-handover-"));
  await fs.writeFile(path.join(folder, "passphrase"), "of a demonstration", { mode: 0o600 });
  await fs.mkdir(pulumiHome, { recursive: true });
  let tools: Record<ToolName, string> | undefined;
  await runSteps([
    { title: "Tools", run: async (report) => void (tools = await ensurePulumi(toolNames, { report, signal })) },
    { title: "Provider plugin gpu-clusters", run: async () => void (await ensurePluginBundle()) },
    {
      title: "Provider plugin kubernetes",
      run: async () =>
        (await ensureProviderPlugin("kubernetes", tools!.pulumi, { networkReachable: true, signal })).description,
    },
  ]);
  const machines = lightMachines({ dir: path.join(folder, "machines"), tools: tools! });
  const simulator = await startSimulator({ stateDir: path.join(folder, "clouds"), machines });
  try {
    await show({ folder, executable: tools!.pulumi, simulator, signal });
  } finally {
    await simulator.close();
    await machines.close();
    await fs.rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`\nDone in ${Math.round((performance.now() - begun) / 1000)} s; nothing of it is left.\n`);
}

const command = new Command("npm run handover --")
  .description(
    "Makes two clusters on the simulator, registers one with Michelangelo in the other, shows what each side sees, and takes all back.",
  )
  .action(() => runMain(handover));

void command.parseAsync();
