/** moto's server with our extension, as a child process that never outlives us. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AwsTiming } from "./timing";

/** An instance as moto has it. Sent whenever its state or its public address changes, or EC2 is about to take it back. */
export interface InstanceEvent {
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly state: "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";
  readonly instanceType: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly gpus: readonly { readonly count: number; readonly model: string }[];
  readonly zone: string;
  readonly vpc: string | null;
  /** The instance's own name of itself. */
  readonly privateDns: string;
  readonly privateIp: string | null;
  readonly publicIp: string | null;
  /** Base64, as the caller gave it. */
  readonly userData: string | null;
  /** Grows whenever it is powered on or rebooted. */
  readonly boots: number;
  readonly lifeCycle: "spot" | "on-demand";
  /** `spot/instance-action` of its metadata: null until EC2 takes it back. */
  readonly interruption: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A load balancer: sent whenever its targets may be others. */
export interface BalancerEvent {
  readonly region: string;
  readonly address: string;
  /** Ids of instances. */
  readonly targets: readonly string[];
}

/** What only the simulator knows, and moto asks for. What nobody answers, moto answers as it does without machines. */
export interface Answers {
  /** How many instances there may be that are not terminated, and what bounds it. */
  room?(): { most: number; bound: string };
  /** What the instance's machine wrote on its console; undefined without a machine. */
  console?(instanceId: string): Promise<string | undefined>;
  /** Whether a load balancer would send its machine connections on this port; undefined without a machine. */
  health?(instanceId: string, port: number): Promise<boolean | undefined>;
}

type Question =
  | { readonly about: "room" }
  | { readonly about: "console"; readonly instanceId: string }
  | { readonly about: "health"; readonly instanceId: string; readonly port: number };

type MotoEvent =
  | { readonly event: "listening"; readonly port: number }
  | { readonly event: "defect"; readonly message: string }
  | ({ readonly event: "question" } & Question)
  | ({ readonly event: "balancer" } & BalancerEvent)
  | ({ readonly event: "instance" } & InstanceEvent);

export interface MotoProcessOptions {
  /** The interpreter that has moto. */
  python: string;
  /** On 127.0.0.1; 0: one that is free. */
  port: number;
  timing: AwsTiming;
  /** Where in 127.79.0.0/16 public addresses begin, so that several simulators seldom give the same. */
  firstAddress: number;
  onInstance: (instance: InstanceEvent) => void;
  onBalancer: (balancer: BalancerEvent) => void;
  /** Without them nothing is asked. */
  answers?: Answers | undefined;
  /** Something in the extension that should not happen. */
  onDefect: (message: string) => void;
}

export interface MotoProcess {
  readonly port: number;
  /** Ends it. Resolves when it is gone. */
  close(): Promise<void>;
}

/** It takes seconds, and more than a minute on a computer with much else to do. */
const startDeadlineMs = 300_000;
const stopDeadlineMs = 3_000;
const lastLines = 15;

export async function startMoto(options: MotoProcessOptions): Promise<MotoProcess> {
  const program = join(__dirname, "moto", "main.py");
  const args = [program, "--port", String(options.port), "--timing", JSON.stringify(options.timing)];
  args.push("--first-address", String(options.firstAddress));
  if (options.answers) args.push("--asks");
  // Its standard input is a pipe from us: when we end, however that happens, the pipe does, and so does the process.
  const child = spawn(options.python, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
  });
  child.stdin.on("error", () => undefined);
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > lastLines) tail.shift();
  });
  const gone = once(child, "exit").finally(() => process.removeListener("exit", kill));
  try {
    const port = await listening(child, options, tail);
    return { port, close: () => end(child, gone) };
  } catch (error) {
    kill();
    await gone.catch(() => undefined);
    throw error;
  }
}

function listening(child: ChildProcess, options: MotoProcessOptions, tail: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`the simulated AWS (moto) ${why}${tail.length > 0 ? `:\n${tail.join("\n")}` : ""}`));
    const timer = setTimeout(() => fail(`did not start within ${startDeadlineMs / 1000} s`), startDeadlineMs);
    const settle = () => clearTimeout(timer);
    child.once("error", (error) => (settle(), fail(`cannot be started: ${error.message}`)));
    child.once("exit", (code, signal) => (settle(), fail(`ended at its start (${signal ?? code})`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const event = parse(line);
      if (event?.event === "listening") resolve((settle(), event.port));
      if (event?.event === "instance") options.onInstance(event);
      if (event?.event === "balancer") options.onBalancer(event);
      if (event?.event === "defect") options.onDefect(event.message);
      if (event?.event === "question") void answer(child, event, options);
    });
  });
}

async function answer(child: ChildProcess, question: Question, options: MotoProcessOptions): Promise<void> {
  try {
    const given = options.answers && (await answerTo(question, options.answers));
    child.stdin!.write(`${JSON.stringify(given ?? null)}\n`);
  } catch (error) {
    child.stdin!.write("null\n");
    options.onDefect(`${question.about}: ${String(error)}`);
  }
}

function answerTo(question: Question, answers: Answers): unknown {
  switch (question.about) {
    case "room":
      return answers.room?.();
    case "console":
      return answers.console?.(question.instanceId);
    case "health":
      return answers.health?.(question.instanceId, question.port);
  }
}

/** moto prints a few lines of its own. */
function parse(line: string): MotoEvent | undefined {
  if (!line.startsWith('{"event"')) return undefined;
  return JSON.parse(line) as MotoEvent;
}

async function end(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
  await gone;
  clearTimeout(timer);
}
