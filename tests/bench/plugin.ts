/** The provider plugin: time until it prints its port, and memory then. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePluginBundle } from "../../build/bundle";
import { repeated } from "./measure";

export async function plugin(): Promise<Record<string, unknown>> {
  const folder = await ensurePluginBundle();
  const memories: number[] = [];
  const toPort = await repeated(5, async () => {
    const begun = performance.now();
    const child = spawn(join(folder, "pulumi-resource-gpu-clusters"), ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the plugin ended with ${code}`)));
    });
    const elapsed = Math.round(performance.now() - begun) / 1000;
    const resident = residentMegabytes(child.pid!);
    if (resident !== undefined) {
      memories.push(resident);
    }
    child.kill("SIGINT");
    return elapsed;
  });
  return {
    secondsToPort: toPort,
    residentMegabytes: memories.length > 0 ? Math.max(...memories) : "known on Linux only",
  };
}

function residentMegabytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes ? Math.round(Number(kilobytes) / 1024) : undefined;
  } catch {
    return undefined;
  }
}
