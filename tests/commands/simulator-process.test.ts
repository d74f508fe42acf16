/** What a command asks of the simulator ends when the command is interrupted, whatever the simulator does. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureAws } from "../../commands/simulator-process";
import { inTemporaryFolder } from "../toolchain/temporary-folder";

/** Another program may have the process's id by now, and another checkout's simulator the port: neither is ours to use, or to end. */
describe("the simulator that a command finds", () => {
  it(
    "is the one whose process answers at its address",
    inTemporaryFolder(async (folder) => {
      let pid = process.pid;
      const other = createServer((_, response) => response.end(JSON.stringify({ status: "ok", pid })));
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      try {
        const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
        await mkdir(join(folder, "simulator"));
        await writeFile(join(folder, "simulator", "simulator.json"), JSON.stringify({ url, pid: process.pid }));
        const program = `require("./commands/simulator-process").findSimulator().then((found) => console.log(found?.url ?? "none"))`;
        const found = async () =>
          (
            await promisify(execFile)(process.execPath, ["--require", "tsx/cjs", "-e", program], {
              cwd: join(__dirname, "../.."),
              env: { ...process.env, GPU_CLUSTERS_STATE_DIR: folder },
            })
          ).stdout.trim();
        assert.equal(await found(), url);
        pid++;
        assert.equal(await found(), "none");
      } finally {
        other.closeAllConnections();
        other.close();
      }
    }),
  );
});

describe("the simulated AWS of a command", () => {
  it("is waited for until ^C and no longer", async () => {
    const stop = new AbortController();
    const silent = createServer(() => stop.abort(new Error("interrupted")));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await assert.rejects(ensureAws({ url } as never, undefined, stop.signal), /interrupted/);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
