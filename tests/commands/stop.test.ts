/** What `npm stop` says of what it does not know. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { inTemporaryFolder } from "../toolchain/temporary-folder";

const checkout = join(__dirname, "..", "..");

/** Answers as a simulator whose clouds hold one VM. */
async function withSimulator(stateRoot: string, test: () => Promise<void>): Promise<void> {
  const server = createServer(({ url }, response) =>
    response.end(
      url === "/_simulator/state"
        ? '{"cudo":{"vms":[{"id":"left-behind"}]}}'
        : JSON.stringify({ status: "ok", pid: process.pid }),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    mkdirSync(join(stateRoot, "simulator"), { recursive: true });
    writeFileSync(join(stateRoot, "simulator", "simulator.json"), JSON.stringify({ url, pid: process.pid }));
    await test();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("npm stop", function () {
  this.timeout(60_000);

  const stop = (stateRoot: string) =>
    new Promise<string>((resolve) => {
      const env = { ...process.env, GPU_CLUSTERS_STATE_DIR: stateRoot };
      execFile(
        process.execPath,
        ["toolchain/run.mjs", "commands/stop.ts"],
        { cwd: checkout, env },
        (_error, _, stderr) => resolve(stderr),
      );
    });

  it(
    "names the folder of the clouds that no stack knows, wherever that is",
    inTemporaryFolder((folder) => {
      const elsewhere = join(folder, "my clouds");
      return withSimulator(elsewhere, async () => {
        const said = await stop(elsewhere);
        assert.match(said, /still hold:\n {2}cudo vms left-behind\n/);
        assert.ok(said.includes(`kill ${process.pid}; rm -r '${join(elsewhere, "simulator")}'\n`), said);
      });
    }),
  );
});

describe("the folder of the commands", () => {
  it("has its name in one place, because people may choose another", () => {
    const folder = join(checkout, "commands");
    const naming = readdirSync(folder).filter((name) =>
      readFileSync(join(folder, name), "utf8").includes(".gpu-clusters"),
    );
    assert.deepEqual(naming, ["workspace.ts"]);
  });
});
