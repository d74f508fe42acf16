/** Replacements that the engine makes without asking `Diff`: the new one first, then the old one goes. */
import assert from "node:assert/strict";
import { cloud } from "./fixture/cloud";
import { fixtureProvider } from "./fixture/provider";
import { fixtureSchema } from "./fixture/schema";
import { EngineResource, startPlugin, type Plugin } from "./harness";

const Thing = "fixture:things:Thing";

describe("a resource that is replaced where its create takes over what is there", () => {
  let plugin: Plugin;
  before(async function () {
    this.timeout(300_000);
    plugin = await startPlugin(fixtureProvider(fixtureSchema), { config: { things: { account: "a" } } });
  });
  after(() => plugin.stop());
  beforeEach(async () => {
    await plugin.configure({ things: { account: "a" } });
    cloud.things.clear();
    cloud.writes.length = 0;
    plugin.messages.length = 0;
  });

  it("outlives the delete of the old one, which says how it would be made anew", async () => {
    const thing = new EngineResource(plugin, Thing);
    await thing.up({ thingName: "x" });
    await thing.replace({ thingName: "x" });
    assert.deepEqual(cloud.writes, ["create x", "create x"]);
    assert.match(
      plugin.messages.at(-1)!.message,
      /^"x" is the new one's by now.*took over.*`deleteBeforeReplace: true`/,
    );
    assert.equal(await thing.up({ thingName: "x" }), "same");
    await thing.destroy();
    assert.deepEqual(cloud.writes.slice(2), ["delete x"]);
  });

  it("lets the old one go that has another name", async () => {
    const thing = new EngineResource(plugin, Thing);
    await thing.up({ thingName: "x" });
    await thing.replace({ thingName: "y" });
    assert.equal(await thing.up({ thingName: "z" }), "replace");
    assert.deepEqual(cloud.writes, ["create x", "create y", "delete x", "create z", "delete y"]);
  });

  it("lets the old one go that has its name elsewhere", async () => {
    const thing = new EngineResource(plugin, Thing);
    await thing.up({ thingName: "x" });
    await plugin.configure({ things: { account: "b" } });
    cloud.things.clear();
    assert.equal(await thing.up({ thingName: "x" }), "replace");
    assert.deepEqual(cloud.writes, ["create x", "create x", "delete x"]);
    assert.equal(cloud.account, "a");
  });

  it("outlives an old one that an interrupted command left to be deleted", async () => {
    for (const behaviour of [undefined, "fail-half-way"]) {
      cloud.writes.length = 0;
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x" });
      const old = thing.stored!;
      await plugin.begin();
      const { inputs } = await thing.check({ thingName: "x", ...(behaviour && { behaviour }) });
      await thing.create(inputs).catch(() => undefined);
      await plugin.begin();
      assert.equal(await thing.up({ thingName: "x" }), behaviour === undefined ? "same" : "update");
      await thing.deleteReplaced(old);
      assert.ok(!cloud.writes.includes("delete x"), cloud.writes.join());
      await thing.destroy();
      assert.equal(cloud.writes.at(-1), "delete x");
    }
  });
});
