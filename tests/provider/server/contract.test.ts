import assert from "node:assert/strict";
import { Unknown } from "../../../provider/server/values";
import { cloud } from "./fixture/cloud";
import { fixtureProvider } from "./fixture/provider";
import { fixtureSchema } from "./fixture/schema";
import { driveResource, EngineResource, PluginError, Secret, startPlugin, type Plugin } from "./harness";

const Thing = "fixture:things:Thing";

describe("a resource served by the plugin", () => {
  let plugin: Plugin;
  before(async function () {
    this.timeout(300_000);
    plugin = await startPlugin(fixtureProvider(fixtureSchema), { config: { things: { account: "a" } } });
  });
  after(() => plugin.stop());
  beforeEach(() => {
    cloud.things.clear();
    cloud.writes.length = 0;
    cloud.currentGeneration = 1;
    plugin.messages.length = 0;
    plugin.debugMessages.length = 0;
  });

  it("keeps the contract through its whole life", async () => {
    await driveResource({
      plugin,
      type: Thing,
      inputs: {
        thingName: "one",
        token: "plain-text-token",
        parts: [{ name: "p", size: 1, password: "hunter22" }],
        tags: { a: new Secret("b") },
      },
      updated: {
        thingName: "one",
        token: "plain-text-token",
        parts: [{ name: "p", size: 2, labels: { "a b": "c" } }],
        mode: "busy",
      },
      replaced: { thingName: "two" },
      volatile: ["revision"],
    });
    assert.deepEqual(cloud.writes, ["create one", "update one", "create one", "delete one"]);
  });

  describe("check", () => {
    const failuresOf = async (inputs: Record<string, unknown>) =>
      (await new EngineResource(plugin, Thing).check(inputs)).failures.map((f) => `${f.property}: ${f.reason}`);

    it("reports every problem at once with the path of the user's field", async () => {
      const failures = await failuresOf({
        mode: "bussy",
        siz: 3,
        parts: [{ size: 1.5, labels: { "a b": 1 } }],
        token: 5,
      });
      assert.deepEqual(failures, [
        'mode: must be one of "calm", "busy", not the string "bussy"; did you mean "busy"?',
        'parts[0].labels["a b"]: must be a string, not 1; YAML needs quotes: "1"',
        "parts[0].size: must be an integer, not 1.5",
        "parts[0].name: is required: Unique among the parts.",
        'siz: there is no such property; did you mean "size"?',
        "token: must be a string, not a number; YAML needs quotes around it",
        "thingName: is required: Also its id.",
      ]);
    });

    it("asks the handler only about what has the right shape", async () => {
      assert.deepEqual(await failuresOf({ thingName: "x", size: 11 }), ["size: must be at most 10, not 11"]);
      assert.deepEqual(await failuresOf({ thingName: "x", size: Unknown.value }), []);
    });

    it("shows no value that the program made a secret, whichever field it is in", async () => {
      const failures = await failuresOf({ mode: new Secret("hunter22"), size: new Secret(471_147), thingName: "x" });
      assert.equal(failures.length, 1);
      assert.doesNotMatch(failures.join(), /hunter22/);
      const [tooBig] = await failuresOf({ thingName: "x", size: new Secret(471_147) });
      assert.equal(tooBig, "size: must be at most 10, not [secret]");
    });

    it("fills defaults and leaves no nulls", async () => {
      const { inputs } = await new EngineResource(plugin, Thing).check({ thingName: "x", tags: null });
      assert.deepEqual(inputs.values, { thingName: "x", mode: "calm", size: 1 });
    });
  });

  describe("diff", () => {
    it("names nested paths with the right kinds", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({
        thingName: "x",
        tags: { keep: "1", drop: "1" },
        parts: [{ name: "a", size: 1, labels: { "a b": "1" } }],
      });
      const { inputs } = await thing.check({
        thingName: "x",
        tags: { keep: "1" },
        parts: [
          { name: "a", size: 1, labels: { "a b": "2" } },
          { name: "b", size: 1 },
        ],
      });
      const { changes } = await thing.diff(inputs);
      assert.deepEqual(changes, { "tags.drop": "delete", 'parts[0].labels["a b"]': "update", "parts[1]": "add" });
      assert.deepEqual((await thing.diff(inputs, ["tags", "parts[*].labels"])).changes, { "parts[1]": "add" });
    });

    it("replaces where the schema says so, also when the new value is not known yet", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x" });
      const { inputs } = await thing.check({ thingName: Unknown.value });
      const { changes, replaces } = await thing.diff(inputs);
      assert.deepEqual([changes, replaces], [{ thingName: "update-replace" }, ["thingName"]]);
    });

    it("keeps outputs known that an update leaves alone", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x" });
      const { inputs } = await thing.check({ thingName: "x", mode: "busy" });
      assert.deepEqual((await thing.diff(inputs)).stables, [
        "thingName",
        "size",
        "address",
        "key",
        "generation",
        "account",
      ]);
      const previewed = await thing.previewUpdate(inputs);
      assert.equal(previewed.values.address, "thing://x");
      assert.equal(previewed.values.revision, Unknown.value);
    });

    it("updates for a change that only outputs show", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x" });
      cloud.currentGeneration = 2;
      const { inputs } = await thing.check({ thingName: "x" });
      assert.deepEqual((await thing.diff(inputs)).changes, { key: "update", generation: "update" });
      assert.equal((await thing.previewUpdate(inputs)).values.key, Unknown.value);
      assert.equal(await thing.up({ thingName: "x" }), "update");
      assert.equal(thing.stored!.state.values.key, "key-2-of-x");
      assert.equal(await thing.up({ thingName: "x" }), "same");
    });

    it("updates the state when a value becomes secret", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x", tags: { a: "visible" } });
      assert.ok(!thing.stored!.state.secrets.has("tags.a"));
      assert.equal(await thing.up({ thingName: "x", tags: { a: new Secret("visible") } }), "update");
      assert.ok(thing.stored!.state.secrets.has("tags.a"));
    });
  });

  describe("failures", () => {
    it("keeps what a failed create made and goes on with it", async () => {
      const thing = new EngineResource(plugin, Thing);
      const program = { thingName: "x", token: "secret-token" };
      const { inputs } = await thing.check({ ...program, behaviour: "fail-half-way" });
      await assert.rejects(thing.create(inputs), (error: PluginError) => {
        assert.deepEqual(error.partial!.reasons, ["it did not become ready"]);
        assert.equal(error.partial!.id, "x");
        assert.ok(error.partial!.state.secrets.has("token") && error.partial!.state.secrets.has("key"));
        assert.equal(error.partial!.inputs.values.token, "secret-token");
        return true;
      });
      assert.equal(await thing.up(program), "update");
      assert.equal(thing.stored!.state.values.revision, 2);
    });

    it("keeps the id and the outputs when an update fails half-way", async () => {
      const thing = new EngineResource(plugin, Thing);
      await thing.up({ thingName: "x" });
      await assert.rejects(thing.up({ thingName: "x", behaviour: "fail-half-way" }), /the update did not take/);
      assert.equal(thing.stored!.state.values.address, "thing://x");
      assert.equal(await thing.up({ thingName: "x" }), "update");
    });

    it("shows the cloud's message without secrets and without a stack", async () => {
      const thing = new EngineResource(plugin, Thing);
      const { inputs } = await thing.check({ thingName: "x", behaviour: "fail", token: "s3cr3t-token" });
      await assert.rejects(thing.create(inputs), (error: PluginError) => {
        assert.equal(error.message, "the cloud refuses x with token [secret] (request 7, HTTP 409)");
        return true;
      });
      assert.ok(
        plugin.debugMessages.some((text) => text.includes("thing-handler")),
        "the stack is for --debug",
      );
      assert.ok(!plugin.debugMessages.some((text) => text.includes("s3cr3t-token")));
    });

    it("ends at the timeout of customTimeouts with what exists", async () => {
      const thing = new EngineResource(plugin, Thing);
      const { inputs } = await thing.check({ thingName: "x", behaviour: "slow" });
      await assert.rejects(thing.create(inputs, 0.05), (error: PluginError) => {
        assert.match(
          error.message,
          /^create of Thing "it" did not finish within 0\.05 s \(customTimeouts\); it was not waited for$/,
        );
        return true;
      });
      assert.equal(thing.stored!.id, "x");
    });

    it("answers a cancelled create with what exists", async () => {
      const thing = new EngineResource(plugin, Thing);
      const { inputs } = await thing.check({ thingName: "x", behaviour: "slow" });
      const waiting = new Promise<void>((resolve) => (cloud.onSlowCreate = resolve));
      const create = assert.rejects(thing.create(inputs), /create of Thing "it" was cancelled; it was not waited for/);
      await waiting;
      await plugin.cancel();
      await create;
      assert.equal(thing.stored!.id, "x");
      assert.deepEqual(
        plugin.messages.filter(({ ephemeral }) => ephemeral).map(({ message }) => message),
        ["x is starting"],
      );
      assert.equal(await thing.up({ thingName: "x" }), "update", "the engine may go on with the same plugin");
    });

    it("says which type there is not", async () => {
      const nobody = new EngineResource(plugin, "fixture:things:Think");
      await assert.rejects(
        nobody.check({}),
        /no resource type fixture:things:Think; did you mean fixture:things:Thing\?|not in the schema/,
      );
    });
  });

  it("serves functions, with secret results and failures by field", async () => {
    await new EngineResource(plugin, Thing).up({ thingName: "x" });
    const { result } = await plugin.invoke("fixture:things:getThing", { thingName: "x" });
    assert.deepEqual(result.values, { address: "thing://x", mode: "calm", key: "key-of-x" });
    assert.deepEqual([...result.secrets], ["key"]);
    const { failures } = await plugin.invoke("fixture:things:getThing", { thingName: "y" });
    assert.deepEqual(failures, ['thingName: there is no thing "y"']);
    assert.deepEqual((await plugin.invoke("fixture:things:getThing", {})).failures, ["thingName: is required"]);
    const hidden = await plugin.invoke("fixture:things:getThing", { thingName: "hunter22" }, ["thingName"]);
    assert.deepEqual(hidden.failures, ['thingName: there is no thing "[secret]"']);
  });
});
