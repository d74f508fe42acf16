import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VersionProbes } from "../../toolchain/tools/version-probe";

describe("Probes of versions", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "gpu-clusters-probes-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("run side by side, within a process and between several, and leave one file", async () => {
    const tools = Array.from({ length: 7 }, (_, index) => {
      const tool = join(directory, `tool-${index}`);
      writeFileSync(tool, `#!/bin/sh\necho v1.2.${index}\n`);
      chmodSync(tool, 0o755);
      return tool;
    });
    const file = join(directory, "cache", "versions.json");
    const versions = await Promise.all(
      Array.from({ length: 6 }, () => {
        const probes = new VersionProbes(file);
        return Promise.all(tools.map((tool) => probes.versionOf(tool, ["--version"])));
      }),
    );
    for (const found of versions)
      assert.deepEqual(
        found,
        tools.map((_, index) => `1.2.${index}`),
      );
    assert.deepEqual(readdirSync(join(directory, "cache")), ["versions.json"]);
  });
});
