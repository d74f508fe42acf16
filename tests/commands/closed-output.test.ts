/** A command whose reader goes in the middle of it: `| head`, a terminal that is closed. pulumi must keep its state all the same. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inTemporaryFolder, writeExecutable } from "../toolchain/temporary-folder";

const root = join(__dirname, "..", "..");

/** Writes without end; ^C is its way to save. Whoever writes where nobody reads is killed, as pulumi is. */
const pulumi = (folder: string) => `
  trap 'head -c 200000 /dev/zero; echo saved >> ${folder}/log; exit 3' INT
  i=0
  while [ $i -lt 600 ]; do i=$((i + 1)); echo "line $i"; sleep 0.1; done
  echo finished >> ${folder}/log
`;

const command = (executable: string) => `
  const { runMain } = require(${JSON.stringify(join(root, "commands/main"))});
  const { requireSuccess, showPulumi } = require(${JSON.stringify(join(root, "commands/pulumi"))});
  void runMain(async (signal) => {
    const code = await showPulumi({ executable: ${JSON.stringify(executable)}, environment: {} }, ["up"], signal);
    await requireSuccess(code, "pulumi up", "Go on with: npm start", signal);
  });
`;

describe("a command that nobody listens to any more", function () {
  this.timeout(120_000);

  for (const [what, leave] of [
    ["its output was closed", (child: ReturnType<typeof spawn>) => child.stderr!.destroy()],
    ["its terminal was closed", (child: ReturnType<typeof spawn>) => child.stderr!.destroy() && child.kill("SIGHUP")],
  ] as const)
    it(
      `ends pulumi in order where ${what}`,
      inTemporaryFolder(async (folder) => {
        const [executable, script] = [join(folder, "pulumi"), join(folder, "command.cjs")];
        await writeExecutable(executable, pulumi(folder));
        await writeFile(script, command(executable));
        const child = spawn(process.execPath, ["--require", "tsx/cjs", script], {
          cwd: root,
          stdio: ["ignore", "ignore", "pipe"],
        });
        await once(child.stderr!, "data");
        leave(child);
        const [code] = (await once(child, "exit")) as [number | null];
        assert.equal(await readFile(join(folder, "log"), "utf8").catch(() => "killed"), "saved\n");
        assert.equal(code, 130);
      }),
    );
});
