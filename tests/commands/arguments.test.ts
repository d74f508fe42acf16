import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { inTemporaryFolder } from "../toolchain/temporary-folder";

const root = join(__dirname, "..", "..");

describe("what is wrong on a command line", function () {
  this.timeout(60_000);

  /** A script's words with these arguments; it must fail. */
  const said = (folder: string, script: string, ...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const env = { ...process.env, GPU_CLUSTERS_STATE_DIR: folder };
      execFile(process.execPath, ["toolchain/run.mjs", script, ...args], { cwd: root, env }, (error, stdout, stderr) =>
        error ? resolve(stderr + stdout) : reject(new Error(`${script} ${args.join(" ")} succeeded: ${stdout}`)),
      );
    });

  const merge = ["cli/gpu-clusters.ts", "kubeconfig", "merge"] as const;
  const stacks =
    /error: there is no stack "nonsense": Pulumi\.nonsense\.yaml is missing\nStacks: aws, local, mithril\n$/;
  const cases: [RegExp, string, ...string[]][] = [
    [stacks, "commands/start.ts", "nonsense"],
    [stacks, "commands/stop.ts", "nonsense"],
    [stacks, "commands/env.ts", "nonsense"],
    [/error: stack local does not exist\nMake it with: npm start\n$/, "commands/env.ts"],
    [
      /"simulator" can not be a stack's name: the commands keep a folder of their own/,
      "commands/start.ts",
      "simulator",
    ],
    [/got 2\.\nusage: npm start -- \[options\] \[stack\]\n$/, "commands/start.ts", "local", "aws"],
    [/got 2\.\nusage: npm stop -- \[options\] \[stack\]\n$/, "commands/stop.ts", "a", "b"],
    [/choices are michelangelo, modelplane\.\nusage: npm run handover -- /, "commands/handover.ts", "nonsense"],
    [/'toString' is invalid.* choices are plugin, .*\nusage: npm run bench -- /, "tests/bench/main.ts", "toString"],
    [/got 1\.\n\s*usage: gpu-clusters kubeconfig merge \[options\]/, ...merge, "train"],
    ...["--stack", "--file", "--context"].map((option): [RegExp, string, ...string[]] => [
      new RegExp(`option '${option} .*It is empty: leave the option out`),
      ...merge,
      option,
      "",
    ]),
  ];

  for (const [words, ...line] of cases)
    it(
      `is told, with what would be right: ${line.join(" ")}`,
      inTemporaryFolder(async (folder) => {
        const text = await said(folder, ...line);
        assert.match(text, words);
        assert.doesNotMatch(text, /\n\s+at /);
      }),
    );
});
