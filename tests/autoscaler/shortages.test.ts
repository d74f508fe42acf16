import assert from "node:assert/strict";
import { FakeCloudOfMachines } from "./fake-cloud";
import { GroupScene, staleMs } from "./scene";

describe("a node group whose cloud is out of machines", () => {
  it("shows those that do not come as failed, takes them back, and asks for fewer", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    scene.cloud.capacity = 2;
    scene.group.increase(3);
    await scene.settle();
    assert.deepEqual(scene.states, ["running", "running", "creating capacity", "creating capacity"]);
    assert.equal(scene.stockOuts.length, 1);
    const ids = scene.group.instances().map(({ id }) => id);
    await scene.settle();
    assert.deepEqual(
      scene.group.instances().map(({ id }) => id),
      ids,
      "the same ids while the attempt lasts",
    );
    scene.giveBack();
    assert.equal(scene.group.target, 2);
    await scene.settle();
    assert.equal(scene.cloud.target, 2, "a fleet that keeps trying would buy the machines an hour later");
  });

  for (const [direction, hours] of [
    ["back", -1],
    ["forward", 1],
  ] as const) {
    it(`finds why machines do not come, and no older reason, when the clock is set ${direction}`, async () => {
      const { now } = Date;
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
      const begun = now() - scene.time;
      const at = (minutes: number) => new Date(begun + scene.time + minutes * 60_000);
      scene.cloud.problem({ kind: "capacity", message: "an old reason", at: at(-30) });
      scene.cloud.problem({ kind: "capacity", message: "one that was over", at: at(-0.9) });
      await scene.turn(staleMs + 1);
      try {
        Date.now = () => now() + hours * 3_600_000;
        scene.cloud.capacity = 1;
        scene.group.increase(1);
        await scene.turn();
        await scene.turn(staleMs);
        assert.deepEqual(scene.states, ["running"], "nobody has said anything yet");
        scene.cloud.problem({ kind: "capacity", message: "the reason", at: at(0) });
        await scene.turn(staleMs);
        assert.deepEqual(
          scene.stockOuts.map(({ message }) => message),
          ["the reason"],
        );
      } finally {
        Date.now = now;
      }
    });
  }

  it("gives up an order for each machine that is lost as soon as it is made: the cloud makes and charges another each time", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    scene.group.increase(2);
    await scene.turn();
    scene.cloud.tick();
    await scene.turn();
    for (let round = 0; round < 6 && scene.cloud.target > 1; round++) {
      const launched = scene.cloud.machines.filter(({ state }) => state === "creating");
      for (const { id: machineId } of launched) {
        scene.cloud.lose(machineId);
        scene.cloud.problem({ kind: "rejected", machineId, message: "its key cannot be used", at: new Date() });
      }
      scene.cloud.refill();
      await scene.turn();
      scene.giveBack();
      await scene.turn();
      scene.cloud.finishRemovals();
    }
    await scene.settle();
    assert.equal(scene.cloud.target, 1);
    assert.deepEqual(scene.states, ["running"]);
    assert.ok(scene.cloud.made <= 1 + 2 + 2 + 1, `${scene.cloud.made} machines were made`);
    assert.match(scene.stockOuts[0]!.message, /its key cannot be used/);
  });

  it("takes back what was made in the place of a lost machine, and none that was ordered", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    scene.group.increase(3);
    await scene.turn();
    scene.cloud.tick();
    await scene.turn();
    const [, lost, ...ordered] = scene.cloud.machines.map(({ id }) => id);
    scene.cloud.lose(lost!);
    scene.cloud.refill();
    await scene.turn();
    scene.cloud.problem({ kind: "quota", machineId: lost!, message: "too many disks", at: new Date() });
    await scene.turn();
    await scene.turn();
    assert.deepEqual(scene.cloud.removed, ["m-4"]);
    assert.equal(scene.cloud.target, 3, "at once, because each is paid for");
    // EC2 ended it before it was removed: it stands for no order.
    scene.cloud.problem({ kind: "quota", machineId: "m-4", message: "too many disks", at: new Date() });
    scene.cloud.tick();
    await scene.turn();
    assert.deepEqual(scene.states, ["running", "running", "running", "creating quota"]);
    scene.giveBack();
    await scene.settle();
    assert.deepEqual([scene.group.target, scene.cloud.target], [3, 3]);
    assert.deepEqual(
      scene.cloud.live.map(({ id }) => id),
      ["m-0", ...ordered],
    );
    await scene.cloud.resize(5);
    await scene.settle();
    assert.equal(scene.group.target, 5, "what others make of the group later counts again");
  });

  it("does not ask again for what was refused, until it is asked to", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }, new FakeCloudOfMachines("m")).grown(1);
    scene.cloud.capacity = 2;
    scene.group.increase(3);
    await scene.settle();
    assert.deepEqual(scene.states, ["running", "running", "creating capacity", "creating capacity"]);
    assert.equal(scene.cloud.calls.filter((call) => call === "resize").length, 1);
    scene.giveBack();
    scene.cloud.capacity = 9;
    await scene.settle();
    assert.deepEqual([scene.group.target, scene.cloud.live.length], [2, 2]);
    scene.group.increase(2);
    await scene.settle();
    assert.deepEqual([scene.group.target, scene.cloud.live.length], [4, 4]);
  });

  it("uses fresh ids for another attempt, and after a restart", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
    scene.cloud.capacity = 0;
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 3; attempt++) {
      if (attempt === 2) {
        scene.restart();
        await scene.turn();
      }
      scene.group.increase(2);
      await scene.settle();
      const ids = scene.group.instances().map(({ id }) => id);
      assert.equal(ids.length, 2);
      for (const id of ids) assert.ok(!seen.has(id) && seen.add(id));
      scene.giveBack();
      await scene.settle();
    }
  });

  it("takes placeholders back below the minimum, where a refusal would be asked for again for ever", async () => {
    const scene = new GroupScene({ minSize: 2, maxSize: 5 });
    scene.cloud.capacity = 0;
    scene.cloud.target = 2;
    await scene.settle();
    assert.deepEqual(scene.states, ["creating capacity", "creating capacity"]);
    scene.giveBack();
    assert.equal(scene.group.target, 0);
  });

  it("drops placeholders whose machines come after all, and then takes their removal for done", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
    scene.cloud.capacity = 0;
    scene.group.increase(2);
    await scene.settle();
    const late = scene.group.instances();
    scene.cloud.capacity = 9;
    await scene.settle();
    assert.deepEqual(scene.states, ["running", "running"]);
    scene.group.remove(late.map(({ id }) => ({ providerId: id, name: id })));
    assert.equal(scene.group.target, 2);
  });

  it("waits for machines that still come, one after the other", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
    scene.group.increase(2);
    await scene.turn();
    scene.cloud.problem({ kind: "capacity", message: "one of two zones is full", at: new Date() });
    scene.reconciler.wake();
    await scene.turn(10_000);
    assert.deepEqual(scene.states, []);
    scene.cloud.tick();
    await scene.turn();
    assert.deepEqual(scene.states, ["creating", "creating"]);
    assert.deepEqual(scene.stockOuts, []);
  });

  it("shows a machine that the cloud has but never runs as failed, and lets it go below the minimum", async () => {
    const scene = await new GroupScene({ minSize: 1, maxSize: 5 }).grown(0);
    scene.group.increase(1);
    await scene.turn();
    scene.cloud.tick();
    const { id } = scene.cloud.machines[0]!;
    scene.cloud.problem({ kind: "capacity", message: "outbid", at: new Date(), machineId: id });
    await scene.turn();
    assert.deepEqual(scene.states, ["creating capacity"]);
    scene.giveBack();
    await scene.settle();
    assert.deepEqual(scene.cloud.removed, [id]);
    assert.equal(scene.group.target, 0);
  });

  it("leaves a machine alone that ran and waits again: it may come back", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    scene.cloud.machines = scene.cloud.machines.map((machine) => ({ ...machine, state: "creating" }));
    const machineId = scene.cloud.machines[0]!.id;
    scene.cloud.problem({ kind: "capacity", message: "outbid", at: new Date(), machineId });
    await scene.turn();
    assert.deepEqual(scene.states, ["creating"]);
  });
});
