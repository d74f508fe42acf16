/** docs/architecture.md is as the tree is, as far as a program can tell. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");

/** `provider → sdk`, of files that import each other: the first part of their paths. */
function importsBetweenRooms(files: readonly string[]): Set<string> {
  const programs = files.filter((file) => /\.(ts|mjs)$/.test(file) && !/^(tests|examples)\/|\.config\./.test(file));
  const arrows = programs.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const imports = [...text.matchAll(/(?:\bfrom |\bimport\(|\brequire\(|^import )"(\.[^"]+)"/gm)];
    return imports.map(([, path]) => [file, join(dirname(file), path!)].map((each) => each.split("/")[0]!));
  });
  return new Set(arrows.filter(([from, to]) => from !== to).map((arrow) => arrow.join(" → ")));
}

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

  it("has every arrow between rooms, and no other", () => {
    const found = importsBetweenRooms(files);
    // In the text as `one, other → third → fourth`.
    const drawn = [...page.matchAll(/`([^`]+→[^`]+)`/g)].flatMap(([, chain]) => {
      const links = chain!.split("→").map((link) => link.split(",").map((room) => room.trim()));
      return links
        .slice(1)
        .flatMap((to, index) => links[index]!.flatMap((from) => to.map((each) => `${from} → ${each}`)));
    });
    assert.ok(drawn.length > 10, drawn.join());
    assert.deepEqual(
      drawn.filter((arrow) => !found.has(arrow)),
      [],
      "drawn, and nowhere in the code",
    );
    const reached = (from: string, to: string, seen = new Set<string>()): boolean =>
      drawn.some((arrow) => {
        const [begin, end] = arrow.split(" → ") as [string, string];
        if (begin !== from || seen.has(end)) return false;
        return end === to || reached(end, to, seen.add(end));
      });
    // What the text says in words; dependency-cruiser holds which files these are.
    const told = ["simulator → components", "simulator → autoscaler"];
    const others = [...found].filter((arrow) => {
      const [from, to] = arrow.split(" → ") as [string, string];
      const isOfAll = to === "sdk" && from !== "bootstrap";
      return !isOfAll && !told.includes(arrow) && !reached(from, to);
    });
    assert.deepEqual(others, [], "in the code, and not drawn");
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
