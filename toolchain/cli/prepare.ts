import { ensurePluginBundle } from "../build/bundle";
import { ensureToolsWithOrigin, toolNames, type FoundTool, type ToolName } from "../tools";
import { withLock } from "../tools/lock";
import { requireDependencies } from "./installed-dependencies";
import { ensureKubernetesProvider, type KubernetesProvider } from "./kubernetes-provider";
import { prepareStack, pulumiEnvironment, type Pulumi } from "./pulumi";
import { ensureSimulator, type Simulator } from "./simulator-process";
import { writeConfig } from "./stack-config";
import { runSteps } from "./steps";
import { stateRoot, type StackFiles } from "./workspace";
import * as path from "node:path";

/** All that a run of `pulumi` on a stack needs. */
export interface Prepared {
  tools: Record<ToolName, FoundTool>;
  simulator: Simulator;
  pulumi: Pulumi;
}

/** Gets the machine ready for `pulumi up` or `destroy` of a stack, telling each step on stderr. */
export async function prepare(files: StackFiles, port: number | undefined, signal: AbortSignal): Promise<Prepared> {
  await requireDependencies();
  let tools: Record<ToolName, FoundTool> | undefined;
  let simulator: Simulator | undefined;
  let provider: KubernetesProvider | undefined;
  let networkReachable = true;
  let pulumi: Pulumi | undefined;
  await runSteps([
    {
      title: "Tools",
      run: async (report) => {
        tools = await ensureToolsWithOrigin(toolNames, {
          report,
          signal,
          onUnreachable: () => (networkReachable = false),
        });
        const origins = Object.values(tools).map((tool) => tool.origin);
        return [...new Set(origins)]
          .map((origin) => `${origins.filter((other) => other === origin).length} ${origin}`)
          .join(", ");
      },
    },
    { title: "Provider plugin gpu-clusters", run: async () => void (await ensurePluginBundle()) },
    {
      title: "Simulator",
      run: async () => {
        const found = await withLock(path.join(stateRoot, "simulator.lock"), () => ensureSimulator(port, signal), {
          signal,
        });
        simulator = found;
        return `${found.started ? "started" : "runs already"} at ${found.url}`;
      },
    },
    {
      title: "Stack",
      run: async () => {
        if (!tools || !simulator) throw new Error("the steps before made no tools and no simulator");
        pulumi = { executable: tools.pulumi.path, environment: pulumiEnvironment(files, simulator) };
        await prepareStack(pulumi, files, signal);
        await writeConfig(files, simulator);
        return files.stack;
      },
    },
    {
      title: "Kubernetes provider",
      run: async () => {
        if (!tools) throw new Error("the steps before made no tools");
        provider = await ensureKubernetesProvider(tools.pulumi.path, { networkReachable, signal });
        return provider.description;
      },
    },
  ]);
  if (!tools || !simulator || !pulumi) throw new Error("a step ended without its result");
  // Nothing else is needed, so a missing plugin is an error at once instead of five tries of a download.
  if (provider?.kind === "stand-in") pulumi.environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
  return { tools, simulator, pulumi };
}
