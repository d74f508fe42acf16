/** A stack of an inline program on a file backend of its own, run by the real CLI. */
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ensurePulumi } from "../../../stand-ins/build/pulumi";

export type Program = () => Promise<Record<string, unknown> | void>;

export interface InlineStack {
  readonly stack: Stack;
  /** The program that the next operation runs. */
  program: Program;
  /** The stack's state as it lies on disk. */
  stateText(): Promise<string>;
  /** Makes the stack empty again, behind the engine's back: much quicker than a `destroy`. */
  forget(): Promise<void>;
  remove(): Promise<void>;
}

export async function createInlineStack(options: {
  environment?: Record<string, string>;
  /** Folder of the executable `pulumi-resource-fixture`. */
  pluginFolder?: string;
}): Promise<InlineStack> {
  forgetOtherPrograms();
  const { pulumi } = await ensurePulumi();
  const home = await mkdtemp(join(tmpdir(), "gpu-clusters-engine-"));
  // The Automation API finds a CLI on PATH, or below a folder of this shape.
  await mkdir(join(home, "cli/bin"), { recursive: true });
  await symlink(pulumi, join(home, "cli/bin/pulumi"));
  const pulumiCommand = await PulumiCommand.get({ root: join(home, "cli"), skipVersionCheck: true });
  const stateFile = join(home, ".pulumi/stacks/fixture/test.json");
  const inline: Omit<InlineStack, "stack" | "forget"> = {
    program: async () => {},
    stateText: () => readFile(stateFile, "utf8"),
    remove: () => rm(home, { recursive: true, force: true }),
  };
  const stack = await LocalWorkspace.createStack(
    { stackName: "test", projectName: "fixture", program: async () => (await inline.program()) ?? {} },
    {
      workDir: home,
      pulumiCommand,
      pulumiHome: home,
      projectSettings: {
        name: "fixture",
        runtime: "nodejs",
        backend: { url: `file://${home}` },
        ...(options.pluginFolder && { plugins: { providers: [{ name: "fixture", path: options.pluginFolder }] } }),
      },
      envVars: {
        PATH: [dirname(pulumi), process.env.PATH].join(delimiter),
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // A CLI that was compiled here does not tell a version.
        PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
        ...options.environment,
      },
    },
  );
  const empty = await inline.stateText();
  return Object.assign(inline, { stack, forget: () => writeFile(stateFile, empty) });
}

/**
 * Pulumi's SDK holds an `up` of an inline program to account for every promise of this process that is still open, those too that a program under
 * mocks left, in a test file that ran in it before.
 */
function forgetOtherPrograms(): void {
  const { globalStore } = globalThis as unknown as { globalStore?: { leakCandidates: Set<Promise<unknown>> } };
  globalStore?.leakCandidates.clear();
}
