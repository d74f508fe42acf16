/** What local and remote commands have in common: which of the three scripts runs when, with what. */
import { randomBytes } from "node:crypto";
import type { CheckFailure, ResourceLog } from "../../provider/server/resource";
import { isUnknown } from "../../provider/server/values";
import type { Properties } from "../../provider/server/wire";
import type { Subject } from "../server/server";
import type { TableResource } from "../server/table";

export interface Run {
  readonly script: string;
  readonly inputs: Properties;
  readonly stdin: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Outputs of the run before this one: offered, not insisted upon. */
  readonly previous: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
}

type Runner = (run: Run) => Promise<RunResult>;

const shared = ["create", "update", "delete", "stdin", "environment", "triggers", "addPreviousOutputInEnv", "logging"];

/** A resource of three scripts. `run` says where they run. */
export function commandResource(
  run: Runner,
  options: {
    inputs: readonly string[];
    required?: readonly string[];
    secrets?: readonly string[];
    problems?(inputs: Properties): CheckFailure[];
  },
): TableResource<undefined> {
  return {
    ...options,
    inputs: [...shared, ...options.inputs],
    // Without a script for updates, new triggers mean a new command.
    replaceOn: (_before, { update }) => (update === undefined ? ["triggers"] : []),
    derived: { outputs: ["stdout", "stderr"], from: ["create", "update", "stdin", "environment"] },
    volatile: ["stdout", "stderr"],
    create: async (_client, inputs, subject) => ({
      id: idFor(subject.name),
      outputs: await execute(run, inputs["create"], inputs, undefined, subject),
    }),
    update: async (_client, _id, news, state, subject) => {
      const script = news["update"] ?? news["create"];
      return script === undefined ? outputsOf(state) : execute(run, script, news, state, subject);
    },
    delete: async (_client, _id, state, subject) => {
      await execute(run, state["delete"], state, state, subject);
    },
  };
}

async function execute(
  run: Runner,
  script: unknown,
  inputs: Properties,
  before: Properties | undefined,
  { signal, log }: Subject,
): Promise<Properties> {
  if (typeof script !== "string" || script === "") return { stdout: "", stderr: "" };
  const offersPrevious = before !== undefined && inputs["addPreviousOutputInEnv"] !== false;
  const { stdout = "", stderr = "" } = before ?? {};
  const result = await run({
    script,
    inputs,
    stdin: typeof inputs["stdin"] === "string" ? inputs["stdin"] : undefined,
    environment: (inputs["environment"] ?? {}) as Record<string, string>,
    previous: offersPrevious ? { PULUMI_COMMAND_STDOUT: String(stdout), PULUMI_COMMAND_STDERR: String(stderr) } : {},
    signal,
    log,
  });
  signal.throwIfAborted();
  const logging = inputs["logging"] ?? "stdoutAndStderr";
  if (result.exitCode !== 0) {
    const how = result.exitCode === undefined ? "was ended by a signal" : `exited with ${result.exitCode}`;
    // Whoever turned logging off did not want to see secrets in errors either.
    const shown = [
      logging !== "none" && logging !== "stdout" && result.stderr,
      logging !== "none" && logging !== "stderr" && result.stdout,
    ];
    throw new Error([`the command ${how}`, ...shown.filter(Boolean).map((text) => String(text).trimEnd())].join("\n"));
  }
  if (logging !== "none" && logging !== "stderr") tell(log, result.stdout);
  if (logging !== "none" && logging !== "stdout") tell(log, result.stderr);
  return { stdout: withoutNewline(result.stdout), stderr: withoutNewline(result.stderr) };
}

function tell(log: ResourceLog, text: string): void {
  if (text.trim() !== "") log.info(text.trimEnd());
}

function outputsOf({ stdout = "", stderr = "" }: Properties): Properties {
  return { stdout, stderr };
}

function withoutNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

function idFor(name: string): string {
  return `${name}${randomBytes(4).toString("hex")}`;
}

/** The values of `logging`. */
export function loggingProblems({ logging }: Properties): CheckFailure[] {
  const known = ["stdout", "stderr", "stdoutAndStderr", "none"];
  if (logging === undefined || isUnknown(logging) || known.includes(String(logging))) return [];
  return [{ property: "logging", reason: `must be one of ${known.join(", ")}` }];
}
