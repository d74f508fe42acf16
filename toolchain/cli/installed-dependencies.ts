import { promises as fs } from "node:fs";
import * as path from "node:path";
import { CommandError } from "./command-error";
import { root } from "./workspace";

/** @throws CommandError when node_modules is older than package-lock.json */
export async function requireDependencies(): Promise<void> {
  const [wanted, installed] = await Promise.all(
    ["package-lock.json", path.join("node_modules", ".package-lock.json")].map((file) =>
      changedAt(path.join(root, file)),
    ),
  );
  if (installed === undefined || (wanted ?? 0) > installed) {
    throw new CommandError("package-lock.json is newer than what is installed in node_modules", "Run: npm ci");
  }
}

async function changedAt(file: string): Promise<number | undefined> {
  return fs.stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
