import assert from "node:assert/strict";
import { Unknown } from "../../../provider/server/values";
import { provider } from "../../../plugin/provider";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";
import { httpsServer } from "./https-server";

const type = "gpu-clusters:kubernetes:LastingChoices";
const inputs = { clusterName: "train", choices: { "controlPlane.count": "1", dataCenterId: "here" } };

describe("LastingChoices", () => {
  let plugin: Plugin;
  before(async () => {
    plugin = await startPlugin(provider);
  });
  after(() => plugin.stop());

  it("keeps the contract", async () => {
    const more = { ...inputs, choices: { ...inputs.choices, "network.cidr": "10.0.0.0/16" } };
    const replaced = { clusterName: "other", choices: { "controlPlane.count": "3" } };
    await driveResource({ plugin, type, inputs, updated: more, replaced, importable: false });
  });

  it("warns of other choices where the cluster is made anew for them", async () => {
    const resource = new EngineResource(plugin, type, "warns");
    await resource.up({ ...inputs, onChange: "warn" });
    const told = plugin.messages.length;
    const changed = { clusterName: "train", choices: { dataCenterId: "there" }, onChange: "warn" };
    assert.deepEqual((await resource.check(changed)).failures, []);
    assert.match(
      JSON.stringify(plugin.messages.slice(told)),
      /dataCenterId: was here and becomes there: the cluster .*train.* is deleted/,
    );
  });

  it("says what another choice means for what runs, of such that may change", async () => {
    const given = (mode: string, sharing?: unknown) => ({
      ...inputs,
      told: {
        gpuMode: { value: mode, meaning: "pods keep theirs" },
        ...(sharing !== undefined && { sharing: { value: sharing, meaning: "drain" } }),
      },
    });
    const resource = new EngineResource(plugin, type, "told");
    await resource.up(given("plugin", "whole GPUs"));
    const said = async (now: object) => {
      const before = plugin.messages.length;
      assert.deepEqual((await resource.check(now as never)).failures, []);
      return plugin.messages.slice(before).map(({ message }) => message);
    };
    assert.deepEqual(await said(given("plugin", "whole GPUs")), []);
    assert.deepEqual(await said(given("plugin", Unknown.value)), []);
    assert.deepEqual(await said(given("dra", "timeSlicing 2")), [
      "gpuMode: was plugin and becomes dra: pods keep theirs",
      "sharing: was whole GPUs and becomes timeSlicing 2: drain",
    ]);
    assert.deepEqual(await said(given("dra")), ["gpuMode: was plugin and becomes dra: pods keep theirs"]);
  });

  const parts = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`nodeGroups "${name}"`, "its nodes go"]));

  it("warns of parts that go, not of such that come or stand in another order", async () => {
    const resource = new EngineResource(plugin, type, "parts");
    await resource.up({ ...inputs, parts: parts("gpu", "cpu") });
    const told = async (now: object) => {
      const before = plugin.messages.length;
      assert.deepEqual((await resource.check({ ...inputs, ...now })).failures, []);
      return JSON.stringify(plugin.messages.slice(before));
    };
    assert.equal(await told({ parts: parts("cpu", "gpu") }), "[]");
    assert.equal(await told({ parts: parts("new", "cpu", "gpu") }), "[]");
    assert.equal(await told({ parts: Unknown.value }), "[]");
    assert.match(await told({ parts: parts("cpu") }), /nodeGroups .{1,2}gpu.{1,2} is no longer there: its nodes go/);
    assert.match(
      await told({ parts: parts("gpus", "cpu") }),
      /nodeGroups .{1,2}gpu.{1,2} is no longer there: its nodes go/,
    );
    assert.match(await told({}), /cpu.*no longer there.*gpu.*no longer there/);
    assert.equal(await told({ clusterName: "other", parts: parts("other") }), "[]");
    assert.equal(await resource.up({ ...inputs, parts: parts("gpus", "cpu") }), "update");
    await resource.destroy();
  });

  it("is replaced, with what goes with it, where a part was renamed and the cluster is made anew for that", async () => {
    const resource = new EngineResource(plugin, type, "renamed");
    const given = (...names: string[]) => ({ ...inputs, onChange: "warn", parts: parts(...names) });
    await resource.up(given("gpu", "cpu"));
    const before = plugin.messages.length;
    assert.equal(await resource.up(given("cpu", "gpu")), "same");
    assert.equal(await resource.up(given("new", "cpu", "gpu")), "update");
    assert.equal(await resource.up(given("cpu", "gpu")), "update");
    assert.doesNotMatch(JSON.stringify(plugin.messages.slice(before)), /is deleted/);
    assert.equal(await resource.up(given("cpu", "gpus")), "replace");
    assert.match(
      JSON.stringify(plugin.messages.slice(before)),
      /gpu.{1,2} becomes nodeGroups .{1,2}gpus.{1,2}: the cluster .*train.* is deleted, with all .* made anew\. To keep it, add the new name first/,
    );
    await resource.destroy();
  });

  it("refuses all other choices at once, by the user's own names, and says what to do", async () => {
    const resource = new EngineResource(plugin, type, "refuses");
    await resource.up(inputs);
    const { failures } = await resource.check({
      ...inputs,
      choices: { "controlPlane.count": "3", dataCenterId: "there" },
    });
    assert.deepEqual(failures, [
      {
        property: "controlPlane.count",
        reason:
          'was 1 when the cluster "train" was made, and cannot become 3: that would make an empty cluster in its place. ' +
          "Set it back to 1; for 3, make another cluster, in a stack of its own, or destroy this one first",
      },
      {
        property: "dataCenterId",
        reason:
          'was here when the cluster "train" was made, and cannot become there: that would make an empty cluster in its place. ' +
          "Set it back to here; for there, make another cluster, in a stack of its own, or destroy this one first",
      },
    ]);
    assert.equal(await resource.up(inputs), "same");
    await resource.destroy();
  });

  it("names what is probably a slip, and what only grows, and keeps a name that is among the choices", async () => {
    const kept = { clusterName: "train", choices: { clusterName: "train", dataCenterId: "us-newyork-1" } };
    const resource = new EngineResource(plugin, type, "slips");
    await resource.up({ ...kept, least: { "sharedStorage.sizeGib": 100 } });
    const { failures } = await resource.check({
      clusterName: "other",
      choices: { clusterName: "other", dataCenterId: "us-newyrok-1" },
      least: { "sharedStorage.sizeGib": 50 },
    });
    const [name, slip, size] = failures.map(({ reason }) => reason);
    assert.match(name!, /^was train when .* cannot become other/);
    assert.match(slip!, /cannot become us-newyrok-1 \(did you mean "us-newyork-1"\?\): /);
    assert.match(size!, /^was 100 and cannot become 50: disks only grow.* Set it back to 100$/);
    const grown = { ...kept, least: { "sharedStorage.sizeGib": 200 } };
    assert.equal(await resource.up(grown), "update");
    await resource.destroy();
  });

  it("keeps a name that is among the choices by whatever word, so that nothing chooses anew with it", async () => {
    const choices = (cloud: string, stack: string) => ({ cloud, "the stack's name": stack });
    const resource = new EngineResource(plugin, type, "stacks");
    await resource.up({ clusterName: "train", choices: choices("cudo", "train") });
    const { failures } = await resource.check({ clusterName: "renamed", choices: choices("aws", "renamed") });
    const [cloud, name] = failures.map(({ reason }) => reason);
    assert.match(
      cloud!,
      /^was cudo when the cluster "train" was made, and cannot become aws: .* Set it back to cudo; for aws, make another cluster, in a stack of its own, or/,
    );
    assert.match(name!, /^the stack's name: was train when .* cannot become renamed: .* Set it back to train;/);
    await resource.destroy();
  });

  it("refuses to leave out what is kept, until it is said to be kept no more", async () => {
    const kept = (shares: Record<string, unknown>) => ({ ...inputs, kept: shares });
    const resource = new EngineResource(plugin, type, "kept");
    await resource.up(kept({ 'the file share "a"': true, 'the file share "b"': false }));
    const { failures } = await resource.check(kept({ 'the file share "c"': true }));
    assert.equal(failures.length, 1);
    assert.match(
      failures[0]!.reason,
      /^the file share "a": cannot be left out.* set its protect: false and run `pulumi up` first$/,
    );
    assert.deepEqual((await resource.check(kept({ 'the file share "a"': Unknown.value }))).failures, []);
    assert.deepEqual((await resource.check({ ...inputs, kept: Unknown.value })).failures, []);
    assert.equal((await resource.check(inputs)).failures.length, 1);
    await resource.up(kept({ 'the file share "a"': false }));
    assert.equal(await resource.up(inputs), "update");
    await resource.destroy();
  });

  it("refuses that servers are managed from another cluster while the one before is there, whatever else is chosen", async () => {
    const cluster = (uid: string) =>
      httpsServer(({ url }, response) =>
        url === "/api/v1"
          ? response.end(JSON.stringify({ resources: [{ name: "namespaces", kind: "Namespace", namespaced: false }] }))
          : response.end(JSON.stringify({ metadata: { uid } })),
      );
    const [first, second] = [await cluster("one"), await cluster("other")];
    const resource = new EngineResource(plugin, type, "managed");
    const of = (managementKubeconfig: unknown) => ({ ...inputs, managementKubeconfig }) as never;
    try {
      await resource.up(of(first.kubeconfig));
      const { failures } = await resource.check(of(second.kubeconfig));
      const renamed = { ...(of(second.kubeconfig) as object), clusterName: "renamed" } as never;
      for (const refused of [failures, (await resource.check(renamed)).failures])
        assert.deepEqual(
          refused.map(({ property }) => property),
          ["managementKubeconfig"],
        );
      assert.match(
        failures[0]!.reason,
        /^leads to another cluster, at \S+, than the one that "train" and its servers are managed from, at \S+, which is still there: .* wipes the servers .*take "train" out of the program first/,
      );
      const elsewhere = first.kubeconfig.replace("127.0.0.1", "localhost");
      for (const same of [elsewhere, Unknown.value, undefined])
        assert.deepEqual((await resource.check(of(same))).failures, []);
      await first.close();
      assert.deepEqual((await resource.check(of(second.kubeconfig))).failures, [], "it is gone");
      await resource.destroy();
    } finally {
      await first.close();
      await second.close();
    }
  });

  it("lets what is not known yet, not named any more, or of another cluster pass", async () => {
    const resource = new EngineResource(plugin, type, "passes");
    await resource.up(inputs);
    for (const [clusterName, choices] of [
      ["train", { "controlPlane.count": Unknown.value }],
      ["train", {}],
      ["train", Unknown.value],
      ["other", { "controlPlane.count": "3" }],
      [Unknown.value, { "controlPlane.count": "3" }],
    ])
      assert.deepEqual((await resource.check({ clusterName, choices })).failures, []);
    await resource.destroy();
  });
});
