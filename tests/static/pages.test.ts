import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "..", "..");

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "toolchain/README.md"].map((page) => join(root, page)),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(root, "docs", file)),
];

/** As GitHub makes them of headings. */
const anchors = (page: string) =>
  new Set(
    [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

const isPage = (path: string) => path.endsWith(".md") && statSync(path).isFile();

function deadLinks(page: string): string[] {
  const links = [...readFileSync(page, "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, anchor] = link.split("#") as [string, string?];
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && isPage(target) && !anchors(target).has(anchor);
    })
    .map((link) => `${relative(root, page)}: ${link}`);
}

describe("pages", () => {
  it("lead to files and headings that are there", () => {
    assert.deepEqual(pages.flatMap(deadLinks), []);
  });

  it("say from where nodes fetch what is in no chart", () => {
    const pinned = readFileSync(join(root, "components", "versions.ts"), "utf8");
    const registries = new Set(
      [...pinned.matchAll(/"([a-z0-9-]+(?:\.[a-z0-9-]+)+)\/[^"]+"/g)].map(([, host]) => host!),
    );
    const page = readFileSync(join(root, "docs", "in-the-cluster.md"), "utf8");
    assert.ok(registries.size >= 5, [...registries].join());
    assert.deepEqual(
      [...registries].filter((host) => !page.includes(`\`${host}\``)),
      [],
    );
  });
});
