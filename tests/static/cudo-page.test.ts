import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CudoCluster } from "../../components/cudo/cluster";
import { committedSchema } from "../../sdk/schema/committed";

describe("docs/cudo.md", () => {
  it("has a line for every config key of a Cudo cluster, and for none that is not", () => {
    const page = readFileSync(join(__dirname, "../../docs/cudo.md"), "utf8");
    const told = [...page.matchAll(/^\| `(\w+)[`.]/gm)].map(([, key]) => key!);
    const inputs = Object.keys(committedSchema().resources![CudoCluster.__pulumiType]!.inputProperties!);
    assert.deepEqual(told.sort(), ["cloud", ...inputs].sort());
  });
});
