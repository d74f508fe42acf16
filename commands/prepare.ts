import * as path from "node:path";
import { ensurePluginBundle } from "../build/bundle";
import { ensurePulumiWithOrigin } from "../stand-ins/build/pulumi";
import { toolNames, type FoundTool, type ToolName } from "../toolchain/tools";
import { withLock } from "../toolchain/tools/lock";
import { ensureHelmPlugin, ensureProviderPlugin, type ProviderPlugin } from "./provider-plugins";
import { forgetOtherLife, prepareStack, pulumiEnvironment, setSecrets, type Pulumi } from "./pulumi";
import { describeMachines, machinesFor, MachinesCannotBoot, type Machines } from "../simulator/machines/choice";
import { ensureMachineImage } from "../simulator/machines/nspawn/image/image";
import { CommandError } from "./command-error";
import { ensureAws, ensureSimulator, findSimulator, type Simulator } from "./simulator-process";
import { serviceConfig, type ServiceName } from "./services";
import { stackCloud, stackHasServices, stackKeyPair, writeConfig } from "./stack-config";
import { runSteps, type Step } from "./steps";
import { shownPath, simulatorFolder, stateRoot, type StackFiles } from "./workspace";

/** All that a run of `pulumi` on a stack needs. */
export interface Prepared {
  tools: Record<ToolName, FoundTool>;
  pulumi: Pulumi;
}

/**
 * Gets the machine ready for `pulumi up` or `destroy` of a stack, telling each step on stderr.
 * @param wanted of the simulator; `makesMachines`: whether the stack is to get new ones
 */
export async function prepare(
  files: StackFiles,
  wanted: {
    port: number | undefined;
    machines: Machines | undefined;
    makesMachines: boolean;
    services: readonly ServiceName[];
  },
  signal: AbortSignal,
): Promise<Prepared> {
  let found: Record<ToolName, FoundTool> | undefined;
  let networkReachable = true;
  await runSteps([
    {
      title: "Tools",
      run: async (report) => {
        const onUnreachable = (): void => void (networkReachable = false);
        found = await ensurePulumiWithOrigin(toolNames, { report, signal, onUnreachable });
        return describeOrigins(found);
      },
    },
  ]);
  const cloud = await stackCloud(files);
  const choice = (await findSimulator())
    ? undefined
    : await machinesFor(simulatorFolder, { asked: wanted.machines, makesMachines: wanted.makesMachines }).catch(
        explainMachines,
      );
  if (choice?.kind === "nspawn") {
    await runSteps([
      { title: "Machine image", run: async (report) => void (await ensureMachineImage({ report, signal })) },
    ]);
  }
  const tools = required(found);
  const executable = tools.pulumi.path;
  let simulator: Simulator | undefined;
  // The simulated AWS forgets everything when it ends, and only it knows whether it did.
  const stackLater = cloud === "aws";
  let life: string | undefined;
  const stackStep: Step = {
    title: `Stack ${files.stack}`,
    run: async () => {
      const isForgotten = life !== undefined && (await forgetOtherLife(files, life));
      await prepareStack(executable, files, signal);
      return isForgotten ? "made anew, because the simulated AWS has ended meanwhile and forgotten it" : undefined;
    },
  };
  const byCharts = serviceConfig(wanted.services) !== undefined || (await stackHasServices(files));
  const providers: ProviderPlugin[] = [];
  await runSteps(
    [
      { title: "Provider plugin gpu-clusters", run: async () => void (await ensurePluginBundle()) },
      {
        title: "Simulator",
        run: async () => {
          const lock = path.join(stateRoot, "simulator.lock");
          const ensured = await withLock(lock, () => ensureSimulator(wanted, choice?.kind ?? "light", signal), {
            signal,
          });
          simulator = ensured;
          if (cloud === "aws") {
            const aws = await ensureAws(ensured, await stackKeyPair(files), signal);
            simulator = { ...ensured, aws };
            life = aws.life;
          }
          const machines = describeMachines(ensured.machines, ensured.started ? choice?.reason : undefined);
          return `${ensured.started ? "started" : "runs already"} at ${ensured.url} with ${machines}`;
        },
      },
      ...(stackLater ? [] : [stackStep]),
      ...(["kubernetes", "command", ...(cloud === "aws" ? (["aws"] as const) : [])] as const).map((name): Step => ({
        title: `Provider plugin ${name}`,
        run: async (report) => {
          const options = { networkReachable, signal, report };
          const provider =
            name === "kubernetes" && byCharts
              ? await ensureHelmPlugin(executable, options)
              : await ensureProviderPlugin(name, executable, options);
          providers.push(provider);
          return provider.description;
        },
      })),
    ],
    { concurrent: true },
  );
  if (stackLater) await runSteps([stackStep]);
  const environment = pulumiEnvironment(files, required(simulator));
  const secrets = await writeConfig(files, required(simulator), wanted.services);
  await setSecrets({ executable, environment }, files, secrets, signal);
  // Nothing else is needed, so a missing plugin is an error at once instead of five tries of a download.
  if (providers.some(({ kind }) => kind === "stand-in"))
    environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
  return { tools, pulumi: { executable, environment } };
}

function explainMachines(error: unknown): never {
  if (!(error instanceof MachinesCannotBoot)) throw error;
  throw new CommandError(
    error.message,
    `Without --machines those are taken that can be had, unless a stopped simulator has left others in ${shownPath(simulatorFolder)}.`,
  );
}

function describeOrigins(tools: Record<ToolName, FoundTool>): string {
  const origins = Object.values(tools).map((tool) => tool.origin);
  return [...new Set(origins)]
    .map((origin) => `${origins.filter((other) => other === origin).length} ${origin === "PATH" ? "on PATH" : origin}`)
    .join(", ");
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a step ended without its result");
  return value;
}
