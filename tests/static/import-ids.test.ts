/** The reference says of each resource by which id it is imported, or that it cannot be; its handler agrees. */
import assert from "node:assert/strict";
import { provider } from "../../plugin/provider";
import type { ResourceContext } from "../../provider/server/resource";
import { committedSchema } from "../../sdk/schema/committed";

const resources = Object.entries(committedSchema().resources!).filter(([, { isComponent }]) => !isComponent);

/** Whether a handler refuses whatever id it is given: it looks nowhere. */
async function refuses(type: string): Promise<boolean> {
  const handler = await provider.resources[type]!();
  const { signal } = new AbortController();
  const context = { config: {}, signal, urn: `urn:pulumi:s::p::${type}::x`, name: "x", log: console } as never;
  const words = await handler.read("x", undefined, context as ResourceContext).then(String, String);
  return /import/.test(words);
}

describe("import ids in the reference", () => {
  it("are there for what can be imported; of all else it is said that it cannot be", async () => {
    assert.ok(resources.length > 30);
    const wrong = resources.map(async ([type, { description = "" }]) => {
      const stated = /^.*\bImport id: `[^`]+`/m.test(description);
      const denied = /\bcannot be imported\b/.test(description);
      if (await refuses(type)) return denied && !stated ? [] : [`${type}: cannot be imported, and does not say so`];
      return stated && !denied ? [] : [`${type}: lacks "Import id: \`…\`"`];
    });
    assert.deepEqual((await Promise.all(wrong)).flat(), []);
  });
});
