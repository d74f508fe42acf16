/** docs/architecture.md is as the tree is, as far as a program can tell. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");

describe("docs/architecture.md", () => {
  const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  const folders = new Set(
    files.flatMap((file) => {
      const parts = dirname(file).split("/");
      return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    }),
  );
  const picture = /```\n([^]*?)```/.exec(page)![1]!;

  it("names files and folders that are there", () => {
    const named = [...page.matchAll(/`([\w./-]+(?:\.(?:ts|sh|cjs|mjs|json)|\/))`/g)].map(([, path]) => path!);
    assert.ok(named.length > 20, `only ${named.length} found: this would prove nothing`);
    const missing = named.filter((path) =>
      path.endsWith("/")
        ? !folders.has(path.slice(0, -1)) && ![...folders].some((folder) => folder.endsWith(`/${path.slice(0, -1)}`))
        : !files.some((file) => file === path || file.endsWith(`/${path}`)),
    );
    assert.deepEqual(missing, []);
  });

  it("shows every room, and in the large ones what they are made of", () => {
    const drawn = new Set([...picture.matchAll(/([\w-]+)\//g)].map(([, name]) => name!));
    const rooms = [...folders].filter((folder) => /^[^/.]+$/.test(folder) && folder !== "examples");
    const parts = [...folders].filter((folder) => /^(components|provider)\/[^/]+$/.test(folder));
    const missing = [...rooms, ...parts].filter((folder) => !drawn.has(folder.split("/").at(-1)!));
    assert.deepEqual(missing, []);
  });

  it("numbers its decisions in order, and refers to those that it has", () => {
    const numbers = [...page.matchAll(/^### (\d+)\. /gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    const meant = [...page.matchAll(/decision (\d+)/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      meant.filter((number) => !numbers.includes(number)),
      [],
    );
  });
});
