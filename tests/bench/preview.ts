/**
 * A preview of twenty groups, type check included, beside a plain program that makes the same with all of `@pulumi/aws`. Both run as Pulumi's
 * language host runs programs, under the same mocks.
 */
import { interleaved } from "./measure";
import { Consumer, type Consumption } from "./consumer";
import { twentyGroups, twentyPlainGroups } from "./programs";

/** The target: at most half of the plain program's time and memory. */
export async function preview(): Promise<Record<string, unknown>> {
  const consumer = await Consumer.installed();
  try {
    consumer.program("ours", twentyGroups, { types: ["node"] });
    consumer.program("plain", twentyPlainGroups, { types: ["node"] });
    consumer.write("host.js", host);
    const run = (name: string) => (): Promise<Consumption> => consumer.run(name, "../host.js");
    const [ours, plain] = await interleaved(3, [run("ours"), run("plain")]);
    const share = (a: number, b: number) => Math.round((a / b) * 1000) / 1000;
    return {
      ours,
      plain,
      ofPlainTime: share(ours!.seconds.median, plain!.seconds.median),
      ofPlainProcessorTime: share(ours!.processorSeconds.median, plain!.processorSeconds.median),
      ofPlainMemory: share(ours!.peakMegabytes.median, plain!.peakMegabytes.median),
    };
  } finally {
    consumer.dispose();
  }
}

/** As @pulumi/pulumi's cmd/run: its own ts-node over the program's TypeScript, which checks types unless it has seen the text before. */
const host = `const runtime = require("@pulumi/pulumi/runtime");
const { typescriptRequire, tsnodeRequire } = require("@pulumi/pulumi/tsutils").typeScriptRequireStrings();
require(tsnodeRequire).register({ compiler: typescriptRequire, compilerOptions: {}, cache: false });
const made = [];
const mocks = {
  newResource: ({ type, name, inputs }) => (made.push(type + " " + name), { id: undefined, state: inputs }),
  call: ({ token, inputs }) => (token.endsWith(":getRegion") ? { region: "us-west-2" } : inputs),
};
(async () => {
  await runtime.setMocks(mocks, "bench", "dev", true);
  require(process.cwd());
  await runtime.disconnect();
  if (made.filter((each) => each.includes("group-")).length < 40) throw new Error("made only " + made.join(", "));
})().catch((error) => { console.error(error); process.exit(1); });
`;
