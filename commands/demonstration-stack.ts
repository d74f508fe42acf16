/** One program with its state, all below a temporary folder. */
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import type { Simulator } from "../simulator/server";
import { readOutputs } from "./outputs";
import { initializeStack, pulumiEnvironment, requireSuccess, showPulumi, type Pulumi } from "./pulumi";
import type { StackFiles } from "./workspace";

export interface Surroundings {
  readonly folder: string;
  readonly executable: string;
  readonly simulator: Simulator;
  readonly signal: AbortSignal;
}

export class DemonstrationStack {
  private constructor(
    private readonly name: string,
    private readonly program: string,
    private readonly files: StackFiles,
    private readonly pulumi: Pulumi,
    private readonly signal: AbortSignal,
  ) {}

  static async make(
    name: string,
    program: string,
    config: Record<string, unknown>,
    { folder, executable, simulator, signal }: Surroundings,
  ): Promise<DemonstrationStack> {
    const own = path.join(folder, name);
    const files: StackFiles = {
      stack: "handover",
      folder: own,
      backend: path.join(own, "backend"),
      passphrase: path.join(folder, "passphrase"),
      config: path.join(own, "Pulumi.handover.yaml"),
      kubeconfig: path.join(own, "kubeconfig"),
    };
    await fs.mkdir(files.backend, { recursive: true, mode: 0o700 });
    const { url, cudo, mithril, services } = simulator;
    const clouds = { "gpu-clusters:cudo": { baseUrl: cudo.baseUrl, projectId: cudo.projectId } };
    await fs.writeFile(files.config, stringify({ config: { ...clouds, ...config } }), { mode: 0o600 });
    const manifest = await fs.readFile(path.join(program, "Pulumi.yaml"), "utf8");
    await initializeStack(executable, files, (parse(manifest) as { name: string }).name, signal);
    const environment = {
      ...pulumiEnvironment(files, { url, pid: process.pid, machines: "light", cudo, mithril, services }),
      PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    };
    return new DemonstrationStack(name, program, files, { executable, environment }, signal);
  }

  async up(): Promise<string | undefined> {
    await this.#run("up");
    const { kubeconfig } = (await readOutputs(this.pulumi, this.files, this.signal, this.program)).plain;
    return typeof kubeconfig === "string" ? kubeconfig : undefined;
  }

  /** With the stack itself: pulumi would say what is still kept of it, and how to take that away. */
  async destroy(): Promise<void> {
    await this.#run("destroy", ["--remove"]);
  }

  async #run(command: "up" | "destroy", more: readonly string[] = []): Promise<void> {
    const flags = ["--yes", "--skip-preview", "--suppress-outputs", "--stack", this.files.stack, ...more];
    const args = ["-C", this.program, command, ...flags, "--config-file", this.files.config];
    const code = await showPulumi(this.pulumi, args, this.signal);
    await requireSuccess(
      code,
      `pulumi ${command} of ${this.name}`,
      "All of it was simulated: run it again.",
      this.signal,
    );
  }
}
