/** Pulumi and the autoscaler at the same groups: the add-on's pod really runs, and moves sizes while Pulumi does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { runCommand } from "../../toolchain/tools/command";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const place = { role: "worker", diskSizeGib: 50, dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" };
const workers = { ...place, name: "workers", minSize: 1, maxSize: 1, vcpus: 4, memoryGib: 16 };
const gpus = { ...place, name: "gpu", minSize: 0, maxSize: 3, vcpus: 8, memoryGib: 32, gpus: 1, gpuModel: "V100" };
const soonMs = 90_000;

/** Each replica takes one GPU, and each machine has one. */
const training = (name: string, replicas: number) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: "main", image: "example.test/training", resources: { limits: { "nvidia.com/gpu": 1 } } }],
      },
    },
  },
});

describe("a cluster on the engine whose groups are autoscaled", function () {
  this.timeout(600_000);
  oneLife();

  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let stack: EngineStack;
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-autoscaling-"));
  const kubeconfig = join(directory, "kubeconfig");

  const configOf = (...nodeGroups: object[]) => ({
    "pulumi-gpu-clusters:cloud": "cudo",
    "pulumi-gpu-clusters:noVault": true,
    "pulumi-gpu-clusters:clusterName": "busy",
    "pulumi-gpu-clusters:cni": "none",
    "pulumi-gpu-clusters:controlPlane": { size: "sm" },
    "pulumi-gpu-clusters:scaleDownAfter": "5s",
    "pulumi-gpu-clusters:nodeGroups": nodeGroups,
  });
  const reconfigure = (...nodeGroups: object[]) =>
    stack.configure({ ...environment.providerConfig, ...configOf(...nodeGroups) });

  async function kubectl(args: string[], input?: object): Promise<string> {
    const { stdout } = await runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, ...args], {
      ...(input && { input: JSON.stringify(input) }),
    });
    return stdout;
  }
  const apply = (object: object) => kubectl(["apply", "-f", "-"], object);
  const scale = (name: string, replicas: number) => kubectl(["scale", `deployment/${name}`, `--replicas=${replicas}`]);
  const machines = async () => (await client.state()).cudo.vms.map(({ id }) => id).filter((id) => id.includes("-gpu-"));
  const nodes = async () => {
    const text = await kubectl(["get", "nodes", "-l", "gpu-clusters/node-group=gpu", "-o", "name"]);
    return text.split("\n").filter((line) => line !== "");
  };
  const running = async (name: string) => {
    const fields = ["-l", `app=${name}`, "--field-selector=status.phase=Running", "-o", "name"];
    return (await kubectl(["get", "pods", ...fields])).split("\n").filter((line) => line !== "").length;
  };

  /** Whoever moved sizes ran on these machines: with them gone, nobody makes another one. */
  const leavesNothing = async () => {
    await until("no machine is left", async () => (await client.state()).machines.length === 0, soonMs);
    assert.deepEqual((await client.state()).cudo.vms, []);
  };

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    client = new SimulatorClient(environment.simulator.url);
    stack = await environment.stack(configOf(workers, gpus));
  });
  after(async () => {
    await environment.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("grows a group from zero for pods that wait", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    writeFileSync(kubeconfig, (await stack.outputs())["kubeconfig"] as string, { mode: 0o600 });
    assert.deepEqual(await machines(), []);
    await apply(training("train", 2));
    await until("both pods run", async () => (await running("train")) === 2, soonMs);
    assert.equal((await machines()).length, 2);
  });

  it("is no difference to Pulumi, before and after a refresh", async () => {
    assert.deepEqual(await stack.preview(), []);
    const refresh = await stack.refresh();
    assert.ok(refresh.ok, refresh.text);
    assert.deepEqual(await stack.preview(), []);
    assert.equal((await machines()).length, 2);
  });

  it("goes on growing while `up` changes the bounds, and makes nothing twice", async () => {
    reconfigure(workers, { ...gpus, maxSize: 5 });
    await scale("train", 5);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    await until("all pods run", async () => (await running("train")) === 5, soonMs);
    assert.equal((await machines()).length, 5);
    assert.deepEqual(await stack.preview(), []);
  });

  it("keeps to bounds that `up` has lowered, and leaves machines that are used", async () => {
    reconfigure(workers, { ...gpus, maxSize: 4 });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    await until("a machine goes", async () => (await machines()).length === 4, soonMs);
    await until("the rest runs", async () => (await running("train")) === 4, soonMs);
    assert.equal((await machines()).length, 4);
    assert.deepEqual(await stack.preview(), []);
  });

  it("shrinks to zero when nobody needs the machines, with their nodes", async () => {
    await scale("train", 0);
    await until("no machine is left", async () => (await machines()).length === 0, 2 * soonMs);
    await until("no node is left", async () => (await nodes()).length === 0, 3 * soonMs);
  });

  it("leaves nothing of a group that has left the program, and does not make it again", async () => {
    await scale("train", 1);
    await until("a machine is there", async () => (await running("train")) === 1, soonMs);
    reconfigure(workers);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    // The server that knew the group ends before this one begins.
    const rollout = ["rollout", "status", "deployment/gpu-clusters-autoscaler", "-n", "kube-system"];
    await kubectl([...rollout, `--timeout=${(2 * soonMs) / 1000}s`]);
    assert.deepEqual(await machines(), []);
    assert.deepEqual(await stack.preview(), []);
  });

  it("destroys all while the group grows", async () => {
    reconfigure(workers, gpus);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    await scale("train", 3);
    await until("a machine is asked for", async () => (await machines()).length > 0, soonMs);
    await client.clearRequests();
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    const acts = (await client.requests()).map(({ operation }) => operation);
    assert.ok(acts.includes("TerminateVM"));
    assert.ok(!acts.slice(acts.indexOf("TerminateVM")).includes("CreateVM"), acts.join());
    const deletions = destroy.events.split("\n").filter((line) => /"resourcePreEvent".*"op":"delete"/.test(line));
    const first = (type: string) => deletions.findIndex((line) => line.includes(`"type":"gpu-clusters:${type}"`));
    assert.ok(first("kubernetes:DeploymentStopped") >= 0, deletions.join("\n"));
    assert.ok(first("kubernetes:DeploymentStopped") < first("cudo:NodeGroup"));
    await leavesNothing();
  });

  it("destroys all when the API server no longer answers, and the group is not made again", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    writeFileSync(kubeconfig, (await stack.outputs())["kubeconfig"] as string, { mode: 0o600 });
    await apply(training("train", 3));
    await until("a machine is asked for", async () => (await machines()).length > 0, soonMs);
    await client.powerCut(`cudo/${environment.simulator.cudo.projectId}/busy-control-plane`);
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    await leavesNothing();
  });
});
