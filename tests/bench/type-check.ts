/** The type check of a page that uses AwsCluster, beside that of an empty program. */
import { join } from "node:path";
import { Consumer, type Consumption } from "./consumer";
import { onePage } from "./programs";
import { interleaved } from "./measure";

/** The target: at most 1.0 s and 150 MB. */
export async function typeCheck(): Promise<Record<string, unknown>> {
  const consumer = await Consumer.installed();
  try {
    // The page asks nothing of a browser or of Node.js, whose types cost more than ours.
    const options = { types: [], lib: ["es2022"] };
    consumer.program("empty", "export {};\n", options);
    consumer.program("page", onePage, options);
    const tsc = join(consumer.folder, "node_modules/typescript/bin/tsc");
    const check = (name: string) => (): Promise<Consumption> => consumer.run(name, tsc, ["--noEmit", "--project", "."]);
    const [empty, page] = await interleaved(5, [check("empty"), check("page")]);
    return { empty, page };
  } finally {
    consumer.dispose();
  }
}
