import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { withLock } from "../../toolchain/tools/lock";
import { inTemporaryFolder } from "./temporary-folder";

const timing = { poll: 2, heartbeat: 20, expiry: 60_000 };

describe("lock", () => {
  it(
    "lets one in at a time",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      };
      await Promise.all(Array.from({ length: 8 }, () => withLock(file, work, { timing })));
      assert.equal(most, 1);
      assert.deepEqual(await fs.readdir(folder), []);
    }),
  );

  it(
    "is released when the work fails",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await assert.rejects(
        withLock(file, () => Promise.reject(new Error("no"))),
        /no/,
      );
      assert.equal(await withLock(file, () => Promise.resolve("done")), "done");
    }),
  );

  it(
    "is taken over at once from a process that is gone",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      const { pid } = spawnSync(process.execPath, ["--version"]);
      await fs.writeFile(file, JSON.stringify({ token: "old", host: hostname(), pid }));
      assert.equal(await withLock(file, () => Promise.resolve("done"), { timing }), "done");
    }),
  );

  it(
    "is taken over at once where a power cut has emptied it",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, "");
      assert.equal(await withLock(file, () => Promise.resolve("done"), { timing }), "done");
      assert.deepEqual(await fs.readdir(folder), []);
    }),
  );

  it(
    "is taken over from a holder elsewhere that gave no sign of life",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, JSON.stringify({ token: "old", host: "elsewhere", pid: 1 }));
      await fs.utimes(file, 0, 0);
      assert.equal(await withLock(file, () => Promise.resolve("done"), { timing }), "done");
    }),
  );

  it(
    "says who holds it, and waiting can be aborted",
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, JSON.stringify({ token: "other", host: hostname(), pid: process.pid }));
      const abort = new AbortController();
      const waited: number[] = [];
      const waiting = withLock(file, () => Promise.resolve(), {
        timing,
        signal: abort.signal,
        onWait: (pid) => {
          waited.push(pid);
          abort.abort();
        },
      });
      await assert.rejects(waiting, { name: "AbortError" });
      assert.deepEqual(waited, [process.pid]);
    }),
  );
});
