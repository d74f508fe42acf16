import assert from "node:assert/strict";
import { provider } from "../../sdk/provider";
import type { PackageSchema } from "../../sdk/plugin/package-schema";
import { diffConfig } from "../../sdk/plugin/provider-config";

describe("a change of the provider's configuration", () => {
  const diff = async (before: object, after: object) => {
    const texts = (config: object) =>
      Object.fromEntries(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]));
    return diffConfig(provider, (await provider.schema()) as PackageSchema, texts(before), texts(after));
  };
  const cudo = { baseUrl: "https://cudo.example", projectId: "one" };

  it("replaces everything only when another account is named", async () => {
    assert.deepEqual(await diff({ cudo }, { cudo: { ...cudo, projectId: "two" } }), [{ path: "cudo", replaces: true }]);
    assert.deepEqual(await diff({ cudo }, { cudo: { ...cudo, baseUrl: "https://other.example" } }), [
      { path: "cudo", replaces: false },
    ]);
  });

  it("replaces nothing when another cloud is configured, or no longer, as by a variable of the shell", async () => {
    const mithril = { projectId: "proj_1" };
    assert.deepEqual(await diff({ cudo }, { cudo, mithril }), [{ path: "mithril", replaces: false }]);
    assert.deepEqual(await diff({ cudo, mithril }, { cudo }), [{ path: "mithril", replaces: false }]);
  });
});
