import { Command } from "commander";

/** A command of package.json. After an argument that is wrong it shows what it takes. @param name as it is typed, up to its arguments */
export function commandLine(name: string): Command {
  const command = new Command(name);
  return command.configureOutput({
    outputError: (text, write) => write(`${text}usage: ${name} ${command.usage()}\n`),
  });
}
