import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";
import { until } from "../until";

const checkout = join(__dirname, "..", "..");

interface Started {
  stack: string;
  kubeconfig: string;
  outputs: Record<string, unknown>;
  seconds: number;
}

describe("npm start and npm stop", function () {
  this.timeout(900_000);
  let directory: string;
  let running: string;

  async function npm(...args: string[]): Promise<{ stdout: string; stderr: string; exitCode?: number }> {
    const env = { GPU_CLUSTERS_STATE_DIR: directory };
    const settings = { cwd: checkout, env, reject: false, timeout: 280_000 } as const;
    return runCommand("npm", ["run", "--silent", ...args], settings);
  }

  /** Runs `npm start` for the stack on a simulator of its own, which `npm stop` ends. */
  async function started(stack: string): Promise<Started & { port: number }> {
    const port = await freePort();
    running = stack;
    const result = await npm("start", "--", stack, "--json", "--port", String(port), "--machines", "light");
    assert.equal(result.exitCode, 0, result.stderr);
    const last = JSON.parse(result.stdout.trim().split("\n").at(-1)!) as Started;
    assert.deepEqual([last.stack, last.outputs.status, last.outputs.kubeconfig], [stack, "ready", "[secret]"]);
    assert.ok(last.seconds > 0);
    assert.equal(statSync(last.kubeconfig).mode & 0o777, 0o600);
    return { ...last, port };
  }

  async function readyNodes(kubeconfig: string): Promise<number> {
    const { kubectl } = await ensureTools(["kubectl"]);
    const ready = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"];
    const { stdout } = await runCommand(kubectl, ["--kubeconfig", kubeconfig, ...ready], {});
    return stdout.trim().split("\n").length;
  }

  /** docs/autoscaling.md. */
  async function growsAndShrinks(kubeconfig: string): Promise<void> {
    const { kubectl } = await ensureTools(["kubectl"]);
    const run = async (...args: string[]) =>
      (await runCommand(kubectl, ["--kubeconfig", kubeconfig, ...args], { cwd: checkout })).stdout;
    const gpuNodes = async () => (await run("get", "nodes", "-l", "gpu-clusters/node-group=gpu", "-o", "name")).trim();
    await run("apply", "-f", "examples/gpu-deployment.yaml");
    await run("rollout", "status", "deployment/train", "--timeout=150s");
    assert.equal((await gpuNodes()).split("\n").length, 3);
    await run("scale", "deployment/train", "--replicas=0");
    await until("one node is left", async () => (await gpuNodes()).split("\n").length === 1, 150_000);
  }

  async function stopped({ stack, kubeconfig, port }: Started & { port: number }): Promise<void> {
    const { exitCode, stdout, stderr } = await npm("stop", "--", stack);
    assert.equal(exitCode, 0, `${stdout}${stderr}`);
    assert.match(stdout + stderr, /Nothing is left/);
    assert.equal(existsSync(kubeconfig), false);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/_simulator/health`));
  }

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-start-"));
  });

  after(async () => {
    if (existsSync(join(directory, "simulator", "simulator.json"))) await npm("stop", "--", running);
    rmSync(directory, { recursive: true, force: true });
  });

  it("end with a kubeconfig that answers, go on when started again, and leave nothing", async () => {
    const cluster = await started("local");
    assert.equal(await readyNodes(cluster.kubeconfig), 3);
    const again = await npm("start", "--", "--json");
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stderr, /Resources:\n\s+\d+ unchanged\n/);
    await growsAndShrinks(cluster.kubeconfig);
    await stopped(cluster);
  });

  it("do the same for AWS, the whole of Pulumi.aws.yaml", async () => {
    const cluster = await started("aws");
    assert.equal(await readyNodes(cluster.kubeconfig), 2);
    assert.match(String(cluster.outputs["vpcId"]), /^vpc-/);
    await stopped(cluster);
  });

  it("say which stacks there are when they are given another", async () => {
    const { exitCode, stderr } = await npm("start", "--", "nowhere");
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /Pulumi\.nowhere\.yaml is missing/);
    assert.match(stderr, /local/);
  });
});
