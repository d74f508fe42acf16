/** The commands of docs/verify-on-*.md name what is there: paths of the clouds' APIs, inputs of the components. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { committedSchema } from "../../sdk/schema/committed";
import { CudoCloud } from "../../simulator/cudo/cloud";
import { MithrilCloud } from "../../simulator/mithril/cloud";

const page = (cloud: string) => readFileSync(join(__dirname, "..", "..", "docs", `verify-on-${cloud}.md`), "utf8");

/** Method and path of each call, with ids in the place of what the reader fills in. */
function calls(text: string, command: string): string[] {
  const found = [...text.matchAll(new RegExp(`(?<=[\`|] ?|^|\\| )${command} "?(/[^ "\`]+)[^\`\\n]*`, "gm"))];
  return found.map(([whole, path]) => {
    const plain = path!.replace(/\?.*$/, "").replace("$CUDO_PROJECT", "p");
    const method = /-X (\w+)/.exec(whole)?.[1] ?? (/ -d /.test(whole) ? "POST" : "GET");
    return `${method} ${plain}`;
  });
}

describe("pages of what to verify", () => {
  const clouds = [
    ["mithril", "m", MithrilCloud.prototype, 10, "gpu-clusters:mithril:MithrilCluster"],
    ["cudo", "c", CudoCloud.prototype, 8, "gpu-clusters:cudo:CudoCluster"],
    ["aws", undefined, undefined, 0, "gpu-clusters:aws:AwsCluster"],
  ] as const;
  for (const [cloud, command, api, least, component] of clouds) {
    it(`of ${cloud} call what its API has, and set what its cluster takes`, () => {
      const text = page(cloud);
      const all = command === undefined ? [] : calls(text, command);
      assert.ok(all.length >= least, `${all.length} calls found`);
      for (const call of all) {
        const [method, path] = call.split(" ") as [string, string];
        assert.notEqual(api!.operationOf(method, path), undefined, call);
      }
      const inputs = Object.keys(committedSchema().resources![component]!.inputProperties!);
      const keys = [...text.matchAll(/pulumi config set (?:--secret )?(?:--path )?'?(\w+)[\w.[\]]*'? /g)].map(
        ([, key]) => key!,
      );
      assert.ok(keys.length >= 4);
      for (const key of keys) assert.ok(["cloud", "aws", ...inputs].includes(key), key);
    });
  }
});
