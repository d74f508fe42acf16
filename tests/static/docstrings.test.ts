import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { componentsSchema } from "../../sdk/schema/committed";

const room = join(__dirname, "../../components");

/** Of each class under `components/` what stands right before it. */
function docstrings(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(room, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(room, file), "utf8");
    for (const [, said, name] of text.matchAll(/(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?export class (\w+)/g))
      found.set(name!, (said ?? "").replace(/^ *\* ?/gm, ""));
  }
  return found;
}

describe("docstrings of components", () => {
  it("say what each makes, what it costs, and how a program makes one", async () => {
    const names = Object.keys(componentsSchema().resources!).map((type) => type.split(":")[2]!);
    assert.ok(names.length > 15, names.join());
    const said = docstrings();
    const lacking = names.flatMap((name) => {
      const [text, example = ""] = (said.get(name) ?? "").split("@example");
      const [what] = text!.split("\n\n");
      return [
        ...(what!.trim().length > 20 ? [] : [`${name}: what it makes`]),
        ...(/\bCost: /.test(text!) ? [] : [`${name}: Cost`]),
        ...(example.includes(`new ${name}(`) ? [] : [`${name}: @example`]),
      ];
    });
    assert.deepEqual(lacking, []);
  });
});
