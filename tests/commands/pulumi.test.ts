import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { showPulumi } from "../../commands/pulumi";
import { inTemporaryFolder } from "../toolchain/temporary-folder";

describe("pulumi as the commands run it", () => {
  it(
    "asks nobody, leaves out the dots that would fill a log, and hands on how it ended",
    inTemporaryFolder(async (folder) => {
      const executable = join(folder, "pulumi");
      await writeFile(executable, `#!/bin/sh\necho "$@" > ${folder}/arguments\nexit 7\n`, { mode: 0o755 });
      const code = await showPulumi({ executable, environment: {} }, ["up", "--yes"], new AbortController().signal);
      assert.equal(code, 7);
      const given = (await readFile(join(folder, "arguments"), "utf8")).trim().split(" ");
      assert.deepEqual(given.slice(0, 4), ["up", "--yes", "--non-interactive", "--suppress-progress"]);
    }),
  );
});
