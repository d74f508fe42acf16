/** One simulator per state directory. */
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { StateDirectoryError } from "./state-file";

/** Takes the directory; gives the way to let it go. A lock that a dead process left is taken over. */
export async function lockStateDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "lock");
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    if (attempt > 3 || (Number.isInteger(holder) && holder > 0 && alive(holder))) {
      throw new StateDirectoryError(
        `The state directory ${directory} is in use by the simulator with process id ${holder}; stop it or choose another --state-dir.`,
      );
    }
    await rm(path, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
