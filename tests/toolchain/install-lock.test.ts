/** Who installs the packages first, on a checkout where nothing is installed yet. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("the first run of a checkout", () => {
  let checkout: string;

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), "first-run-"));
    for (const folder of ["toolchain", "bin", ".gpu-clusters"]) mkdirSync(join(checkout, folder));
    cpSync(join(__dirname, "../../toolchain/run.mjs"), join(checkout, "toolchain", "run.mjs"));
    writeFileSync(join(checkout, "package-lock.json"), "{}");
    writeFileSync(join(checkout, "bin", "npm"), "#!/bin/sh\nexit 1\n");
    chmodSync(join(checkout, "bin", "npm"), 0o755);
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  const run = () =>
    spawnSync(process.execPath, ["toolchain/run.mjs", "none.ts"], {
      cwd: checkout,
      env: { ...process.env, PATH: `${join(checkout, "bin")}:${process.env.PATH}` },
      timeout: 20_000,
      encoding: "utf8",
    });

  it("waits for nobody where a lock names no process, as one that was written on a full disk", () => {
    for (const text of ["", "nonsense", "0"]) {
      const lock = join(checkout, ".gpu-clusters", "npm-ci.lock");
      writeFileSync(lock, text);
      const before = new Date(Date.now() - 60_000);
      utimesSync(lock, before, before);
      const { status, stderr } = run();
      assert.match(stderr, /npm ci failed/, JSON.stringify(text));
      assert.equal(status, 1);
    }
  });

  it("ends where no lock can be written, and says why", () => {
    rmSync(join(checkout, ".gpu-clusters"), { recursive: true });
    writeFileSync(join(checkout, ".gpu-clusters"), "");
    const { status, stderr } = run();
    assert.match(stderr, /^error: .*npm-ci\.lock.*|^error: .*\.gpu-clusters/m);
    assert.doesNotMatch(stderr, /^ {4}at /m);
    assert.equal(status, 1);
  });
}).timeout(90_000);
