/** The package's entry points, as the compiler of a program finds their types. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const text = readFileSync(join(__dirname, "../../package.json"), "utf8");
const { exports: entries } = JSON.parse(text) as { exports: Record<string, string | { types: string }> };
const typed = Object.entries(entries).flatMap(([entry, target]) =>
  typeof target === "string" ? [] : [[entry.replace(/^\./, "pulumi-gpu-clusters"), target.types] as const],
);
const installed = "/program/node_modules/pulumi-gpu-clusters";
const files = new Map([
  [join(installed, "package.json"), text],
  ...typed.map(([, types]) => [join(installed, types), ""] as const),
]);
const host = { fileExists: (file: string) => files.has(file), readFile: (file: string) => files.get(file) };

const { Node10, Node16, NodeNext, Bundler } = ts.ModuleResolutionKind;
const resolutions = {
  // Of Pulumi's own templates; it knows no `exports`.
  node: { module: ts.ModuleKind.CommonJS, moduleResolution: Node10 },
  node16: { module: ts.ModuleKind.Node16, moduleResolution: Node16 },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: NodeNext },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: Bundler },
};

describe("entry points", () => {
  for (const [name, options] of Object.entries(resolutions)) {
    it(`have their types by the module resolution ${name}`, () => {
      assert.ok(typed.length > 10, String(typed.length));
      const found = typed.map(([module]) => {
        const { resolvedModule } = ts.resolveModuleName(module, "/program/index.ts", options, host);
        return [module, resolvedModule?.resolvedFileName];
      });
      assert.deepEqual(
        found,
        typed.map(([module, types]) => [module, join(installed, types)]),
      );
    });
  }
});
