/** What is to stay when a cluster goes, and what of it goes alone: `destroy` with Pulumi's own flags, `protect`, `retainOnDelete`. */
import assert from "node:assert/strict";
import { all, batch, done, FlagsScene, groupOf, workers } from "./flags-scene";
import { oneLife } from "./one-life";

describe("a destroy with Pulumi's flags, on the engine", function () {
  this.timeout(900_000);
  oneLife();
  let scene: FlagsScene;
  before(async () => {
    scene = await FlagsScene.start();
  });
  after(() => scene?.stop());

  it("--continue-on-error: the other group is made, and the next up mends the rest", async () => {
    const { stack, client } = scene;
    await scene.upWhole();
    const outcome = { status: 400, body: { code: 3, message: "not today", details: [] } };
    const match = { method: "GET", path: "/vms/flags-batch-1$" };
    await client.addFault({ cloud: "cudo", match, times: 100, effect: "before", outcome });
    scene.configure([
      { ...workers, minSize: 2 },
      { ...batch, minSize: 2 },
    ]);
    const cut = await stack.up("--continue-on-error");
    assert.ok(!cut.ok);
    assert.match(cut.text, /not today/);
    assert.deepEqual(await scene.vms(), [...all, "flags-workers-1"]);
    const groups = (await stack.outputs()).nodeGroups as { problems: string[] }[];
    assert.match(groups[1]!.problems.join(), /not today/);
    await client.clearFaults();
    await scene.upWhole();
    assert.ok((await scene.vms()).includes("flags-batch-1"));
  });

  it("--target: a group with what hangs on it, and the next up brings it back", async () => {
    const { stack } = scene;
    scene.configure([workers, batch]);
    await scene.upWhole();
    const before = await scene.vms();
    const alone = await stack.destroy("--target", groupOf("batch"));
    assert.ok(!alone.ok);
    assert.match(alone.text, /target-dependents/);
    const steps = await done(stack.destroy("--target", groupOf("batch"), "--target-dependents"));
    assert.ok(steps.includes("delete test-batch") && steps.includes("delete test-autoscaler"), steps.join("\n"));
    assert.ok(!steps.includes("delete test-workers"), steps.join("\n"));
    const rest = before.filter((id) => !id.includes("batch"));
    assert.deepEqual(await scene.vms(), rest);
    assert.doesNotMatch(await scene.kubectl("get", "deployments", "--all-namespaces", "-o", "name"), /autoscaler/);
    await scene.upWhole();
    assert.deepEqual(await scene.vms(), [all[0], ...rest].sort());
    assert.deepEqual(Object.keys(await scene.told()), ["batch", "workers"]);
  });

  it("protect by a transform: refused at the preview, and left out by --exclude-protected with what keeps the cluster's contents", async () => {
    const { stack } = scene;
    const types = ["gpu-clusters:cudo:Vm", "gpu-clusters:kubernetes:ApiServerReady"];
    scene.configure([workers, batch], { ofStack: Object.fromEntries(types.map((type) => [type, { protect: true }])) });
    await done(stack.up());
    // What a smaller `minSize` leaves goes when the autoscaler finds it idle.
    const there = await scene.vms();
    const refused = await stack.say("destroy", ["--preview-only"]);
    assert.ok(!refused.ok);
    assert.match(refused.text, /cannot be deleted\s+because it is protected/);
    const still = await scene.vms();
    assert.deepEqual(
      all.filter((id) => !still.includes(id) || !there.includes(id)),
      [],
    );
    await done(stack.destroy("--exclude-protected"));
    assert.deepEqual(await scene.vms(), ["flags-control-plane"]);
    scene.configure([workers, batch]);
    await scene.upWhole();
    assert.deepEqual([await scene.vms(), Object.keys(await scene.told())], [all, ["batch", "workers"]]);
  });

  it("whole, once nothing is protected: nothing is left", async () => {
    const { stack, client } = scene;
    await done(stack.destroy());
    const { cudo, machines } = await client.state();
    assert.deepEqual([cudo.vms, cudo.disks, cudo.networks, cudo.securityGroups, machines], [[], [], [], [], []]);
    assert.deepEqual(await stack.resources(), []);
  });

  it("retainOnDelete: what it left is refused with words, and nothing of it is touched", async () => {
    const { stack } = scene;
    scene.configure([workers], { options: { retainOnDelete: true } });
    await done(stack.up());
    await done(stack.destroy());
    assert.deepEqual(await stack.resources(), []);
    const left = await scene.vms();
    assert.deepEqual(left, ["flags-control-plane", "flags-workers-0"]);
    const again = await stack.up();
    assert.ok(!again.ok);
    assert.match(again.text, /exists already[^]*pulumi import gpu-clusters:cudo:Network/);
    assert.deepEqual(await scene.vms(), left);
  });
});
