/** A folder with programs as a user of the installed package has it. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensurePluginBundle } from "../../build/bundle";
import { compileLibrary } from "../../build/library";
import { runCommand } from "../../toolchain/tools/command";

const root = join(__dirname, "../..");

/** What Pulumi's own template of a TypeScript program says, with the module resolution that Pulumi takes where a program says none. */
const compilerOptions = {
  strict: true,
  target: "es2022",
  module: "nodenext",
  moduleResolution: "nodenext",
  skipLibCheck: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};

/** What npm would install with the package, @pulumi apart. */
function ownDependencies(): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  return Object.keys(dependencies).filter((name) => !name.startsWith("@pulumi/"));
}

export interface Consumption {
  seconds: number;
  /** Of processors: what `seconds` would be about on a machine that does nothing else. */
  processorSeconds: number;
  /** The most memory that the process had at a time. */
  peakMegabytes: number;
}

export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "gpu-clusters-consumer-"));

  static async installed(): Promise<Consumer> {
    return new Consumer(await ensurePluginBundle());
  }

  /** `plugin`: the folder of the plugin, in which components look for the autoscaler's code. */
  private constructor(plugin: string) {
    const modules = join(this.folder, "node_modules");
    const installed = join(modules, "pulumi-gpu-clusters");
    compileLibrary(join(installed, "dist"));
    cpSync(join(root, "package.json"), join(installed, "package.json"));
    cpSync(plugin, join(installed, "dist/plugin"), { recursive: true });
    for (const dependency of ["@types/node", "typescript", "undici-types", "@pulumi", ...ownDependencies()]) {
      mkdirSync(dirname(join(modules, dependency)), { recursive: true });
      symlinkSync(join(root, "node_modules", dependency), join(modules, dependency));
    }
    this.write("package.json", JSON.stringify({ name: "program" }));
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  /** A folder of its own for one program. `types`: packages whose types it sees without importing them; `lib`: by TypeScript's names. */
  program(name: string, text: string, options: { types: string[]; lib?: string[] }): void {
    this.write(join(name, "index.ts"), text);
    this.write(
      join(name, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files: ["index.ts"] }),
    );
  }

  /** Runs a script of JavaScript in a program's folder. Throws with its output where it fails. */
  async run(name: string, script: string, args: readonly string[] = []): Promise<Consumption> {
    const cwd = join(this.folder, name);
    this.write("report.js", report);
    const begun = performance.now();
    const { stdio } = await runCommand(
      process.execPath,
      ["--require", join(this.folder, "report.js"), script, ...args],
      {
        cwd,
        stdio: ["ignore", "pipe", "pipe", "pipe"],
      },
    );
    const seconds = Math.round(performance.now() - begun) / 1000;
    const [microseconds, kilobytes] = String(stdio[3]).split(" ").map(Number);
    return {
      seconds,
      processorSeconds: Math.round(microseconds! / 1e4) / 100,
      peakMegabytes: Math.round(kilobytes! / 1024),
    };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Writes what a process needed to its file descriptor 3 when it ends. */
const report = `process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  require("fs").writeSync(3, [userCPUTime + systemCPUTime, maxRSS].join(" "));
});
`;
