/** Commands on a machine that boots, for clouds that let nobody in: from the host, in the machine's namespaces. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { processesIn } from "../../simulator/machines/nspawn/cgroups";
import { runCommand } from "../../toolchain/tools/command";

/** As root. Returns what it prints. */
export async function inside(diskDirectory: string, command: string, input?: string): Promise<string> {
  const groups = readFileSync(join(diskDirectory, "cgroups"), "utf8").split("\n").filter(Boolean);
  const first = groups.flatMap(processesIn).find(isFirst);
  if (first === undefined) throw new Error(`the machine of ${diskDirectory} is off`);
  const shell = ["bash", "-c", command];
  const options = { input: input ?? "", timeout: 60_000, reject: false } as const;
  return (await runCommand("nsenter", ["--target", `${first}`, "--all", ...shell], options)).stdout;
}

/** In a process namespace of its own. */
function isFirst(pid: number): boolean {
  try {
    return /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
