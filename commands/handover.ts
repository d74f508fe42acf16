/** `npm run handover`: shows on simulated machines what a registration is. Keeps nothing, and never reaches a real cloud. */
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Argument } from "commander";
import { ensurePluginBundle } from "../build/bundle";
import { parseKubeconfig } from "../sdk/kubernetes/kubeconfig";
import { lightMachines } from "../simulator/machines/light/light-machines";
import { startSimulator, type Simulator } from "../simulator/server";
import { ensurePulumi } from "../stand-ins/build/pulumi";
import { toolNames, type ToolName } from "../toolchain/tools";
import { commandLine } from "./command-line";
import { DemonstrationStack, type Surroundings } from "./demonstration-stack";
import { runMain } from "./main";
import { demonstrations, platformCluster, type Demonstration } from "./platforms";
import { ensureProviderPlugin } from "./provider-plugins";
import { runSteps } from "./steps";
import { pulumiHome, root } from "./workspace";

async function show(surroundings: Surroundings, shown: readonly Demonstration[]): Promise<void> {
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  say("\nA cluster for the platforms\n");
  const platforms = await clusterStack("platforms", platformCluster, surroundings);
  const control = (await platforms.up())!;
  for (const each of shown) {
    const { platform, cluster: name, example } = each;
    say(`\nA cluster with GPUs for ${platform}\n`);
    const stack = await clusterStack(name, each.settings, surroundings);
    const cluster = (await stack.up())!;
    const played = await each.play(control, cluster);
    try {
      say(`\nThe registration (examples/${example})\n`);
      const config = Object.entries(each.config(control, cluster)).map(([key, value]) => [`${example}:${key}`, value]);
      const program = path.join(root, "examples", example);
      const registration = await DemonstrationStack.make(example, program, Object.fromEntries(config), surroundings);
      await registration.up();
      say(`\n${platform} (${parseKubeconfig(control).endpoint}) sees:`);
      for (const line of await each.seenByPlatform(control)) say(`  ${line}`);
      say(`\nThe cluster (${parseKubeconfig(cluster).endpoint}) sees:`);
      for (const line of await each.seenByCluster(control, cluster)) say(`  ${line}`);
      say("\nBack again\n");
      await registration.destroy();
      const left = await each.seenByPlatform(control);
      say(`\n${platform} sees: ${left.length === 0 ? "nothing of it any more" : left.join("; ")}\n`);
    } finally {
      await played.close();
    }
    say(`\nThe cluster with GPUs for ${platform} goes\n`);
    await stack.destroy();
  }
  say("\nThe cluster for the platforms goes\n");
  await platforms.destroy();
}

/** Of the default program. */
function clusterStack(
  clusterName: string,
  settings: Readonly<Record<string, unknown>>,
  surroundings: Surroundings,
): Promise<DemonstrationStack> {
  const config = Object.entries({ ...settings, clusterName }).map(([key, value]) => [
    `pulumi-gpu-clusters:${key}`,
    value,
  ]);
  return DemonstrationStack.make(clusterName, root, Object.fromEntries(config), surroundings);
}

async function handover(signal: AbortSignal, shown: readonly Demonstration[]): Promise<void> {
  const begun = performance.now();
  const tools = await prepare(signal);
  const folder = await fs.mkdtemp(path.join(tmpdir(), "gpu-clusters-handover-"));
  try {
    await fs.writeFile(path.join(folder, "passphrase"), "of a demonstration", { mode: 0o600 });
    await withSimulator(folder, tools, (simulator) =>
      show({ folder, executable: tools.pulumi, simulator, signal }, shown),
    );
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`\nDone in ${Math.round((performance.now() - begun) / 1000)} s; nothing of it is left.\n`);
}

async function prepare(signal: AbortSignal): Promise<Record<ToolName, string>> {
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
  return tools!;
}

async function withSimulator(
  folder: string,
  tools: Record<ToolName, string>,
  use: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const machines = lightMachines({ dir: path.join(folder, "machines"), tools });
  try {
    const simulator = await startSimulator({ stateDir: path.join(folder, "clouds"), machines });
    await use(simulator).finally(() => simulator.close());
  } finally {
    await machines.close();
  }
}

const command = commandLine("npm run handover --")
  .description(
    "Makes clusters on the simulator, registers one with each platform that runs in another, shows what each side sees, and takes all back.",
  )
  .addArgument(
    new Argument("[platform]", "the one to show. Default: each in turn").choices(Object.keys(demonstrations)),
  )
  .action((platform?: string) => {
    const shown = platform === undefined ? Object.values(demonstrations) : [demonstrations[platform]!];
    return runMain((signal) => handover(signal, shown));
  });

void command.parseAsync();
