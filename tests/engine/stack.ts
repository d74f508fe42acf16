/** One stack of this checkout's default program (or of a program given), run by the real engine in a directory of its own. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";
import { parse, stringify } from "yaml";

const checkout = join(__dirname, "..", "..");

export interface StackOptions {
  /** The pulumi executable. */
  pulumi: string;
  /** Holds the provider plugins that are not found otherwise. */
  pulumiHome: string;
  name?: string;
  /** Values by full key, `pulumi-gpu-clusters:cni`. */
  config: Record<string, unknown>;
  environment?: Record<string, string>;
  /** Directory of the program; the checkout unless given. */
  program?: string;
  /** A pulumi that waits for ever must not outlive its test. Default: 300 s. */
  timeoutMs?: number;
}

export interface Step {
  op: string;
  urn: string;
  diffReasons?: string[];
  replaceReasons?: string[];
  detailedDiff?: Record<string, { kind: string }>;
}

/** What an operation did, by kind of step (`create`, `update`, `same`, …); resources only. */
export type Changes = Record<string, number>;

export interface Operation {
  ok: boolean;
  /** All that pulumi printed. */
  text: string;
  /** The engine's own log, a JSON object per line. */
  events: string;
  changes: Changes;
}

export interface Said extends Operation {
  /** What stands in the files that it wrote: state, logs and temporary ones. */
  files: string;
}

interface Printed {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
}

export class EngineStack {
  readonly name: string;
  private readonly directory: string;

  constructor(private readonly options: StackOptions) {
    this.name = options.name ?? "test";
    this.directory = mkdtempSync(join(tmpdir(), "gpu-clusters-stack-"));
    mkdirSync(join(this.directory, "backend"));
    this.configure(options.config);
  }

