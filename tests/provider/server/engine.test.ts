/** The plugin under the real engine: the CLI, an inline program, and the fixture's cloud in this process. */
import * as pulumi from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import { ProviderServer } from "../../../provider/server/server";
import { createInlineStack, type InlineStack } from "./engine-stack";
import { cloud } from "./fixture/cloud";
import { getThing, Pair, Thing, type ThingArgs } from "./fixture/index";
import { fixtureProvider } from "./fixture/provider";
import { fixtureSchema } from "./fixture/schema";

const token = "plain-text-token";
const quiet = { color: "never" as const };

interface StoredThing {
  readonly urn: string;
  readonly outputs?: { readonly revision?: unknown };
}

describe("the plugin under the real engine", function () {
  this.timeout(300_000);
  let server: ProviderServer;
  let inline: InlineStack;

  before(async () => {
    // What a program under mocks leaves where its test file ran in this process before.
    void pulumi.runtime.serializeProperties("left", { value: new Promise(() => undefined) });
    server = new ProviderServer(fixtureProvider(fixtureSchema));
    const environment = { PULUMI_DEBUG_PROVIDERS: `fixture:${await server.listen()}` };
    inline = await createInlineStack({ environment });
    await configure({ account: "first", apiKey: "made-up-api-key" });
  });
  after(async () => {
    server?.close();
    await inline?.remove();
  });

  beforeEach(() => {
    cloud.things.clear();
    cloud.writes.length = 0;
    cloud.currentGeneration = 1;
  });
  afterEach(() => inline.forget());

  /** One thing, and another whose name, which cannot change in place, comes from an output of the first. */
  const chain =
    (args: Partial<ThingArgs> = {}, options?: pulumi.CustomResourceOptions) =>
    async () => {
      const first = new Thing("first", { thingName: "a", token, ...args }, options);
      const second = new Thing("second", { thingName: pulumi.interpolate`after-${first.address}` });
      return { address: first.address, key: first.key, second: second.address };
    };
  const configure = (things: object) =>
    inline.stack.setConfig("fixture:things", { value: JSON.stringify(things), secret: true });
  const up = async (program: InlineStack["program"]) => {
    inline.program = program;
    const { outputs, summary, stdout } = await inline.stack.up(quiet);
    return { outputs, changes: summary.resourceChanges, stdout };
  };
  const resources = async () => JSON.parse(await inline.stateText()).checkpoint.latest.resources as StoredThing[];
  /** Steps other than `same`, with the kinds of their detailed diffs. */
  const preview = async (program: InlineStack["program"]) => {
    inline.program = program;
    const steps: Record<string, unknown> = {};
    const onEvent = ({ resourcePreEvent }: EngineEvent) => {
      const step = resourcePreEvent?.metadata;
      if (!step || step.op === "same") return;
      const kinds = Object.entries(step.detailedDiff ?? {}).map(([path, { diffKind }]) => `${path} ${diffKind}`);
      steps[`${step.op} ${step.urn.split("::").at(-1)}`] = kinds;
    };
    await inline.stack.preview({ ...quiet, onEvent });
    return steps;
  };

  it("creates, then finds nothing to do, and keeps secrets out of the state", async () => {
    const { outputs, changes, stdout } = await up(chain());
    assert.deepEqual(changes, { create: 3 });
    assert.deepEqual(outputs.address, { value: "thing://a", secret: false });
    assert.deepEqual(outputs.key, { value: "key-of-a", secret: true });
    assert.match(stdout, /a is there/, "what a handler logs is shown");
    assert.equal(cloud.account, "first");
    const state = await inline.stateText();
    for (const secret of [token, "key-of-a", "made-up-api-key", "key-from-environment"]) {
      assert.ok(!state.includes(secret), `the state must not show ${secret}`);
      assert.ok(!stdout.includes(secret), `the output must not show ${secret}`);
    }
    assert.deepEqual((await up(chain())).changes, { same: 3 });
    await inline.stack.destroy(quiet);
    assert.deepEqual([...cloud.things.keys()], []);
  });

  it("updates in place, with no false replacement of what depends on it, and honours ignoreChanges", async () => {
    await up(chain());
    const changed = chain({ mode: "busy", tags: { "a b": "c" } });
    assert.deepEqual(await preview(changed), { "update first": ["mode update", "tags add"] });
    const ignored = chain({ mode: "busy", size: 4 }, { ignoreChanges: ["mode", "size"] });
    assert.deepEqual(await preview(ignored), {});
    assert.deepEqual((await up(changed)).changes, { same: 2, update: 1 });
  });

  it("knows at a preview that there is no output which a resource does not have", async () => {
    const program = (mode: ThingArgs["mode"]) => async () => {
      const { queue } = new Thing("first", { thingName: "a", mode });
      const tags = queue.apply((name): Record<string, string> => (name === undefined ? {} : { name }));
      new Thing("second", { thingName: "b", tags });
      return { queue };
    };
    const { outputs } = await up(program("calm"));
    assert.equal(outputs.queue, undefined);
    assert.deepEqual(await preview(program("calm")), {});
    await inline.stack.refresh(quiet);
    assert.deepEqual(await preview(program("calm")), {});
    assert.equal((await up(program("busy"))).outputs.queue!.value, "a-queue");
    await up(program("calm"));
    assert.deepEqual(await preview(program("calm")), {});
  });

  it("updates when only an output must change", async () => {
    await up(chain());
    cloud.currentGeneration = 2;
    const steps = await preview(chain());
    assert.deepEqual(Object.keys(steps), ["update first", "update second"]);
    const { changes, outputs } = await up(chain());
    assert.deepEqual(changes, { same: 1, update: 2 });
    assert.equal(outputs.key!.value, "key-2-of-a");
    assert.deepEqual(await preview(chain()), {});
  });

  it("replaces where it must, with what depends on it", async () => {
    await up(chain());
    const { changes } = await up(chain({ thingName: "b" }));
    assert.deepEqual(changes, { same: 1, replace: 2 });
    assert.deepEqual([...cloud.things.keys()].sort(), ["after-thing://b", "b"]);
  });

  it("keeps what --replace took over, and lets another object go, with the old state of both", async () => {
    const urn = "urn:pulumi:test::fixture::fixture:things:Thing::first";
    const replace = async (program: InlineStack["program"]) => {
      inline.program = program;
      const { summary, stdout } = await inline.stack.up({ ...quiet, replace: [urn] });
      assert.equal(
        (await resources()).filter((resource) => resource.urn === urn).length,
        1,
        "the old one's state is gone",
      );
      return { changes: summary.resourceChanges, stdout };
    };
    await up(chain());
    const same = await replace(chain());
    assert.deepEqual(same.changes, { same: 2, replace: 1 });
    assert.match(same.stdout, /"a" is the new one's by now/);
    assert.deepEqual(cloud.writes, ["create a", "create after-thing://a", "create a"]);
    assert.deepEqual((await up(chain())).changes, { same: 3 });

    await replace(chain({ thingName: "b" }));
    assert.deepEqual([...cloud.things.keys()].sort(), ["after-thing://b", "b"]);
    await inline.stack.destroy(quiet);
    assert.deepEqual([...cloud.things.keys()], []);
  });

  it("retains all that is in a component, and takes it over with the next `up`", async () => {
    const program = async () => void new Pair("pair", { prefix: "p" }, { retainOnDelete: true });
    await up(program);
    await inline.stack.destroy(quiet);
    assert.deepEqual([...cloud.things.keys()].sort(), ["p-a", "p-b"]);
    assert.deepEqual((await up(program)).changes, { create: 4 });
    assert.deepEqual((await up(program)).changes, { same: 4 });
    assert.ok(cloud.writes.every((write) => write.startsWith("create")));
  });

  it("keeps an output secret that the program makes one, and changes nothing for it", async () => {
    const program = chain({}, { additionalSecretOutputs: ["revision"] });
    await up(program);
    assert.deepEqual((await up(program)).changes, { same: 3 });
    const first = (await resources()).find(({ urn }) => urn.endsWith("::first"));
    assert.match(JSON.stringify(first!.outputs!.revision), /ciphertext/);
  });

  it("sees drift and disappearance on refresh", async () => {
    await up(chain());
    cloud.things.get("a")!.mode = "busy";
    cloud.things.delete("after-thing://a");
    const { summary } = await inline.stack.refresh(quiet);
    assert.deepEqual(summary.resourceChanges, { same: 1, update: 1, delete: 1 });
    assert.deepEqual((await up(chain())).changes, { same: 1, update: 1, create: 1 });
    assert.equal(cloud.things.get("a")!.mode, "calm");
  });

  it("imports, reads with `get` and calls functions", async () => {
    cloud.things.set("old", { name: "old", mode: "busy", size: 3, revision: 7, key: "old-key", generation: 1 });
    const program = async () => {
      const imported = new Thing("imported", { thingName: "old", mode: "busy", size: 3 }, { import: "old" });
      const found = getThing({ thingName: "old" });
      const read = Thing.get("read", "old");
      return { revision: imported.revision, found: found.mode, key: found.key, read: read.address };
    };
    const { outputs, changes } = await up(program);
    assert.deepEqual(changes, { create: 1, import: 1 });
    assert.deepEqual(outputs, {
      revision: { value: 7, secret: false },
      found: { value: "busy", secret: true },
      key: { value: "old-key", secret: true },
      read: { value: "thing://old", secret: false },
    });
    assert.deepEqual(cloud.writes, []);
    assert.deepEqual(await preview(program), { "read read": [] });
  });

  it("goes on after a create that failed half-way", async () => {
    await assert.rejects(up(chain({ behaviour: "fail-half-way" })), /it did not become ready/);
    assert.deepEqual((await up(chain())).changes, { same: 1, update: 1, create: 1 });
    assert.deepEqual(cloud.writes, ["create a", "update a", "create after-thing://a"]);
  });

  it("shows every problem of the arguments by field", async () => {
    const wrong = async () => void new Thing("first", { size: 1.5, mod: "calm" } as never);
    await assert.rejects(up(wrong), (error: Error) => {
      assert.match(error.message, /size: must be an integer|size.*must be an integer/);
      assert.match(error.message, /did you mean "mode"/);
      assert.match(error.message, /thingName.*is required/s);
      return true;
    });
  });

  it("quotes no value of a property that is wrong", async () => {
    const wrong = async () => void new Thing("first", { thingName: "a", token: [4711471147] as never });
    await assert.rejects(up(wrong), (error: Error) => {
      assert.match(error.message, /has a problem: token: must be a string/);
      assert.doesNotMatch(error.message, /4711471147/);
      return true;
    });
  });

  it("ends a create at its customTimeouts and keeps what was made", async () => {
    const slow = chain({ behaviour: "slow" }, { customTimeouts: { create: "1s" } });
    await assert.rejects(up(slow), /create of Thing "first" did not finish within 1 s \(customTimeouts\)/);
    assert.match(await inline.stateText(), /"id":"a"/);
  });

  it("ends on ^C with the id kept", async () => {
    inline.program = chain({ behaviour: "slow" });
    const interrupt = new AbortController();
    cloud.onSlowCreate = () => interrupt.abort();
    await assert.rejects(inline.stack.up({ ...quiet, signal: interrupt.signal }));
    assert.ok(interrupt.signal.aborted);
    assert.match(await inline.stateText(), /"id":"a"/);
  });

  it("replaces what is in another account when the account changes, deletes it there, and refuses a bad configuration", async () => {
    await up(chain());
    await configure({ account: "second" });
    const { changes } = await up(chain());
    assert.deepEqual(changes, { same: 1, replace: 2 });
    assert.equal(cloud.account, "first", "the last calls are the deletes");
    assert.match(await inline.stateText(), /"account":"second"/);
    await configure({ acount: "x" });
    await assert.rejects(up(chain()), /things\.acount.*did you mean "account"\?/);
    await configure({ account: "first", apiKey: "made-up-api-key" });
  });
});
