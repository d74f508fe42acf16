import assert from "node:assert/strict";
import { mock } from "node:test";
import { Refusal } from "../../autoscaler/group/refusal";
import { defaultTiming } from "../../autoscaler/group/reconciler";
import { GroupScene, staleMs } from "./scene";

const refused = (kind: string, act: () => void) =>
  assert.throws(act, (error: unknown) => error instanceof Refusal && error.kind === kind);

describe("a node group under cluster-autoscaler", () => {
  it("begins with the size that the cloud has, and only then", async () => {
    const scene = new GroupScene({ minSize: 0, maxSize: 5 });
    assert.equal(scene.group.isKnown, false);
    await scene.grown(2);
    assert.equal(scene.group.isKnown, true);
    assert.equal(scene.group.target, 2);
    assert.deepEqual(scene.states, ["running", "running"]);
    assert.deepEqual(
      scene.cloud.calls.filter((call) => call !== "template"),
      ["describe", "problems"],
    );
  });

  it("is looked at once a minute while nothing changes, and asked why only a while after something did", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    const idle = async (minutes: number) => {
      scene.cloud.calls.length = 0;
      for (let minute = 0; minute < minutes; minute++) await scene.turn(defaultTiming.idleMs);
      return scene.cloud.calls;
    };
    await idle(2);
    assert.deepEqual(await idle(3), ["describe", "describe", "describe"]);
    scene.group.increase(1);
    await scene.turn();
    assert.deepEqual(scene.cloud.calls.slice(3), ["resize", "describe", "problems"]);
    scene.cloud.tick();
    scene.cloud.tick();
    assert.deepEqual(await idle(5), ["describe", "problems", "describe", "problems", ...Array(3).fill("describe")]);
  });

  it("does not take for its own what went wrong, and was told, before it was asked for more", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    for (let minute = 0; minute < 30; minute++) await scene.turn(defaultTiming.idleMs);
    const at = new Date(Date.now() - 1_200_000);
    scene.cloud.problem({ kind: "rejected", message: "the disk's key", machineId: "long-gone", at });
    scene.group.increase(1);
    await scene.settle();
    assert.deepEqual([scene.states, scene.stockOuts], [["running", "running"], []]);
  });

  it("answers an increase from memory, and makes one change of several", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
    scene.group.increase(2);
    scene.group.increase(1);
    assert.equal(scene.group.target, 3);
    assert.equal(scene.cloud.target, 0);
    await scene.settle();
    assert.equal(scene.cloud.target, 3);
    assert.equal(scene.cloud.calls.filter((call) => call === "resize").length, 1);
    assert.deepEqual(scene.states, ["running", "running", "running"]);
  });

  it("refuses sizes beyond its maximum, and deltas of the wrong sign", async () => {
    const { group } = await new GroupScene({ minSize: 0, maxSize: 3 }).grown(2);
    refused("beyondBounds", () => group.increase(2));
    refused("invalid", () => group.increase(0));
    refused("invalid", () => group.increase(-1));
    refused("invalid", () => group.decrease(1));
    assert.equal(group.target, 2);
  });

  it("lowers its target only by machines that are still to come", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 9 }).grown(2);
    scene.group.increase(3);
    scene.group.decrease(-5);
    assert.equal(scene.group.target, 2);
    await scene.settle();
    assert.equal(scene.cloud.live.length, 2);
    assert.deepEqual(scene.cloud.removed, []);
  });

  it("removes what is named, lowers the target with it, and shows it as leaving at once", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(3);
    const named = scene.name(1);
    scene.group.remove([named]);
    assert.equal(scene.group.target, 2);
    assert.deepEqual(scene.states, ["running", "deleting", "running"]);
    await scene.settle();
    assert.deepEqual(scene.cloud.removed, [named.name]);
    assert.equal(scene.cloud.target, 2);
    assert.equal(scene.group.instances().length, 2);
  });

  it("gives up the place of a machine that was lost just before it was removed", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
    scene.group.remove([scene.name(0)]);
    scene.cloud.lose("m-0");
    await scene.turn();
    await scene.turn();
    assert.equal(scene.cloud.target, 1);
    await scene.settle();
    assert.deepEqual(scene.states, ["running"]);
  });

  it("takes repeated and late removals for done", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(3);
    const named = scene.name(0);
    scene.group.remove([named, named]);
    scene.group.remove([named]);
    await scene.settle();
    scene.group.remove([named]);
    assert.equal(scene.group.target, 2);
    await scene.settle();
    assert.deepEqual([scene.cloud.target, scene.cloud.removed], [2, [named.name]]);
  });

  it("does not take a repeated removal for one of a machine still to come", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 9 }).grown(2);
    scene.group.increase(2);
    scene.group.remove([scene.name(0)]);
    scene.group.remove([scene.name(0)]);
    assert.equal(scene.group.target, 3);
  });

  it("keeps its minimum of running machines, all or nothing", async () => {
    const scene = await new GroupScene({ minSize: 2, maxSize: 5 }).grown(3);
    refused("beyondBounds", () => scene.group.remove([scene.name(0), scene.name(1)]));
    assert.deepEqual(scene.states, ["running", "running", "running"]);
    scene.group.remove([scene.name(0)]);
    refused("beyondBounds", () => scene.group.remove([scene.name(1)]));
    assert.equal(scene.group.target, 2);
  });

  it("removes machines that were bought together only together", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(3);
    scene.cloud.machines = scene.cloud.machines.map((machine, index) =>
      index < 2 ? { ...machine, bundle: "b" } : machine,
    );
    await scene.turn();
    refused("notPossible", () => scene.group.remove([scene.name(0)]));
    scene.group.remove([scene.name(0), scene.name(1)]);
    await scene.settle();
    assert.equal(scene.cloud.live.length, 1);
  });

  it("shows machines that failed, and removes them when told, below the minimum too", async () => {
    const scene = await new GroupScene({ minSize: 2, maxSize: 5 }).grown(2);
    scene.cloud.machines = scene.cloud.machines.map((machine, index) =>
      index === 0 ? { ...machine, state: "failed" } : machine,
    );
    await scene.turn();
    assert.deepEqual(scene.states, ["creating lost", "running"]);
    const { id } = scene.cloud.machines[0]!;
    scene.giveBack();
    assert.equal(scene.group.target, 1);
    assert.deepEqual(scene.group.nextStep(), { kind: "remove", ids: [id] });
  });

  describe("at rest", () => {
    it("is described once a minute, whatever cluster-autoscaler asks meanwhile", async () => {
      const minutes = 10;
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
      scene.cloud.calls.length = 0;
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        scene.reconciler.start();
        for (let second = 0; second < minutes * 60; second++) {
          scene.group.instances();
          scene.time += 1_000;
          mock.timers.tick(1_000);
          await new Promise(setImmediate);
        }
        assert.equal(scene.cloud.calls.filter((call) => call === "describe").length, minutes);
        const ended = scene.reconciler.stop();
        mock.timers.tick(0);
        await ended;
      } finally {
        mock.timers.reset();
      }
    });

    it("takes over what somebody else made of the group, also a restarted server", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
      scene.cloud.target = 4;
      await scene.settle();
      assert.equal(scene.group.target, 4);
      scene.cloud.target = 1;
      scene.cloud.machines = scene.cloud.machines.slice(0, 1);
      await scene.settle();
      assert.equal(scene.group.target, 1);
      assert.equal(scene.cloud.calls.filter((call) => call === "resize").length, 0);
    });

    it("believes no list that may be older than its own change", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
      const before = await scene.cloud.describe();
      scene.group.increase(2);
      scene.cloud.stale = before;
      await scene.turn();
      await scene.turn(staleMs / 2);
      assert.equal(scene.group.target, 4);
      assert.equal(scene.cloud.target, 4);
      scene.cloud.stale = undefined;
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length], [4, 4]);
    });

    it("does not count a machine twice that a stale list still has", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(3);
      const named = scene.name(0);
      scene.group.remove([named]);
      const before = { size: 3, machines: scene.cloud.machines };
      await scene.turn();
      scene.cloud.stale = before;
      await scene.turn();
      assert.deepEqual(scene.states, ["deleting", "running", "running"]);
      scene.group.remove([named]);
      assert.equal(scene.group.target, 2);
      await scene.turn(staleMs * 2);
      scene.cloud.stale = undefined;
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length, scene.cloud.removed.length], [2, 2, 1]);
    });
  });

  describe("when the server restarts", () => {
    it("goes on with a fleet's target in the middle of growing", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
      scene.group.increase(3);
      await scene.turn();
      scene.restart();
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length], [3, 3]);
    });

    it("has the cloud's driver finish a removal that was interrupted", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
      scene.cloud.machines = scene.cloud.machines.map((machine, index) =>
        index === 0 ? { ...machine, state: "deleting" } : machine,
      );
      scene.cloud.target = 1;
      scene.restart();
      await scene.turn();
      await scene.turn();
      assert.ok(scene.cloud.calls.includes("resize"));
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length], [1, 1]);
    });
  });

  describe("when calls fail", () => {
    const error = new Error("RequestLimitExceeded");

    it("tries again, without making anything twice", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
      for (const afterEffect of [false, true]) scene.cloud.faults.push({ call: "resize", error, afterEffect });
      scene.group.increase(2);
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length], [3, 3]);
      for (const afterEffect of [false, true]) scene.cloud.faults.push({ call: "remove", error, afterEffect });
      scene.group.remove([scene.name(0)]);
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.live.length, scene.cloud.removed.length], [2, 2, 1]);
    });

    it("takes a cloud that refuses for good for a shortage, with its own words", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
      const denied = new Error("UnauthorizedOperation: not yours");
      for (let times = 0; times < 20; times++) scene.cloud.faults.push({ call: "resize", error: denied });
      scene.group.increase(1);
      await scene.settle();
      assert.deepEqual(scene.states, ["creating rejected"]);
      assert.match(scene.stockOuts[0]!.message, /not yours/);
    });

    it("takes expired credentials for a shortage, and gives up the request when they are back", async () => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(0);
      const expired = new Error("ExpiredToken");
      scene.group.increase(1);
      for (let times = 0; times < 4; times++)
        scene.cloud.faults.push({ call: "resize", error: expired }, { call: "describe", error: expired });
      for (let times = 0; times < 3; times++) await scene.turn();
      assert.deepEqual(scene.states, ["creating rejected"]);
      assert.equal(scene.reconciler.outage, expired);
      scene.giveBack();
      scene.cloud.faults.length = 0;
      await scene.settle();
      assert.deepEqual([scene.group.target, scene.cloud.target], [0, 0]);
      assert.equal(scene.reconciler.outage, undefined);
    });
  });

  it("shows a machine under its node's own provider id", async () => {
    const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
    const node = { name: "other", providerId: "other://cloud/1" };
    scene.group.sawNodes({ ofMachine: () => node, strangers: [] });
    assert.equal(scene.group.instances()[0]!.id, "other://cloud/1");
    scene.group.remove([node]);
    assert.equal(scene.group.target, 0);
  });

  it("removes the machine that has a node's name, though the node says that it is another one", async () => {
    for (const forger of [0, 1]) {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(2);
      const own = scene.group.everyMachine.map(({ nodeName: name, providerId }) => ({ name, providerId }));
      const forged = { name: own[forger]!.name, providerId: own[1 - forger]!.providerId };
      const nodes = own.map((node, index) => (index === forger ? forged : node));
      const { everyMachine } = scene.group;
      assert.equal(scene.group.find(forged), undefined, "before the nodes are read again");
      scene.group.sawNodes({ ofMachine: (machine) => nodes[everyMachine.indexOf(machine)], strangers: [] });
      assert.equal(scene.group.find(own[1 - forger]!), everyMachine[1 - forger]);
      scene.group.remove([forged]);
      assert.deepEqual(scene.group.nextStep(), { kind: "remove", ids: [everyMachine[forger]!.id] });
    }
  });

  describe("is asked to remove a machine that did not join", () => {
    const joinedAt = (createdAt: string) => ({ name: "n", providerId: "", createdAt });
    const grown = async (known: object) => {
      const scene = await new GroupScene({ minSize: 0, maxSize: 5 }).grown(1);
      Object.assign(scene.cloud.machines[0]!, known);
      await scene.turn();
      const { id } = scene.group.instances()[0]!;
      return { ...scene, group: scene.group, name: { providerId: id, name: id } };
    };

    it("and does, unless it has joined", async () => {
      const { group, name } = await grown({});
      group.sawNodes({ ofMachine: () => joinedAt("2026-11-28T10:00:00Z"), strangers: [] });
      refused("notPossible", () => group.remove([name]));
      group.sawNodes({ ofMachine: () => undefined, strangers: [joinedAt("2026-11-28T10:00:00Z")] });
      group.remove([name]);
      assert.equal(group.target, 0);
    });

    describe("at its minimum", () => {
      const minute = 60_000;
      const unregistered = (scene: GroupScene, index: number) => {
        const { providerId } = scene.cloud.machines[index]!;
        return { providerId, name: providerId };
      };
      const running = async (minutes: number) => {
        const scene = await new GroupScene({ minSize: 2, maxSize: 5 }).grown(2);
        const [first] = scene.cloud.machines;
        scene.group.sawNodes({
          ofMachine: ({ id }) => (id === first!.id ? joinedAt("2026-11-28T10:00:00Z") : undefined),
          strangers: [],
        });
        for (let passed = 0; passed < minutes; passed++) await scene.turn(minute);
        return scene;
      };

      it("and does when it has run for half an hour, so that another can come", async () => {
        const scene = await running(30);
        const [given] = scene.group.remove([unregistered(scene, 1)]);
        assert.equal(given!.id, "m-1");
        assert.equal(scene.group.target, 1);
        await scene.turn();
        assert.deepEqual(scene.cloud.removed, ["m-1"]);
        scene.group.increase(1);
        await scene.settle();
        assert.deepEqual([scene.group.target, scene.states], [2, ["running", "running"]]);
      });

      it("and does not while it may still join, nor for one that is a node, or was never looked for among them", async () => {
        const scene = await running(29);
        refused("beyondBounds", () => scene.group.remove([unregistered(scene, 1)]));
        await scene.turn(minute);
        refused("notPossible", () => scene.group.remove([unregistered(scene, 0), unregistered(scene, 1)]));
        refused("beyondBounds", () => scene.group.remove([scene.name(1)]));
        scene.restart();
        for (let passed = 0; passed < 31; passed++) await scene.turn(minute);
        refused("beyondBounds", () => scene.group.remove([unregistered(scene, 1)]));
      });

      it("and counts anew from when its node was lost", async () => {
        const scene = await running(40);
        scene.group.sawNodes({ ofMachine: () => undefined, strangers: [] });
        await scene.turn(minute);
        refused("beyondBounds", () => scene.group.remove([unregistered(scene, 0)]));
        for (let passed = 0; passed < 30; passed++) await scene.turn(minute);
        scene.group.remove([unregistered(scene, 0)]);
        assert.equal(scene.group.target, 1);
      });

      it("and does not one that the cloud still makes, however long that takes", async () => {
        const scene = await running(0);
        scene.cloud.machines = scene.cloud.machines.map((machine) => ({ ...machine, state: "creating" }));
        for (let passed = 0; passed < 30; passed++) await scene.turn(minute);
        refused("beyondBounds", () => scene.group.remove([unregistered(scene, 1)]));
      });
    });

    it("and does not where its node may be one that nobody knows", async () => {
      const { group, name } = await grown({ alsoKnownAs: ["10.0.0.1"], createdAt: "2026-11-28T10:00:00Z" });
      refused("notPossible", () => group.remove([name]));
      group.sawNodes({ ofMachine: () => undefined, strangers: [joinedAt("2026-11-28T10:05:00Z")] });
      refused("notPossible", () => group.remove([name]));
      assert.equal(group.target, 1);
      group.sawNodes({ ofMachine: () => undefined, strangers: [joinedAt("2026-11-28T09:59:00Z")] });
      group.remove([name]);
      assert.equal(group.target, 0);
    });
  });
});
