/** What a kubeconfig names that must be on the computer that runs `pulumi up`: files, and the command of a credential plugin. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { currentEntries } from "../../../sdk/kubernetes/kubeconfig";
import { fileFields } from "../../../sdk/kubernetes/kubeconfig-faults";
import type { CheckFailure } from "../../server/resource";

/** A wait would end by time alone, and say less. Of a kubeconfig that can be read: another is told elsewhere. */
export async function missingOnComputer({ kubeconfig }: { kubeconfig?: unknown }): Promise<CheckFailure[]> {
  if (typeof kubeconfig !== "string") return [];
  const { cluster, user } = currentEntries(kubeconfig);
  const named = Object.entries({ ...cluster, ...user }).filter(([field]) => fileFields.includes(field));
  const faults = named.map(async ([field, path]) =>
    typeof path !== "string" || path === "" || (await may(path, constants.R_OK))
      ? []
      : [`its ${field} cannot be read on this computer: ${path}`],
  );
  const found = [...(await Promise.all(faults)).flat(), ...(await missingCommand(user["exec"]))];
  return found.map((reason) => ({ property: "kubeconfig", reason }));
}

async function missingCommand(exec: unknown): Promise<string[]> {
  const { command, installHint } = (exec ?? {}) as { command?: unknown; installHint?: unknown };
  if (typeof command !== "string" || command === "") return [];
  const suffixes = process.platform === "win32" ? ["", ".exe", ".cmd"] : [""];
  const folders = isAbsolute(command) ? [""] : (process.env.PATH ?? "").split(delimiter);
  for (const folder of folders)
    for (const suffix of suffixes) if (await may(join(folder, command + suffix), constants.X_OK)) return [];
  const where = isAbsolute(command) ? "" : ", in no folder of its PATH";
  const hint = typeof installHint === "string" && installHint.trim() !== "" ? `. ${installHint.trim()}` : "";
  return [`its credentials come from the command ${command}, which is not on this computer${where}${hint}`];
}

function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
