import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";

const checkout = join(__dirname, "..", "..");

interface Started {
  stack: string;
  kubeconfig: string;
  outputs: Record<string, unknown>;
  seconds: number;
}

describe("npm start and npm stop", function () {
  this.timeout(120_000);
  let directory: string;

  async function npm(...args: string[]): Promise<{ stdout: string; stderr: string; exitCode?: number }> {
    const env = { GPU_CLUSTERS_STATE_DIR: directory };
    const settings = { cwd: checkout, env, reject: false, timeout: 100_000 } as const;
    return runCommand("npm", ["run", "--silent", ...args], settings);
  }

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-start-"));
  });

  after(async () => {
    if (existsSync(join(directory, "simulator", "simulator.json"))) await npm("stop");
    rmSync(directory, { recursive: true, force: true });
  });

  it("ends with a kubeconfig that answers, goes on when started again, and leaves nothing", async () => {
    const port = String(await freePort());
    const started = await npm("start", "--", "--json", "--port", port, "--machines", "light");
    assert.equal(started.exitCode, 0, started.stderr);
    const last = JSON.parse(started.stdout.trim().split("\n").at(-1)!) as Started;
    assert.deepEqual([last.stack, last.outputs.status], ["local", "ready"]);
    assert.equal(last.outputs.kubeconfig, "[secret]");
    assert.ok(last.seconds > 0);
    assert.equal(statSync(last.kubeconfig).mode & 0o777, 0o600);

    const { kubectl } = await ensureTools(["kubectl"]);
    const ready = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=20s"];
    const { stdout } = await runCommand(kubectl, ["--kubeconfig", last.kubeconfig, ...ready], {});
    assert.equal(stdout.trim().split("\n").length, 3, stdout);

    const again = await npm("start", "--", "--json");
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stderr, /11 unchanged/);

    const stopped = await npm("stop");
    assert.equal(stopped.exitCode, 0, `${stopped.stdout}${stopped.stderr}`);
    assert.match(stopped.stdout + stopped.stderr, /Nothing is left/);
    assert.equal(existsSync(last.kubeconfig), false);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/_simulator/health`));
  });

  it("says which stacks there are when it is given another", async () => {
    const { exitCode, stderr } = await npm("start", "--", "nowhere");
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /Pulumi\.nowhere\.yaml is missing/);
    assert.match(stderr, /local/);
  });
});