  /** Replaces the stack's config but for what is encrypted in it, as a user who edits Pulumi.<stack>.yaml. */
  configure(config: Record<string, unknown>): void {
    const path = this.configFile;
    let before: { encryptionsalt?: string; config?: Record<string, unknown> } = {};
    try {
      before = parse(readFileSync(path, "utf8")) as typeof before;
    } catch {
      // There is none before the first operation.
    }
    const { encryptionsalt, config: had = {} } = before;
    const encrypted = Object.entries(had).filter(
      ([, value]) => (value as { secure?: string } | null)?.secure !== undefined,
    );
    const given = Object.entries(config).filter(([, value]) => value !== undefined);
    const content = { encryptionsalt, config: Object.fromEntries([...encrypted, ...given]) };
    // Pulumi takes a bare time for a date, and writes it in another way.
    writeFileSync(path, stringify(content, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }));
  }

  /** As a user who keeps it encrypted in Pulumi.<stack>.yaml. */
  async setSecret(key: string, value: string): Promise<void> {
    const place = ["--stack", this.name, "--config-file", this.configFile];
    await this.run(["config", "set", "--secret", ...place, key, "--", value]);
  }

  async initialize(): Promise<void> {
    // `stack init` writes its salt beside Pulumi.yaml: a Pulumi.yaml of the same name elsewhere spares the program's folder.
    const elsewhere = join(this.directory, "init");
    const { name } = parse(readFileSync(join(this.program, "Pulumi.yaml"), "utf8")) as { name: string };
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
    await this.run(["stack", "init", this.name, "--no-select"], true, elsewhere);
    cpSync(join(this.directory, "backend"), join(this.directory, "pristine"), { recursive: true });
  }

  up(...flags: string[]): Promise<Operation> {
    return this.operate("up", ["--yes", "--skip-preview", ...flags]);
  }

  /** As users run it, with its preview first. */
  previewed(command: "up" | "refresh", flags: string[] = [], environment?: Record<string, string>): Promise<Operation> {
    return this.operate(command, ["--yes", ...flags], undefined, environment);
  }

  /** An `up` that gets ^C when `moment` has come; how it ended. */
  async interruptedUp(moment: () => Promise<unknown>): Promise<Operation> {
    const interrupt = new AbortController();
    const up = this.operate("up", ["--yes", "--skip-preview"], interrupt.signal);
    await Promise.race([moment(), up]);
    interrupt.abort();
    return up;
  }

  refresh(...flags: string[]): Promise<Operation> {
    return this.operate("refresh", ["--yes", "--skip-preview", ...flags]);
  }

  destroy(...flags: string[]): Promise<Operation> {
    return this.operate("destroy", ["--yes", "--skip-preview", ...flags]);
  }

  /** Any operation with any flags. */
  async say(command: string, flags: string[], environment: Record<string, string> = {}): Promise<Said> {
    const temporary = join(this.directory, "temporary");
    mkdirSync(temporary, { recursive: true });
    const yes = command === "preview" || flags.includes("--preview-only") ? [] : ["--yes", "--skip-preview"];
    const operation = await this.operate(command, [...yes, ...flags], undefined, { ...environment, TMPDIR: temporary });
    const files = readdirSync(this.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
    rmSync(temporary, { recursive: true, force: true });
    return { ...operation, files: files.join("\n") };
  }

  /** Steps that change something; empty when a second `up` would do nothing. */
  async preview(): Promise<Step[]> {
    const { stdout } = await this.run(["preview", "--json", "--stack", this.name, "--config-file", this.configFile]);
    const { steps = [] } = JSON.parse(stdout) as { steps?: Step[] };
    return steps.filter((step) => step.op !== "same");
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.run(["stack", "output", "--json", "--show-secrets", "--stack", this.name]);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The state as text; secrets are encrypted unless asked for. */
  async state(showSecrets = false): Promise<string> {
    const { stdout } = await this.run([
      "stack",
      "export",
      "--stack",
      this.name,
      ...(showSecrets ? ["--show-secrets"] : []),
    ]);
    return stdout;
  }

  /** @param state as `state` gives it, changed */
  async replaceState(state: string): Promise<void> {
    const file = join(this.directory, "state.json");
    writeFileSync(file, state, { mode: 0o600 });
    await this.run(["stack", "import", "--stack", this.name, "--file", file]);
    rmSync(file);
  }

  async resources(): Promise<
    { urn: string; type: string; id?: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[]
  > {
    const { deployment } = JSON.parse(await this.state()) as { deployment: { resources?: never[] } };
    return deployment.resources ?? [];
  }

  /** As if nothing had ever been made by it; what is in the cloud stays. */
  forget(): void {
    const backend = join(this.directory, "backend");
    rmSync(backend, { recursive: true, force: true });
    cpSync(join(this.directory, "pristine"), backend, { recursive: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get configFile(): string {
    return join(this.directory, `Pulumi.${this.name}.yaml`);
  }

  private async operate(
    command: string,
    flags: string[],
    interrupt?: AbortSignal,
    environment?: Record<string, string>,
  ): Promise<Operation> {
    const events = join(this.directory, `events-${command}.json`);
    rmSync(events, { force: true });
    const result = await this.run(
      [
        command,
        "--stack",
        this.name,
        "--config-file",
        this.configFile,
        "--event-log",
        events,
        "--suppress-outputs",
        ...flags,
      ],
      false,
      this.program,
      { interrupt, environment },
    );
    const log = existsSync(events) ? readFileSync(events, "utf8") : "";
    return {
      ok: result.exitCode === 0,
      text: `${result.stdout}${result.stderr}`,
      events: log,
      changes: changesOf(log),
    };
  }

  private get program(): string {
    return this.options.program ?? checkout;
  }

  private async run(
    args: string[],
    reject = true,
    cwd = this.program,
    more: { interrupt?: AbortSignal | undefined; environment?: Record<string, string> | undefined } = {},
  ): Promise<Printed> {
    const { interrupt } = more;
    const { pulumi, pulumiHome, environment } = this.options;
    const result = await runCommand(pulumi, ["--non-interactive", "--color", "never", ...args], {
      cwd,
      reject: false,
      timeout: this.options.timeoutMs ?? 300_000,
      // ^C, as a terminal sends it; the engine then gives its providers some seconds.
      ...(interrupt && { cancelSignal: interrupt, killSignal: "SIGINT", forceKillAfterDelay: 60_000 }),
      env: {
        PATH: [dirname(pulumi), process.env.PATH].join(delimiter),
        PULUMI_HOME: pulumiHome,
        PULUMI_BACKEND_URL: `file://${join(this.directory, "backend")}`,
        PULUMI_CONFIG_PASSPHRASE: "passphrase of a test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        // Makes `--event-log` known.
        PULUMI_DEBUG_COMMANDS: "true",
        ...environment,
        ...more.environment,
      },
    });
    if (reject && result.exitCode !== 0) {
      throw new Error(`pulumi ${args.join(" ")} ended with ${result.exitCode}:\n${result.stdout}\n${result.stderr}`);
    }
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  }
}

/** From the engine's own event log: what the operation did in the end. */
function changesOf(events: string): Changes {
  for (const line of events.split("\n")) {
    if (line.includes('"summaryEvent"')) {
      const event = JSON.parse(line) as { summaryEvent: { resourceChanges?: Changes } };
      return event.summaryEvent.resourceChanges ?? {};
    }
  }
  return {};
}
