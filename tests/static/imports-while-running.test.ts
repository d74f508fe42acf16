import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");

function isEsm(name: string): boolean {
  const manifest = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as object;
  return (manifest as { type?: string }).type === "module";
}

it("no CommonJS package is imported while the plugin or the autoscaler's server runs: their bundles would have its default alone", () => {
  const wrong = ["provider", "plugin", "autoscaler"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const text = readFileSync(join(root, room, file), "utf8");
        const names = [...text.matchAll(/(?<!typeof )\bimport\(\s*"((?:@[\w.-]+\/)?[\w-]+)/g)].map(([, name]) => name!);
        return names.filter((name) => !isEsm(name)).map((name) => `${join(room, dirname(file))}: ${name}`);
      }),
  );
  assert.deepEqual(wrong, []);
});
