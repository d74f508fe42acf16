import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";
import { SimulatorClient } from "../../simulator/client";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";
import { nodesOf } from "./nodes";
import { oneLife } from "./one-life";
import { secretTexts } from "./secret-texts";
import type { EngineStack } from "./stack";
import { until } from "../until";

const group = { ...cudoGroup, labels: { tier: "general" } };
const gpuGroup = {
  ...group,
  name: "gpu",
  vcpus: 8,
  memoryGib: 32,
  gpus: 1,
  gpuModel: "V100",
  taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
};

function configOf(nodeGroups: object[]): Record<string, unknown> {
  return {
    "pulumi-gpu-clusters:cloud": "cudo",
    "pulumi-gpu-clusters:noVault": true,
    "pulumi-gpu-clusters:clusterName": "life",
    "pulumi-gpu-clusters:cni": "none",
    "pulumi-gpu-clusters:controlPlane": { size: "sm" },
    "pulumi-gpu-clusters:nodeGroups": nodeGroups,
  };
}

describe("a Cudo cluster on the engine", function () {
  this.timeout(900_000);
  oneLife();

  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let stack: EngineStack;
  let directory: string;
  let kubeconfig: string;

  async function kubectl(...args: string[]): Promise<string> {
    const { stdout } = await runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, ...args], {});
    return stdout;
  }

  const nodes = () => nodesOf(environment.tools.kubectl, kubeconfig);

  async function reconfigure(nodeGroups: object[]): Promise<void> {
    stack.configure({ ...environment.providerConfig, ...configOf(nodeGroups) });
  }

  const vmIds = async () => (await client.state()).cudo.vms.map((vm) => vm.id).sort();

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    client = new SimulatorClient(environment.simulator.url);
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-life-"));
    kubeconfig = join(directory, "kubeconfig");
    stack = await environment.stack(configOf([group, gpuGroup]));
  });

  after(async () => {
    await environment.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("previews the whole cluster before anything exists, and writes nothing", async () => {
    const steps = await stack.preview();
    assert.ok(
      steps.length > 0 && steps.every((step) => step.op === "create"),
      JSON.stringify(steps.map((step) => step.op)),
    );
    assert.deepEqual(await vmIds(), []);
  });

  it("makes a cluster whose kubeconfig answers, with its nodes Ready", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    writeFileSync(kubeconfig, outputs.kubeconfig as string, { mode: 0o600 });
    await kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=20s");
    const all = await nodes();
    assert.equal(all.length, 3);
    const gpu = all.find((node) => node.metadata.labels["gpu-clusters/node-group"] === "gpu")!;
    assert.equal(gpu.metadata.labels["gpu-clusters/cluster"], "life");
    assert.equal(gpu.metadata.labels["gpu-clusters/role"], "worker");
    assert.equal(gpu.status.capacity["nvidia.com/gpu"], "1");
    assert.deepEqual(
      gpu.spec.taints?.map((taint) => taint.key),
      ["nvidia.com/gpu"],
    );
    assert.equal(gpu.spec.providerID, `cudo://${environment.simulator.cudo.projectId}/${gpu.metadata.name}`);
  });

  it("has the cluster's arguments in the state, where policies and previews look for them", async () => {
    const cluster = (await stack.resources()).find(({ type }) => type === "gpu-clusters:cudo:CudoCluster")!;
    const groups = (cluster.inputs.nodeGroups as { name: string }[]).map(({ name }) => name);
    assert.deepEqual([cluster.inputs.clusterName, groups], ["life", ["workers", "gpu"]]);
  });

  it("shows no change at a second preview", async () => {
    assert.deepEqual(await stack.preview(), []);
  });

  it("refuses another cloud, which would take the cluster down", async () => {
    const before = await vmIds();
    const another = {
      "pulumi-gpu-clusters:cloud": "aws",
      "aws:region": "us-west-2",
      "pulumi-gpu-clusters:keyPair": "ops",
    };
    stack.configure({ ...environment.providerConfig, ...another });
    const up = await stack.up();
    assert.ok(!up.ok);
    assert.match(up.text, /cloud: was cudo when the cluster "[^"]+" was made, and cannot become aws: /);
    assert.doesNotMatch(up.text, /invalid inputs|inputs that are not known|Unhandled/i);
    assert.deepEqual([await vmIds(), up.changes.delete ?? 0, up.changes.create ?? 0], [before, 0, 0]);
    await reconfigure([group, gpuGroup]);
  });

  it("refuses another prefix of names, by which the control plane would be another", async () => {
    const before = await vmIds();
    const another = { "pulumi-gpu-clusters:namePrefix": "up-" };
    stack.configure({ ...environment.providerConfig, ...configOf([group, gpuGroup]), ...another });
    const up = await stack.up();
    assert.ok(!up.ok);
    assert.match(up.text, /namePrefix: was "" when the cluster "[^"]+" was made, and cannot become "up-": /);
    assert.doesNotMatch(up.text, /inputs that are not known/);
    assert.deepEqual(await vmIds(), before);
    await reconfigure([group, gpuGroup]);
  });

  it("keeps every secret out of the state, the output and the simulator's log", async () => {
    const state = await stack.state();
    const plain = JSON.parse(await stack.state(true)) as object;
    const secrets = secretTexts(plain);
    assert.ok(secrets.length >= 8, `only ${secrets.length} secrets found: the scan would prove nothing`);
    const log = JSON.stringify(await client.requests()) + JSON.stringify(await client.state());
    const again = await stack.up();
    for (const secret of [...secrets, environment.simulator.cudo.apiKey]) {
      for (const [where, text] of Object.entries({ state, log, output: again.text })) {
        assert.ok(
          !text.includes(secret) && !text.includes(JSON.stringify(secret).slice(1, -1)),
          `a secret (${secret.slice(0, 24)}…) stands in the ${where}`,
        );
      }
    }
  });

  it("prints no secret however it is asked to", async () => {
    const secrets = [...secretTexts(JSON.parse(await stack.state(true))), environment.simulator.cudo.apiKey];
    const { text, events } = await stack.say("up", ["--json", "--debug"]);
    assert.match(`${text}${events}`, /RegisterResource RPC finished: [^\n]*ClusterCertificates[^\n]*not logged/);
    await holdsBack(stack, loudRuns, secrets);
  });

  it("changes a label in place, on the nodes that run", async () => {
    await reconfigure([{ ...group, labels: { tier: "batch" } }, gpuGroup]);
    const steps = await stack.preview();
    assert.deepEqual(
      steps.map((step) => [step.op, step.urn.split("::").at(-1)]),
      [
        ["update", "test"],
        ["update", "test-workers"],
        // It is told what nodes to come will have.
        ["replace", "test-autoscaler-config"],
        ["update", "test-autoscaler"],
      ],
    );
    const before = await vmIds();
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await vmIds(), before);
    const worker = (await nodes()).find((node) => node.metadata.labels["gpu-clusters/node-group"] === "workers")!;
    assert.equal(worker.metadata.labels.tier, "batch");
  });

  it("moves the size only to bring it into the bounds", async () => {
    await reconfigure([{ ...group, labels: { tier: "batch" }, minSize: 2, maxSize: 5 }, gpuGroup]);
    assert.ok((await stack.up()).ok);
    assert.equal((await nodes()).length, 4);
    await reconfigure([{ ...group, labels: { tier: "batch" }, minSize: 0, maxSize: 1 }, gpuGroup]);
    const shrunk = await stack.up();
    assert.ok(shrunk.ok, shrunk.text);
    assert.equal((await nodes()).length, 3);
    assert.deepEqual(await stack.preview(), []);
  });

  it("sees at refresh what another hand did, and `up` mends it", async () => {
    const lost = (await nodes()).find((node) => node.metadata.labels["gpu-clusters/node-group"] === "gpu")!.metadata
      .name;
    const { baseUrl, apiKey, projectId } = environment.simulator.cudo;
    await fetch(`${baseUrl}/v1/projects/${projectId}/vms/${lost}/terminate`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    await until("its end", async () => !(await vmIds()).includes(lost));
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const mended = await stack.up();
    assert.ok(mended.ok, mended.text);
    assert.equal((await nodes()).filter((node) => node.metadata.labels["gpu-clusters/node-group"] === "gpu").length, 1);
    assert.deepEqual(await stack.preview(), []);
  });

  async function loseControlPlane(): Promise<void> {
    const { baseUrl, apiKey, projectId } = environment.simulator.cudo;
    await fetch(`${baseUrl}/v1/projects/${projectId}/vms/life-control-plane/terminate`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    await until("its end", async () => !(await vmIds()).includes("life-control-plane"));
  }

  async function mendsByUp(): Promise<void> {
    const mended = await stack.previewed("up");
    assert.ok(mended.ok, mended.text);
    writeFileSync(kubeconfig, String((await stack.outputs()).kubeconfig), { mode: 0o600 });
    assert.deepEqual(
      (await nodes()).map(({ metadata }) => metadata.labels["gpu-clusters/node-group"] ?? "control plane").sort(),
      ["control plane", "workers"],
    );
    assert.match(await kubectl("get", "daemonsets", "--namespace", "kube-flannel", "-o", "name"), /kube-flannel-ds/);
    assert.match(await kubectl("get", "pods", "--namespace", "kube-system", "-o", "name"), /autoscaler/);
    assert.deepEqual(await stack.preview(), []);
  }

  it("makes anew what was in the cluster when the machine is lost that kept it, and its nodes", async () => {
    const groups = { "pulumi-gpu-clusters:nodeGroups": [{ ...group, minSize: 1, maxSize: 2 }] };
    const config = { ...environment.providerConfig, ...configOf([]), ...groups, "pulumi-gpu-clusters:cni": "flannel" };
    stack.configure(config);
    const before = await stack.up();
    assert.ok(before.ok, before.text);
    await loseControlPlane();
    // Pulumi's provider cannot tell a cluster that is gone from one that is away, and says what to set.
    const refused = await stack.previewed("refresh");
    assert.match(refused.text, /PULUMI_K8S_DELETE_UNREACHABLE/);
    const forgotten = await stack.previewed("refresh", [], { PULUMI_K8S_DELETE_UNREACHABLE: "true" });
    assert.ok(forgotten.ok, forgotten.text);
    await mendsByUp();
  });

  it("forgets what was in the lost cluster by itself, where the machine alone was refreshed", async () => {
    await loseControlPlane();
    const refreshed = await stack.previewed("refresh", ["--target", "**Vm::test-control-plane"]);
    assert.match(refreshed.text, /Vm test-control-plane deleted/);
    await mendsByUp();
  });

  it("makes the cluster anew whose control plane is to be replaced", async () => {
    const urn = (await stack.resources()).find((each) => each.urn.endsWith("Vm::test-control-plane"))!.urn;
    const replaced = await stack.previewed("up", ["--replace", urn]);
    assert.ok(replaced.ok, replaced.text);
    await mendsByUp();
  });

  it("leaves nothing behind, and prints no secret as it goes", async () => {
    const secrets = secretTexts(JSON.parse(await stack.state(true)));
    await holdsBack(stack, [loudDestroy], secrets);
    const { cudo, machines } = await client.state();
    assert.deepEqual([cudo.vms, cudo.disks, cudo.networks, cudo.securityGroups, machines], [[], [], [], [], []]);
    assert.deepEqual(await stack.resources(), []);
  });
});
