/** Images that machines are to be made from: what Mithril does not have is refused at the preview. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { checkImage } from "../../../provider/mithril/handlers/image-checks";
import type { ImageVersion } from "../../../provider/mithril/types";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { TestMithril } from "./cloud";

const region = "us-central5-a";
const place = { name: "a", region, instanceType: "h100-80gb.sxm.8x" };
const order = { ...place, sshKeys: [] };
const spot = { limitPrice: "$20.00" };
const hours = (count: number) => new Date(Math.ceil(Date.now() / 3_600_000 + count) * 3_600_000).toISOString();
const period = { start: hours(1), end: hours(25) };
const group = { minSize: 1, maxSize: 2, capacity: { spot } };
const cluster = { clusterName: "train", region, controlPlane: { instanceType: "cpu.4x" } };
const resources = {
  SpotBid: { ...order, quantity: 1, ...spot },
  Reservation: { ...order, quantity: 1, ...period },
  NodeGroup: { ...order, ...group, clusterName: "train", clusterId: "" },
  Cluster: { ...order, instanceType: "cpu.4x" },
  PlannedCluster: cluster,
};

describe("images on Mithril", () => {
  let mithril: TestMithril;
  let plugin: Plugin;
  before(async () => {
    mithril = await TestMithril.start();
    plugin = await startPlugin(provider, { config: mithril.config });
  });
  after(async () => {
    await plugin.stop();
    await mithril.close();
  });

  /** What is said of the image alone. */
  const saidOf = async (kind: keyof typeof resources, image: string) => {
    const own = kind === "PlannedCluster" ? { nodeGroups: [{ ...place, ...group, image }] } : { image };
    const inputs = { ...resources[kind], ...own };
    const { failures } = await new EngineResource(plugin, `gpu-clusters:mithril:${kind}`).check(inputs);
    return failures
      .filter(({ property }) => property.endsWith("image"))
      .map(({ property, reason }) => `${property}: ${reason}`);
  };

  for (const kind of Object.keys(resources) as (keyof typeof resources)[])
    it(`must be there for a ${kind}, and are named where they are not`, async () => {
      const isControlPlane = kind === "Cluster";
      const [right, name] = isControlPlane
        ? ["imgver_simControl134", "mcc-control-plane"]
        : ["imgver_simUbuntu2404", "ubuntu-24.04-cuda"];
      assert.deepEqual(await saidOf(kind, right), []);
      const [said, ...others] = await saidOf(kind, `${right}x`);
      assert.deepEqual(others, []);
      const path = kind === "PlannedCluster" ? "nodeGroups[0].image" : "image";
      const start = `${path}: "${right}x" is no image of Mithril's (did you mean "${right}"?); in ${region} there are: `;
      assert.ok(said!.startsWith(start), said);
      assert.ok(said!.includes(`${right} (${name})`), said);
    });

  it("are refused that Mithril has withdrawn, or has elsewhere", async () => {
    const version = (given: Partial<ImageVersion>): ImageVersion => {
      const facts = { name: "ubuntu", os: "", kernel: "", stable: true, nvidiaDriver: "", cuda: "" };
      return { ...facts, fid: "imgver_a", regions: [region], deactivatedAt: undefined, ...given };
    };
    const log = { warn: (message: string) => assert.fail(message) };
    const check = (given: Partial<ImageVersion>) =>
      checkImage({ image: "imgver_a", region }, () => Promise.resolve([version(given)]), undefined, log);
    assert.deepEqual(await check({}), []);
    const reason = (why: string) => [{ property: "image", reason: `"imgver_a" ${why}; in ${region} there are: none` }];
    assert.deepEqual(await check({ deactivatedAt: hours(-1) }), reason("was withdrawn by Mithril"));
    assert.deepEqual(await check({ regions: ["us-east1-a"] }), reason(`is not to be had in ${region}`));
  });

  it("that are gone stop nothing that was made from them", async () => {
    const withImage = (image: string) => ({ ...cluster, nodeGroups: [{ ...place, ...group, image }] });
    const resource = new EngineResource(plugin, "gpu-clusters:mithril:PlannedCluster");
    await resource.up(withImage("imgver_simUbuntu2204"));
    resource.stored!.inputs.values["nodeGroups"] = withImage("imgver_gone").nodeGroups;
    assert.deepEqual((await resource.check(withImage("imgver_gone"))).failures, []);
    assert.equal((await resource.check(withImage("imgver_other"))).failures.length, 1);
  });
});
