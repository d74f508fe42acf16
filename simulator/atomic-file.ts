import { rename, writeFile } from "node:fs/promises";

/** Writes a file that only its owner can read; a reader sees the old contents or the new. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
