import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";
import { key, mithrilConfig, region, spotGroup } from "./mithril-config";
import { isReady, nodesOf, type Node } from "./nodes";
import { oneLife } from "./one-life";
import { secretTexts } from "./secret-texts";
import type { EngineStack } from "./stack";
import { until } from "../until";

const market = `h100-80gb.sxm.8x/${region}`;

const privateKey = "pulumi-gpu-clusters:sshPrivateKey";

describe("a Mithril cluster on the engine", function () {
  this.timeout(400_000);
  oneLife();

  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let stack: EngineStack;
  let directory: string;
  let program: string;
  let kubeconfig: string;

  /** Without the key, which is set as a secret: Pulumi shows, and keeps in its history, what a config has in plain text. */
  const configOf = (group: object) => ({
    ...mithrilConfig(environment.simulator, "life", [group]),
    [privateKey]: undefined,
  });

  const mithril = async () => (await client.state()).mithril;
  const liveBids = async () => (await mithril()).bids.filter(({ status }) => status !== "Terminated");
  const setPrice = (spotPriceCents: number) =>
    client.setConditions("mithril", { markets: { [market]: { spotPriceCents } } });

  async function nodes(): Promise<Node[]> {
    const items = await nodesOf(environment.tools.kubectl, kubeconfig);
    return items.filter((node) => "nvidia.com/gpu" in node.status.capacity);
  }

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    client = new SimulatorClient(environment.simulator.url);
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-life-"));
    kubeconfig = join(directory, "kubeconfig");
    program = await compiledDefaultProgram();
    stack = await environment.stack(configOf(spotGroup), { program });
    await stack.setSecret(privateKey, key.private);
  });

  after(async () => {
    await environment?.stop();
    for (const folder of [directory, program]) if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("previews the whole cluster before anything exists, and writes nothing", async () => {
    const steps = await stack.preview();
    assert.ok(steps.length >= 10 && steps.every((step) => step.op === "create"));
    assert.deepEqual((await mithril()).clusters, []);
  });

  it("makes a cluster whose kubeconfig, read over SSH, answers, with its node Ready and its share attached", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    assert.match(outputs.kubeconfig as string, /current-context: mithril:life/);
    writeFileSync(kubeconfig, outputs.kubeconfig as string, { mode: 0o600 });
    const [node, ...others] = await nodes();
    assert.deepEqual([isReady(node!), node!.status.capacity["nvidia.com/gpu"], others], [true, "8", []]);
    const { volumes, clusters } = await mithril();
    assert.equal(outputs.clusterId, clusters[0]!.fid);
    const [bid] = await liveBids();
    assert.deepEqual(bid!.launch_specification.volumes, [volumes[0]!.fid]);
    assert.equal(volumes[0]!.name, "datasets");
  });

  it("shows no change at a second preview, nor after a refresh", async () => {
    assert.deepEqual(await stack.preview(), []);
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    assert.deepEqual(await stack.preview(), []);
  });

  it("keeps private key and credentials out of the state and the output", async () => {
    const state = await stack.state();
    const { kubeconfig: text } = await stack.outputs();
    const token = /(?:client-key-data|token): (\S+)/.exec(text as string)![1]!;
    const again = await stack.up();
    const body = key.private.split("\n").at(2)!;
    for (const [where, content] of Object.entries({ state, output: again.text })) {
      assert.ok(!content.includes(token) && !content.includes(body), `a secret stands in the ${where}`);
    }
  });

  it("prints no secret however it is asked to", async () => {
    const secrets = secretTexts(JSON.parse(await stack.state(true)));
    assert.ok(secrets.includes(key.private), "the state has the key as a secret");
    await holdsBack(stack, loudRuns, secrets);
  });

  it("grows while its bids are outbid, and ends when they win again", async () => {
    await setPrice(9000);
    await until("the bid is outbid", async () => (await liveBids()).every(({ status }) => status !== "Allocated"));
    stack.configure({ ...environment.providerConfig, ...configOf({ ...spotGroup, minSize: 2 }) });
    const growing = stack.up();
    await until("the second bid is placed", async () => (await liveBids()).length === 2);
    await until("no node is left that takes pods", async () => !(await nodes()).some(isReady));
    await setPrice(1600);
    const up = await growing;
    assert.ok(up.ok, up.text);
    assert.equal((await nodes()).filter(isReady).length, 2);
    assert.deepEqual(
      (await liveBids()).map(({ status }) => status),
      ["Allocated", "Allocated"],
    );
  });

  it("shows at refresh what became of bids, as no difference to mend", async () => {
    await setPrice(9000);
    await until("the bids are outbid", async () => (await liveBids()).every(({ status }) => status !== "Allocated"));
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const unchanged = await stack.up("--expect-no-changes");
    assert.ok(unchanged.ok, unchanged.text);
    const [{ machines, problems }] = (await stack.outputs()).nodeGroups as [
      { machines: { nodeName: string; orderStatus: string; instanceStatus: string }[]; problems: string[] },
    ];
    assert.equal(machines.length, 2);
    for (const { nodeName, orderStatus, instanceStatus } of machines) {
      assert.match(
        `${nodeName} ${orderStatus} ${instanceStatus}`,
        /^life-gpu-\d-1 (Preempting|Open) STATUS_PREEMPT(ING|ED)$/,
      );
    }
    assert.match(problems.join(), /outbid|the market in us-central5-a is at \$90\.00/);
  });

  it("leaves nothing behind, and prints no secret as it goes", async () => {
    const secrets = secretTexts(JSON.parse(await stack.state(true)));
    await holdsBack(stack, [loudDestroy], secrets);
    const { clusters, sshKeys, volumes, instances } = await mithril();
    assert.deepEqual(await liveBids(), []);
    assert.ok(clusters.every(({ status }) => status === "Terminated"));
    assert.ok(instances.every(({ status }) => status === "STATUS_TERMINATED"));
    assert.ok(volumes.every(({ deleted }) => deleted));
    assert.deepEqual([sshKeys, (await client.state()).machines, await stack.resources()], [[], [], []]);
  });
});
