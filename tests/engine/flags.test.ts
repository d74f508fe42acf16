/** What Pulumi's own flags and options do to a cluster that is there: from a plan, to a part of it, by transforms. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../until";
import { all, batch, done, FlagsScene, groupOf, workers } from "./flags-scene";
import { oneLife } from "./one-life";
import { stepsOf } from "./steps";

describe("Pulumi's flags and options on the engine", function () {
  this.timeout(900_000);
  oneLife();
  let scene: FlagsScene;
  before(async () => {
    scene = await FlagsScene.start();
  });
  after(() => scene?.stop());

  it("a plan: what a preview has saved is made, and nothing else", async () => {
    const { stack } = scene;
    const plan = join(scene.directory, "plan.json");
    await done(stack.say("preview", ["--save-plan", plan]));
    const made = await done(stack.up("--plan", plan));
    assert.ok(made.length > 20 && made.every((step) => step.startsWith("create ")), made.join("\n"));
    await scene.login();
    assert.deepEqual([await scene.vms(), await stack.preview()], [all, []]);
    scene.configure([{ ...workers, maxSize: 2 }, batch]);
    await done(stack.say("preview", ["--save-plan", plan]));
    scene.configure([
      { ...workers, maxSize: 2 },
      { ...batch, maxSize: 2 },
    ]);
    const more = await stack.up("--plan", plan);
    assert.ok(!more.ok);
    assert.match(more.text, /violates plan/);
    scene.configure([{ ...workers, maxSize: 2 }, batch]);
    assert.ok((await done(stack.up("--plan", plan))).includes("update test-workers"));
    assert.deepEqual([await stack.preview(), (await scene.told()).workers!.maxSize], [[], 2]);
  });

  it("--target: the group alone, and the autoscaler is told with --target-dependents, or by the next whole up", async () => {
    const { stack } = scene;
    const night = { ...batch, labels: { tier: "night" } };
    scene.configure([{ ...workers, maxSize: 4 }, night]);
    const target = ["--target", groupOf("workers")];
    assert.deepEqual(stepsOf(await stack.say("preview", target)), ["update test-workers"]);
    assert.deepEqual(await done(stack.up(...target)), ["update test-workers"]);
    const before = await scene.told();
    assert.deepEqual([before.workers!.maxSize, before.batch!.tier], [2, "general"]);
    scene.configure([{ ...workers, maxSize: 5 }, night]);
    await done(stack.up(...target, "--target-dependents"));
    assert.equal((await scene.told()).workers!.maxSize, 5);
    assert.deepEqual(await scene.tiersOf("batch"), ["general"]);
    scene.configure([{ ...workers, maxSize: 4 }, night]);
    await done(stack.up(...target));
    const rest = await scene.upWhole();
    assert.ok(rest.includes("update test-batch") && !rest.includes("update test-workers"), rest.join("\n"));
    const after = await scene.told();
    assert.deepEqual([after.workers!.maxSize, after.batch!.tier], [4, "night"]);
    assert.deepEqual([await scene.tiersOf("batch"), await scene.vms()], [["night"], all]);
  });

  it("--exclude: all but the group, with --exclude-dependents what hangs on it too", async () => {
    const { stack } = scene;
    scene.configure([{ ...workers, labels: { tier: "day" } }, batch]);
    const steps = await done(stack.up("--exclude", groupOf("workers"), "--exclude-dependents"));
    assert.ok(steps.includes("update test-batch") && !steps.includes("update test-workers"), steps.join("\n"));
    assert.deepEqual([await scene.tiersOf("workers"), await scene.tiersOf("batch")], [["general"], ["general"]]);
    assert.equal((await scene.told()).workers!.maxSize, 4);
    await scene.upWhole();
    assert.deepEqual([await scene.tiersOf("workers"), (await scene.told()).workers!.maxSize], [["day"], 3]);
  });

  it("a group of its own is left out, and made by --target", async () => {
    const { stack } = scene;
    const more = { ...workers, name: "more" };
    scene.configure([{ ...workers, labels: { tier: "day" } }, batch, more]);
    await done(stack.up("--exclude", groupOf("more"), "--exclude-dependents"));
    assert.deepEqual(await scene.vms(), all);
    assert.deepEqual(await done(stack.up("--target", groupOf("more"))), ["create test-more"]);
    assert.deepEqual(await scene.vms(), [...all, "flags-more-0"].sort());
    await scene.upWhole();
    assert.deepEqual(Object.keys(await scene.told()), ["batch", "more", "workers"]);
    scene.configure([{ ...workers, labels: { tier: "day" } }, batch]);
    await scene.upWhole();
    assert.deepEqual(await scene.vms(), all);
  });

  it("up --refresh, refresh --run-program and previews that refresh find what somebody took away", async () => {
    const { stack } = scene;
    await done(stack.refresh("--run-program"));
    assert.deepEqual(await stack.preview(), []);
    await scene.terminate("flags-batch-0");
    await until("its end", async () => !(await scene.vms()).includes("flags-batch-0"));
    const shown = await stack.say("preview", ["--refresh", "--diff"]);
    assert.ok(shown.ok, shown.text);
    assert.match(shown.text, /test-batch/);
    await done(stack.up("--refresh", "--parallel", "1"));
    assert.deepEqual([await scene.vms(), await stack.preview()], [all, []]);
  });

  it("ignoreChanges by a transform of the stack or of the cluster: nodes stay as they are", async () => {
    const { stack } = scene;
    scene.configure([{ ...workers, labels: { tier: "day" } }, batch]);
    await scene.upWhole();
    const labelled = [{ ...workers, labels: { tier: "other" } }, batch];
    // The script that a machine begins with has its labels too.
    for (const [where, ignoreChanges] of [
      ["ofStack", ["labels", "startScript"]],
      ["ofCluster", ["labels", "startScript"]],
      ["ofStack", ["*"]],
    ] as const) {
      scene.configure(labelled, { [where]: { "gpu-clusters:cudo:NodeGroup": { ignoreChanges } } });
      const steps = await done(stack.say("preview", []));
      assert.ok(!steps.includes("update test-workers"), `${where} ${ignoreChanges.join()}: ${steps.join("\n")}`);
    }
    await scene.upWhole();
    assert.deepEqual(await scene.tiersOf("workers"), ["day"]);
    scene.configure(labelled);
    await scene.upWhole();
    assert.deepEqual(await scene.tiersOf("workers"), ["other"]);
  });
});
