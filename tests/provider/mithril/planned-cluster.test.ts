import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { plannedClusterHandler } from "../../../provider/mithril/handlers/planned-cluster";
import { Unknown } from "../../../provider/server/values";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";
import { publicKey, signal, TestMithril } from "./cloud";

const type = "gpu-clusters:mithril:PlannedCluster";
const spot = { spot: { limitPrice: "$20.00" } };
const gpu = { name: "gpu", instanceType: "h100-80gb.sxm.8x", capacity: spot, minSize: 1, maxSize: 4 };
const hours = (count: number) => new Date(Math.ceil(Date.now() / 3_600_000 + count) * 3_600_000).toISOString();
const reserved = {
  name: "held",
  instanceType: "h100-80gb.sxm.8x",
  minSize: 2,
  maxSize: 2,
  capacity: { reservation: { start: hours(1), end: hours(25) } },
};
const inputs = {
  clusterName: "train",
  region: "us-central5-a",
  controlPlane: { instanceType: "cpu.4x" },
  nodeGroups: [gpu, reserved],
  fileShares: [{ name: "datasets", sizeGb: 100 }],
};

describe("PlannedCluster of Mithril", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  beforeEach(async () => {
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
  });
  afterEach(async () => {
    await plugin.stop();
    await mithril.close();
  });

  const resource = () => new EngineResource(plugin, type, "plan");
  const failures = async (changed: object, on = resource()) =>
    (await on.check({ ...inputs, ...changed })).failures.map(({ property, reason }) => `${property}: ${reason}`);

  it("keeps the contract", () => driveResource({ plugin, type, inputs, importable: false }));

  it("shows no change of its own, whatever changes", async () => {
    const there = resource();
    await there.up(inputs);
    const other = { clusterName: "train", region: inputs.region, controlPlane: { instanceType: "cpu.8x" } };
    assert.equal(await there.up({ ...other, nodeGroups: [{ ...gpu, maxSize: 5 }] }), "same");
  });

  it("names all that cannot be had at once, by the cluster's own arguments, and a region's mistake once", async () => {
    const found = await failures({
      region: "us-centrl5-a",
      controlPlane: { instanceType: "cpu.4y" },
      sshKeyId: "sshkey_gone",
      nodeGroups: [
        { ...gpu, instanceType: "h100-80gb.smx.8x" },
        { ...reserved, instanceType: "h100-80gb.smx.8x" },
        gpu,
      ],
      fileShares: [
        { name: "a", sizeGb: 100 },
        { name: "b", sizeGb: 100 },
      ],
    });
    assert.deepEqual(
      found.map((line) => line.replace(/;.*/, "")),
      [
        'region: there is no region "us-centrl5-a" (did you mean "us-central5-a"?)',
        'controlPlane.instanceType: there is no instance type "cpu.4y" (did you mean "cpu.4x"?)',
        "sshKeyId: project proj_simulator has no SSH key sshkey_gone",
        'nodeGroups[0].instanceType: there is no instance type "h100-80gb.smx.8x" (did you mean "h100-80gb.sxm.8x"?)',
        'nodeGroups[1].instanceType: there is no instance type "h100-80gb.smx.8x" (did you mean "h100-80gb.sxm.8x"?)',
      ],
    );
  });

  it("holds prices, volumes, sizes and reservations against what the region has", async () => {
    const bad = { ...reserved.capacity.reservation, maxUnitPrice: "$0.01" };
    const found = await failures({
      nodeGroups: [
        { ...gpu, capacity: { spot: { limitPrice: "$0.01", bidSize: 3 } }, volumes: ["vol_gone"] },
        { ...reserved, capacity: { reservation: bad } },
        { ...reserved, name: "never", instanceType: "cpu.4x" },
      ],
    });
    assert.deepEqual(found.map((line) => line.split(": ")[0]).sort(), [
      "nodeGroups[0].capacity.spot.limitPrice",
      "nodeGroups[0].maxSize",
      "nodeGroups[0].minSize",
      "nodeGroups[0].volumes[0]",
      "nodeGroups[1].capacity.reservation.maxUnitPrice",
      "nodeGroups[2].instanceType",
    ]);
  });

  it("says what a region that there is does not have", async () => {
    const found = await failures({ region: "us-central2-a", nodeGroups: [] });
    assert.deepEqual(found, [
      "region: us-central2-a has no Kubernetes clusters; regions with Kubernetes clusters: us-central1-b, us-central5-a, us-east1-a",
    ]);
    const [share] = await failures({ region: "us-east1-a", nodeGroups: [] });
    assert.match(share!, /^region: us-east1-a has no file shares; regions with file shares: us-central1-b, /);
  });

  it("lets what is right, or not known yet, pass", async () => {
    assert.deepEqual(await failures({}), []);
    for (const field of Object.keys(inputs)) assert.deepEqual(await failures({ [field]: Unknown.value }), [], field);
    const unknown = { ...gpu, instanceType: Unknown.value, capacity: Unknown.value };
    assert.deepEqual(await failures({ nodeGroups: [unknown, Unknown.value] }), []);
  });

  it("says once that Mithril refuses the key or the project", async () => {
    for (const [apiKey, project, told] of [
      ["fkey_other", undefined, /^mithril\.apiKey: /],
      [undefined, "proj_other", /^mithril\.projectId: /],
    ] as const) {
      const { mithril: own } = mithril.config;
      const config = { mithril: { ...own, ...(apiKey && { apiKey }), ...(project && { projectId: project }) } };
      const other = await startPlugin(provider, { config });
      const found = await failures({}, new EngineResource(other, type, "plan")).finally(() => other.stop());
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, told);
    }
  });

  it("refuses nothing of what stands, whatever Mithril offers by now, and what is added all the same", async () => {
    const gone = {
      ...inputs,
      region: "us-gone1-a",
      controlPlane: { instanceType: "cpu.9x" },
      nodeGroups: [{ ...gpu, instanceType: "v100" }],
    };
    const log = {
      info: () => {},
      warn: () => assert.fail("its own resource tells"),
      debug: () => {},
      status: () => {},
    };
    const context = { name: "plan", urn: "", signal: signal(), timeoutMs: undefined, log, config: mithril.config };
    const added = {
      ...gone,
      nodeGroups: [...gone.nodeGroups, { ...gpu, name: "new", instanceType: "h100-80gb.smx.8x" }],
    };
    assert.deepEqual(await plannedClusterHandler.check!(gone, context, gone), []);
    const found = await plannedClusterHandler.check!(added, context, gone);
    assert.deepEqual(
      found.map(({ property }) => property),
      ["nodeGroups[1].instanceType"],
    );
  });

  it("leaves a cluster that is older than it to the resources themselves", async () => {
    const api = mithril.api();
    const key = await api.sshKeys.create({ name: "k", publicKey: publicKey(), required: false }, signal());
    const order = { name: "train", region: inputs.region, sshKeys: [key.fid], instanceType: "it_simCpu4x000000" };
    await api.clusters.create({ ...order, kubernetesVersion: "1.34" }, signal());
    assert.deepEqual(await failures({ controlPlane: { instanceType: "cpu.4y" } }), []);
  });
});
