import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownIngredients } from "../../../simulator/machines/nspawn/image/image";
import { markUsed, removeUnused } from "../../../simulator/machines/nspawn/image/kept-images";

const day = 24 * 3_600_000;

describe("the cache of machine images", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gpu-clusters-images-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function put(name: string, days: number): Promise<void> {
    await mkdir(join(folder, name, "root"), { recursive: true });
    const then = new Date(Date.now() - days * day);
    await utimes(join(folder, name), then, then);
  }
  const mounts = (...names: string[]) =>
    Promise.resolve(names.map((name) => `1 2 0:3 / / rw - overlay x rw,lowerdir=${folder}/${name}/root\n`).join(""));

  it("keeps what another checkout has used within a week, and what machines run on", async () => {
    await writeFile(join(folder, ".lock"), "");
    for (const [name, days] of [
      ["image-fresh", 6],
      ["image-old", 8],
      ["image-running", 30],
      ["image-used", 30],
      ["debian-base", 8],
      ["scratch-half", 0],
      ["scratch-running", 0],
    ] as const)
      await put(name, days);
    await markUsed(join(folder, "image-used"));
    await removeUnused(folder, { mounts: () => mounts("image-running", "scratch-running") });
    assert.deepEqual((await readdir(folder)).sort(), [
      ".lock",
      "image-fresh",
      "image-running",
      "image-used",
      "scratch-running",
    ]);
  });

  it("does not take a name for another that begins with it, and marks nothing that is not there", async () => {
    await put("image-1", 8);
    await put("image-12", 8);
    await markUsed(join(folder, "image-123"));
    await removeUnused(folder, { mounts: () => mounts("image-12") });
    assert.deepEqual(await readdir(folder), ["image-12"]);
  });

  it("is one for all checkouts with the same sources", async () => {
    const sources = join(__dirname, "../../../simulator/machines/nspawn/image");
    await cp(sources, join(folder, "copy"), { recursive: true });
    const [here, there] = [await ownIngredients(sources), await ownIngredients(join(folder, "copy"))];
    assert.ok(here.length > 10);
    assert.deepEqual(here, there);
    await writeFile(join(folder, "copy", "seed.sh"), "another");
    assert.notDeepEqual(await ownIngredients(join(folder, "copy")), here);
  });
});
