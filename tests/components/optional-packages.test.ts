/** Whoever uses one cloud has not installed what only another needs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(__dirname, "../..");
/** Loads each of the package's entry points in a process in which the optional packages are not found. */
const program = `
const Module = require("node:module");
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (/^@pulumi.(aws|command)(.|$)/.test(request))
    throw Object.assign(new Error("Cannot find module " + request), { code: "MODULE_NOT_FOUND" });
  return resolve.call(this, request, ...rest);
};
const said = {};
for (const entry of ["components", "components/addons", "components/cudo", "components/vantage", "components/aws", "components/mithril"]) {
  try {
    require("./" + entry + "/index.ts");
    said[entry] = "loaded";
  } catch (error) {
    said[entry] = error.message;
  }
}
console.log(JSON.stringify(said));
`;

describe("packages that only one cloud needs", function () {
  this.timeout(300_000);

  it("are not needed for the others, and a missing one is named with the command that installs it", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["-r", "tsx/cjs", "-e", program], { cwd: root });
    const missing = "needs a package that is not installed beside pulumi-gpu-clusters: npm install";
    assert.deepEqual(JSON.parse(stdout), {
      components: "loaded",
      "components/addons": "loaded",
      "components/cudo": "loaded",
      "components/vantage": "loaded",
      "components/aws": `AwsCluster ${missing} @pulumi/aws@7`,
      "components/mithril": `MithrilCluster ${missing} @pulumi/command@1`,
    });
  });
});
