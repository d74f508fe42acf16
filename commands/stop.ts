import { promises as fs } from "node:fs";
import * as path from "node:path";
import { CommandError } from "./command-error";
import { commandLine } from "./command-line";
import { runMain } from "./main";
import { prepare } from "./prepare";
import { requireSuccess, showPulumi } from "./pulumi";
import { findSimulator, stopSimulator, whatExists } from "./simulator-process";
import { requireKnown } from "./stack-config";
import { existingStacks, shownPath, simulatorFolder, stackExists, stackFiles, type StackFiles } from "./workspace";

async function stop(stack: string, signal: AbortSignal): Promise<void> {
  const files = stackFiles(stack);
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  if (await stackExists(files)) {
    const wanted = { port: undefined, machines: undefined, makesMachines: false, services: [] };
    const { pulumi } = await prepare(files, wanted, signal);
    const code = await showPulumi(
      pulumi,
      ["destroy", "--yes", "--skip-preview", "--stack", stack, "--config-file", files.config],
      signal,
    );
    const again = stack === "local" ? "npm stop" : `npm stop -- ${stack}`;
    await requireSuccess(
      code,
      "pulumi destroy",
      `What is left is still in the stack's state. Go on with: ${again}`,
      signal,
    );
  } else {
    await requireKnown(stack);
    say(`Stack ${stack} does not exist: nothing to destroy.`);
  }

  const others = (await existingStacks()).filter((name) => name !== stack);
  const simulator = await findSimulator();
  const left = simulator ? await whatExists(simulator) : [];
  if (left.length > 0 && others.length === 0) {
    throw new CommandError(
      `the simulated clouds still hold:\n${left.map((thing) => `  ${thing}`).join("\n")}`,
      `The stack no longer knows them. To be rid of them: kill ${simulator!.pid}; rm -r ${shownPath(simulatorFolder)}`,
    );
  }
  await removeFiles(files);
  if (others.length > 0) {
    say(`Stack ${stack} is gone. The simulator goes on for: ${others.join(", ")} (it holds ${left.length} things).`);
    return;
  }
  if (simulator) {
    await stopSimulator(simulator, signal);
    say("Nothing is left in the simulated clouds. The simulator has ended.");
  }
}

/**
 * Everything but the passphrase: a plain `pulumi` in the checkout writes its salt into Pulumi.<stack>.yaml, and would
 * not accept another passphrase with it afterwards.
 */
async function removeFiles(files: StackFiles): Promise<void> {
  for (const name of await fs.readdir(files.folder).catch(() => [])) {
    const file = path.join(files.folder, name);
    if (file !== files.passphrase) await fs.rm(file, { recursive: true, force: true });
  }
}

const command = commandLine("npm stop --")
  .description("Removes a cluster that npm start made, and shows that nothing of it is left.")
  .argument("[stack]", "stack to remove", "local")
  .action((stack: string) => runMain((signal) => stop(stack, signal)));

void command.parseAsync();
