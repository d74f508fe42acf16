import { CommandError } from "./command-error";
import { commandLine } from "./command-line";
import { environmentOf, exportLines } from "./exports";
import { runMain } from "./main";
import { ensureAws, findSimulator } from "./simulator-process";
import { requireConfig, stackCloud, stackKeyPair } from "./stack-config";
import { stackExists, stackFiles } from "./workspace";
import { ensurePulumi } from "../stand-ins/build/pulumi";
import { toolNames } from "../toolchain/tools";

async function printEnvironment(stack: string, signal: AbortSignal): Promise<void> {
  const files = stackFiles(stack);
  const start = stack === "local" ? "npm start" : `npm start -- ${stack}`;
  if (!(await stackExists(files))) {
    await requireConfig(stack);
    throw new CommandError(`stack ${stack} does not exist`, `Make it with: ${start}`);
  }
  const simulator = await findSimulator();
  if (!simulator) throw new CommandError("the simulator does not run", `Start it with: ${start}`);
  if ((await stackCloud(files)) === "aws")
    simulator.aws = await ensureAws(simulator, await stackKeyPair(files), signal);
  const tools = await ensurePulumi(toolNames, { signal });
  process.stdout.write(exportLines(environmentOf(files, simulator, tools, process.env.PATH ?? "")));
}

const command = commandLine("npm run -s env --")
  .description(
    'Prints export lines for a stack of npm start, so that pulumi and kubectl work on it: eval "$(npm run -s env)"',
  )
  .argument("[stack]", "stack that npm start made", "local")
  .action((stack: string) => runMain((signal) => printEnvironment(stack, signal)));

void command.parseAsync();
