/** The commands of docs/verify-on-*.md name what is there: paths of the clouds' APIs, inputs of the components. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { checkMithrilClusterArgs } from "../../components/mithril/validate";
import { committedSchema } from "../../sdk/schema/committed";
import { CudoCloud } from "../../simulator/cudo/cloud";
import { MithrilCloud } from "../../simulator/mithril/cloud";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";

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

/** What to give for `<a key pair …>` or `"$(cat key.pub)"`. */
const { public: sshPublicKey, private: sshPrivateKey } = newSshKeyPair();
const given: Record<string, string> = { sshPublicKey, sshPrivateKey, keyPair: "ops" };

/** Arguments of the page's cluster, from the `pulumi config set` of its blocks that make it. */
function clusterArgs(text: string): Record<string, unknown> {
  const blocks = [...text.matchAll(/```sh\n([^`]*)```/g)].map(([, block]) => block!);
  const whole = blocks.filter((block) => block.includes("pulumi preview && pulumi up") || /^pulumi up$/m.test(block));
  const args: Record<string, unknown> = {};
  const lines = whole
    .join("")
    .matchAll(/^pulumi config set (?:--secret )?(?:--path )?'?([\w.[\]]+)'? (.*?)(?: +#.*)?$/gm);
  for (const [, path, text] of lines) {
    const steps = path!.split(/[.[\]]+/).filter((step) => step !== "");
    const last = steps.pop()!;
    let at = args;
    steps.forEach((step, index) => {
      const next = /^\d+$/.test(steps[index + 1] ?? last) ? [] : {};
      at = (at[step] ??= next) as Record<string, unknown>;
    });
    const value = text!.replace(/^'(.*)'$/, "$1").replace("<your address>", "203.0.113.7");
    at[last] = given[last] ?? (/^(\d+|true|false)$/.test(value) ? (JSON.parse(value) as unknown) : value);
  }
  delete args["cloud"];
  return args;
}

describe("pages of what to verify", () => {
  const clouds = [
    ["mithril", "m", MithrilCloud.prototype, 10, "gpu-clusters:mithril:MithrilCluster", checkMithrilClusterArgs],
    ["cudo", "c", CudoCloud.prototype, 8, "gpu-clusters:cudo:CudoCluster", checkCudoClusterArgs],
    ["aws", undefined, undefined, 0, "gpu-clusters:aws:AwsCluster", checkAwsClusterArgs],
  ] as const;
  for (const [cloud, command, api, least, component, check] of clouds) {
    it(`of ${cloud} make a cluster that its component takes`, () => {
      const args = clusterArgs(page(cloud));
      assert.ok(Object.keys(args).length >= 4, JSON.stringify(args));
      assert.ok((args["nodeGroups"] as unknown[]).length > 0);
      assert.deepEqual(check("verify", args as never).all, []);
    });

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
