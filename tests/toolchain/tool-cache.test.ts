import * as assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { ToolCache } from "../../toolchain/tools/tool-cache";
import { inTemporaryFolder, writeExecutable } from "./temporary-folder";

const stamp = { recipe: "one", source: "compiled" as const };

describe("tool cache", () => {
  it(
    "finds what was installed with a known recipe",
    inTemporaryFolder(async (folder) => {
      const cache = new ToolCache(folder);
      await cache.install("kwok", "1.0.0", stamp, (fresh) => writeExecutable(path.join(fresh, "kwok"), "echo 1"));
      assert.deepEqual(await cache.find("kwok", "1.0.0", ["zero", "one"]), stamp);
      assert.equal(await cache.find("kwok", "1.0.0", ["two"]), undefined);
      assert.equal(await cache.find("kwok", "1.0.1", ["one"]), undefined);
    }),
  );

  it(
    "keeps the old files when a new installation fails, and leaves nothing half made",
    inTemporaryFolder(async (folder) => {
      const cache = new ToolCache(folder);
      await cache.install("kwok", "1.0.0", stamp, (fresh) => writeExecutable(path.join(fresh, "kwok"), "echo old"));
      const failing = cache.install("kwok", "1.0.0", { ...stamp, recipe: "two" }, async (fresh) => {
        await writeExecutable(path.join(fresh, "kwok"), "echo new");
        throw new Error("disk full");
      });
      await assert.rejects(failing, /disk full/);
      assert.deepEqual(await cache.find("kwok", "1.0.0", ["one"]), stamp);
      assert.match(await fs.readFile(path.join(cache.directoryOf("kwok", "1.0.0"), "kwok"), "utf8"), /old/);
      assert.deepEqual(await fs.readdir(path.join(folder, ".scratch")), []);
    }),
  );

  it(
    "replaces an installation of another recipe",
    inTemporaryFolder(async (folder) => {
      const cache = new ToolCache(folder);
      for (const recipe of ["one", "two"]) {
        await cache.install("kwok", "1.0.0", { ...stamp, recipe }, (fresh) =>
          writeExecutable(path.join(fresh, "kwok"), `echo ${recipe}`),
        );
      }
      assert.equal((await cache.find("kwok", "1.0.0", ["two"]))?.recipe, "two");
      assert.match(await fs.readFile(path.join(cache.directoryOf("kwok", "1.0.0"), "kwok"), "utf8"), /two/);
    }),
  );

  it(
    "refuses an installation without its executable",
    inTemporaryFolder(async (folder) => {
      const install = new ToolCache(folder).install("kwok", "1.0.0", stamp, () => Promise.resolve());
      await assert.rejects(install, /without an executable called kwok/);
    }),
  );
});
