import { InvalidArgumentError, Option } from "commander";
import type { Machines } from "../simulator/machines/choice";
import { runCommand } from "../toolchain/tools/command";
import { findOnPath } from "../toolchain/tools/paths";
import { CommandError } from "./command-error";
import { commandLine } from "./command-line";
import { runMain } from "./main";
import { formatOutputs, readOutputs } from "./outputs";
import { prepare } from "./prepare";
import { requireSuccess, showPulumi } from "./pulumi";
import { parseServices, serviceNames, type ServiceName } from "./services";
import { requireConfig } from "./stack-config";
import { shownPath, stackFiles, writeWhole } from "./workspace";

interface StartOptions {
  with: ServiceName[];
  json?: boolean;
  port?: number;
  machines?: Machines;
}

async function start(stack: string, options: StartOptions, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const files = stackFiles(stack);
  await requireConfig(stack);
  const { port, machines, with: services } = options;
  const { pulumi, tools } = await prepare(files, { port, machines, makesMachines: true, services }, signal);
  const up = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, "--config-file", files.config];
  const code = await showPulumi(pulumi, up, signal);
  const again = stack === "local" ? "" : ` -- ${stack}`;
  const asBefore = [...(stack === "local" ? [] : [stack]), ...(services.length > 0 ? ["--with", services.join()] : [])];
  const startAgain = ["npm start", ...(asBefore.length > 0 ? ["--", ...asBefore] : [])].join(" ");
  const next = `Nothing is lost. Correct the cause and go on with: ${startAgain}\nOr remove what was made with:               npm stop${again}`;
  await requireSuccess(code, "pulumi up", next, signal);

  const outputs = await readOutputs(pulumi, files, signal);
  const { kubeconfig } = outputs.plain;
  if (typeof kubeconfig !== "string") throw new CommandError(`stack ${stack} has no output "kubeconfig"`, next);
  await writeWhole(files.kubeconfig, kubeconfig);
  // Without a CNI of the stack's own, pulumi waits for nodes that have joined, which may be before kubelet calls them Ready.
  const wait = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"];
  const nodes = await runCommand(tools.kubectl.path, ["--kubeconfig", files.kubeconfig, ...wait], {
    reject: false,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (nodes.failed) process.stderr.write(`warning: not every node is Ready: ${nodes.stderr.trim()}\n`);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ stack, kubeconfig: files.kubeconfig, outputs: outputs.masked, seconds })}\n`,
    );
    return;
  }
  const [firstKubectl] = await findOnPath("kubectl");
  const kubectl = firstKubectl === tools.kubectl.path ? "kubectl" : shownPath(tools.kubectl.path);
  const shown = shownPath(files.kubeconfig);
  process.stdout.write(
    `\n${formatOutputs(outputs.masked)}\n\nReady in ${seconds} s. Kubeconfig: ${shown}\n` +
      `Try:     ${kubectl} --kubeconfig ${shown} get nodes -L gpu-clusters/node-group\n` +
      `Remove:  npm stop${again}\n`,
  );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("It must be a port, 1 to 65535.");
  return port;
}

const command = commandLine("npm start --")
  .description("Makes a cluster on the simulator with pulumi up, and a kubeconfig for it. Never reaches a real cloud.")
  .argument("[stack]", "stack whose Pulumi.<stack>.yaml says what to make", "local")
  .option("--json", "print one JSON object {stack, kubeconfig, outputs, seconds} on stdout")
  .option("--port <port>", "port of the simulator (default: 4710)", portNumber)
  .option(
    "--with <services>",
    `what runs in the cluster besides: ${serviceNames.join(", ")}, with commas between; by stand-ins of their charts`,
    parseServices,
    [],
  )
  .addOption(
    new Option(
      "--machines <kind>",
      "what VMs are made of: machines that boot (nspawn; Linux, root; the default where they can), or processes (light)",
    ).choices(["light", "nspawn"]),
  )
  .action((stack: string, options: StartOptions) => runMain((signal) => start(stack, options, signal)));

void command.parseAsync();
