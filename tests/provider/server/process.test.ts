/** The plugin as the engine runs it: bundled, in a process of its own. */
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageVersion } from "../../../sdk/plugin/package";
import { provider } from "../../../plugin/provider";
import { bundlePlugin, ensurePluginBundle } from "../../../build/bundle";
import { createInlineStack, type InlineStack } from "./engine-stack";
import { fixtureSchema } from "./fixture/schema";
import { EngineResource, startPlugin } from "./harness";

describe("the plugin as a process", function () {
  this.timeout(300_000);
  let folder: string;
  let executable: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gpu-clusters-plugin-"));
    const schema = join(folder, "fixture-schema.json");
    await writeFile(schema, JSON.stringify(fixtureSchema()));
    await bundlePlugin(join(__dirname, "fixture/main.ts"), schema, folder, { executable: "pulumi-resource-fixture" });
    executable = join(folder, "pulumi-resource-fixture");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("ends at once when the engine stops it", async () => {
    // One that lingers does so each time; a busy computer is not slow each time.
    const took: number[] = [];
    while (took.length < 5 && !took.some((ms) => ms < 4_500)) {
      const plugin = await startPlugin(executable);
      const stopped = Date.now();
      await plugin.stop();
      took.push(Date.now() - stopped);
      assert.equal(plugin.process!.exitCode, 0);
    }
    assert.ok(
      took.some((ms) => ms < 4_500),
      `took ${took.join(", ")} ms: one that lingers costs 5 s on every command`,
    );
  });

  it("ends when the engine was killed", async () => {
    const plugin = await startPlugin(executable);
    try {
      const exited = once(plugin.process!, "exit", { signal: AbortSignal.timeout(60_000) });
      plugin.process!.stdin!.end();
      await exited;
    } finally {
      await plugin.stop();
    }
  });

  it("answers with the error when a promise is lost", async () => {
    const plugin = await startPlugin(executable);
    try {
      const thing = new EngineResource(plugin, "fixture:things:Thing");
      const { inputs } = await thing.check({ thingName: "x", behaviour: "crash" });
      await assert.rejects(
        thing.create(inputs),
        /create of Thing "it" failed with an unexpected error: nobody caught this/,
      );
      assert.equal(await thing.up({ thingName: "y" }), "create", "the process lives on");
    } finally {
      await plugin.stop();
    }
  });

  it("comes to a safe end on SIGINT in the middle of a create", async () => {
    const plugin = await startPlugin(executable);
    const thing = new EngineResource(plugin, "fixture:things:Thing");
    const { inputs } = await thing.check({ thingName: "x", behaviour: "slow" });
    const create = assert.rejects(thing.create(inputs), /was cancelled/);
    while (plugin.messages.length === 0) await new Promise(setImmediate);
    await plugin.stop();
    await create;
    assert.equal(thing.stored!.id, "x");
  });

  describe("makes components for programs in other languages", () => {
    let inline: InlineStack;
    before(async () => {
      inline = await createInlineStack({ pluginFolder: folder });
    });
    after(() => inline?.remove());

    class RemotePair extends pulumi.ComponentResource {
      readonly addresses!: pulumi.Output<string[]>;
      constructor(name: string, args: pulumi.Inputs) {
        super("fixture:things:Pair", name, { addresses: undefined, ...args }, { version: packageVersion }, true);
      }
    }

    it("with children, outputs and secrets", async () => {
      inline.program = async () => ({
        addresses: new RemotePair("pair", { prefix: "p", token: pulumi.secret("plain-text-token") }).addresses,
      });
      const { outputs, summary } = await inline.stack.up();
      assert.deepEqual(outputs.addresses, { value: ["thing://p-a", "thing://p-b"], secret: false });
      assert.deepEqual(summary.resourceChanges, { create: 4 });
      const state = await inline.stateText();
      assert.match(state, /"fixture:things:Pair\$fixture:things:Thing::pair-b"|Pair\$fixture:things:Thing::pair-b/);
      assert.ok(!state.includes("plain-text-token"));
    });
  });

  it("serves all that its schema names", async () => {
    const plugin = await startPlugin(join(await ensurePluginBundle(), "pulumi-resource-gpu-clusters"));
    try {
      const { resources = {}, functions = {} } = plugin.schema;
      const components = Object.keys(resources).filter((type) => resources[type]!.isComponent);
      const customs = Object.keys(resources).filter((type) => !resources[type]!.isComponent);
      assert.deepEqual(customs.sort(), Object.keys(provider.resources).sort());
      assert.deepEqual(components.sort(), Object.keys(provider.components).sort());
      assert.deepEqual(Object.keys(functions).sort(), Object.keys(provider.functions).sort());
      for (const type of customs) {
        // Loads the handler, with all that it imports.
        const { failures } = await new EngineResource(plugin, type).check({ nonsense: 1 });
        assert.ok(
          failures.some(({ property }) => property === "nonsense"),
          type,
        );
      }
    } finally {
      await plugin.stop();
    }
  });
});
