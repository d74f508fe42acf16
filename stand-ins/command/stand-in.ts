import type { StandIn } from "../server/server";
import { TableCalls, type Table } from "../server/table";
import { runLocally } from "./local";
import { commandResource, loggingProblems } from "./script";
import { connectionProblems, runRemotely } from "./ssh";

const table: Table<undefined> = {
  provider: "command",
  functions: {},
  resources: {
    "command:local:Command": commandResource(runLocally, {
      inputs: ["dir", "interpreter"],
      problems: loggingProblems,
    }),
    "command:remote:Command": commandResource(runRemotely, {
      inputs: ["connection"],
      required: ["connection"],
      secrets: ["connection"],
      problems: (inputs) => [...connectionProblems(inputs), ...loggingProblems(inputs)],
    }),
  },
};

/** Runs scripts as @pulumi/command does: here, and over SSH. */
export const commandStandIn: StandIn = {
  provider: "command",
  version: "1.2.1",
  unknownConfiguration: {},
  checkConfiguration: () => [],
  diffConfiguration: () => new Map(),
  calls: () => new TableCalls(table, () => undefined),
};
