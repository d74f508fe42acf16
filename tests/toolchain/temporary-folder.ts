import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** Runs a test with a folder of its own, which is deleted afterwards. */
export function inTemporaryFolder(test: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await fs.mkdtemp(path.join(tmpdir(), "gpu-clusters-toolchain-"));
    try {
      await test(folder);
    } finally {
      await fs.rm(folder, { recursive: true, force: true });
    }
  };
}

export async function writeExecutable(file: string, script: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
