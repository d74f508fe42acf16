import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { generatedKey } from "../../../provider/kubernetes/handlers/generated-key";
import { driveResource, startPlugin } from "../server/harness";
import { testContext } from "./context";

describe("GeneratedKey", () => {
  it("keeps the contract, and is another key for another size only", async () => {
    const plugin = await startPlugin(provider);
    try {
      const type = "gpu-clusters:kubernetes:GeneratedKey";
      await driveResource({ plugin, type, inputs: {}, replaced: { bytes: 1024 }, importable: false });
    } finally {
      await plugin.stop();
    }
  });

  it("has as many bytes as were asked for, never the same", async () => {
    const made = async (bytes: number) => (await generatedKey.create({ bytes }, testContext())).outputs.hex;
    const keys = [await made(32), await made(32), await made(1024)];
    assert.deepEqual(
      keys.map((key) => /^[0-9a-f]+$/.test(key) && key.length / 2),
      [32, 32, 1024],
    );
    assert.notEqual(keys[0], keys[1]);
  });

  it("refuses what is no key", async () => {
    const check = (bytes: number) => generatedKey.check!({ bytes }, testContext());
    assert.deepEqual(await check(16), []);
    assert.deepEqual(await check(8), [{ property: "bytes", reason: "must be from 16 to 4096, is 8" }]);
  });
});
