/** One simulator per state directory. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "../toolchain/tools/lock";
import { StateDirectoryError } from "./state-file";

/** Takes the directory; gives the way to let it go. A lock that a dead process left is taken over. */
export async function lockStateDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await tryLock(join(directory, "lock"));
  if ("release" in lock) return () => lock.release();
  throw new StateDirectoryError(
    `The state directory ${directory} is in use by the simulator with process id ${lock.pid}; stop it or choose another --state-dir.`,
  );
}
