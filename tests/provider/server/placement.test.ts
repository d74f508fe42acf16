import assert from "node:assert/strict";
import type { PackageSchema } from "../../../sdk/schema/package-schema";
import { Unknown } from "../../../provider/server/values";
import { provider } from "../../../plugin/provider";
import { cloud } from "./fixture/cloud";
import { fixtureProvider } from "./fixture/provider";
import { fixtureSchema } from "./fixture/schema";
import { EngineResource, startPlugin, type Plugin } from "./harness";

describe("where a resource is", () => {
  let plugin: Plugin;
  let thing: EngineResource;
  const inAccount = (account: unknown) => plugin.configure({ things: { account } });
  before(async function () {
    this.timeout(300_000);
    plugin = await startPlugin(fixtureProvider(fixtureSchema), { config: { things: { account: "a" } } });
  });
  after(() => plugin.stop());
  beforeEach(async () => {
    cloud.things.clear();
    await inAccount("a");
    thing = new EngineResource(plugin, "fixture:things:Thing");
    await thing.up({ thingName: "x" });
  });

  it("is kept, and foretold at preview", async () => {
    assert.equal(thing.stored!.state.values.account, "a");
    const { inputs } = await thing.check({ thingName: "y" });
    assert.equal((await thing.previewCreate(inputs)).values.account, "a");
  });

  it("replaces it when the configuration names another place, the new one first", async () => {
    await inAccount("b");
    const { inputs } = await thing.check({ thingName: "x" });
    const { changes, deleteBeforeReplace } = await thing.diff(inputs);
    assert.deepEqual([changes, deleteBeforeReplace], [{ account: "update-replace" }, false]);
    for (const ignored of ["account", "*"])
      assert.deepEqual((await thing.diff(inputs, [ignored])).changes, {}, ignored);
    await thing.create(inputs);
    assert.deepEqual([cloud.account, thing.stored!.state.values.account], ["b", "b"]);
  });

  it("counts for all that is done with it: it is read, changed and deleted there", async () => {
    await inAccount("b");
    assert.ok(await thing.refresh());
    assert.deepEqual([cloud.account, thing.stored!.state.values.account], ["a", "a"]);
    const { inputs } = await thing.check({ thingName: "x", mode: "busy" });
    await thing.update(inputs);
    assert.deepEqual([cloud.account, thing.stored!.state.values.account], ["a", "a"]);
    await thing.destroy();
    assert.equal(cloud.account, "a");
  });

  it("is told when the cloud refuses", async () => {
    await thing.up({ thingName: "x", behaviour: "fail" });
    await inAccount("b");
    await assert.rejects(thing.destroy(), {
      message: 'the cloud will not let x go (its account is "a", the provider\'s is "b")',
    });
  });

  it("does not matter while the configuration is not known, or the state does not know it", async () => {
    await inAccount(Unknown.value);
    const { inputs } = await thing.check({ thingName: "x" });
    assert.deepEqual((await thing.diff(inputs)).changes, {});
    await inAccount("b");
    delete thing.stored!.state.values.account;
    assert.deepEqual((await thing.diff(inputs)).changes, {});
  });
});

describe("this package's resources", () => {
  it("show where they are, if they are in a project or a region", async () => {
    const { resources = {} } = (await provider.schema()) as PackageSchema;
    const custom = Object.entries(resources).filter(([, spec]) => !spec.isComponent);
    assert.ok(custom.length > 15);
    for (const [type, spec] of custom) {
      const place = provider.placedBy(type);
      const cloud = type.split(":")[1]!;
      const property = cloud === "aws" ? "region" : "projectId";
      assert.equal(place !== undefined, property in (spec.properties ?? {}), type);
      if (place !== undefined) assert.equal(place, `${cloud}.${property}`);
    }
  });

  it("wait for a configuration that a preview does not know, and refuse nothing until then", async () => {
    const plugin = await startPlugin(provider, {
      config: { aws: Unknown.value, cudo: Unknown.value, mithril: Unknown.value },
    });
    try {
      for (const [type, inputs] of [
        ["gpu-clusters:aws:ZoneChoice", { count: 3 }],
        ["gpu-clusters:cudo:Network", { dataCenterId: "dc", ipRange: "10.0.0.0/16" }],
        [
          "gpu-clusters:mithril:SshKey",
          {
            name: "key",
            publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE",
          },
        ],
      ] as const) {
        const thing = new EngineResource(plugin, type);
        const { inputs: checked, failures } = await thing.check(inputs);
        assert.deepEqual(failures, [], type);
        const { values } = await thing.previewCreate(checked);
        for (const [property, value] of Object.entries(inputs)) assert.equal(values[property], value, type);
      }
    } finally {
      await plugin.stop();
    }
  });
});
