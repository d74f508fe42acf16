import assert from "node:assert/strict";
import { Unknown } from "../../../provider/server/values";
import { provider } from "../../../plugin/provider";
import { driveResource, EngineResource, startPlugin, type Plugin } from "../server/harness";

const type = "gpu-clusters:kubernetes:EtcdMembers";
const inputs = { clusterName: "train", machines: ["i-1", "i-2", "i-3"] };

describe("EtcdMembers", () => {
  let plugin: Plugin;
  before(async () => {
    plugin = await startPlugin(provider);
  });
  after(() => plugin.stop());

  const refused = async (machines: unknown, clusterName = "train") => {
    const resource = new EngineResource(plugin, type, "members");
    await resource.up(inputs);
    const { failures } = await resource.check({ clusterName, machines } as never);
    await resource.destroy();
    return failures.map(({ property, reason }) => `${property}: ${reason}`).join();
  };

  it("keeps the contract", async () => {
    const updated = { ...inputs, machines: ["i-1", "i-4", "i-3"] };
    const replaced = { clusterName: "other", machines: ["i-7", "i-8", "i-9"] };
    await driveResource({ plugin, type, inputs, updated, replaced, importable: false });
  });

  it("lets one machine after the other be made anew", async () => {
    for (const machines of [["i-1", "i-2", Unknown.value], ["i-4", "i-1", "i-3"], Unknown.value])
      assert.equal(await refused(machines), "");
    assert.equal(await refused([Unknown.value, Unknown.value, Unknown.value], "other"), "");
  });

  it("stops where etcd is gone with all of them, or has lost its majority, and says what the choices are", async () => {
    const all = await refused([Unknown.value, Unknown.value, Unknown.value]);
    assert.match(
      all,
      /^machines: 3 of the 3 machines .* "train" are gone \(i-1, i-2, i-3\), and with them all that was in/,
    );
    assert.match(all, /`pulumi destroy`, then `pulumi up`$/);
    const most = await refused([Unknown.value, "i-2", "i-7"]);
    assert.match(most, /2 of the 3 .*\(i-1, i-3\), and with them the majority without which i-2 takes no others in/);
  });
});
