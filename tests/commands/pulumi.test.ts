import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setSecrets, showPulumi } from "../../commands/pulumi";
import { stackFiles } from "../../commands/workspace";
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

  it(
    "sets secrets in the stack's own config, by standard input and not as an argument",
    inTemporaryFolder(async (folder) => {
      const executable = join(folder, "pulumi");
      const script = `#!/bin/sh\necho "$@" > ${folder}/arguments\ncat > ${folder}/input\n`;
      await writeFile(executable, script, { mode: 0o755 });
      const files = stackFiles("local");
      const secrets = { "pulumi-gpu-clusters:sshPrivateKey": "PRIVATE\nKEY\n" };
      await setSecrets({ executable, environment: {} }, files, secrets, new AbortController().signal);
      const given = await readFile(join(folder, "arguments"), "utf8");
      assert.match(given, /^config set --secret --stack local --config-file .*Pulumi\.local\.yaml .*:sshPrivateKey\n$/);
      assert.equal(await readFile(join(folder, "input"), "utf8"), "PRIVATE\nKEY\n");
    }),
  );
});
