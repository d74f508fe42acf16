import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { maximumScriptBytes, nodeDocumentFromScript, renderBootstrapScript } from "../../bootstrap/script";
import { documents, keys, scriptOf } from "./ec2-documents";
import { assertGolden } from "./golden";
import { shellcheck } from "./shellcheck";

const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey } = keys.controlPlane;

describe("user data of EC2 instances", () => {
  for (const name of Object.keys(documents)) {
    it(`is the script in golden/${name}.sh, within what EC2 takes, and has no secret`, () => {
      const script = scriptOf(name);
      assertGolden(name, script);
      const userData = renderBootstrapScript(documents[name]!, { delivery: "ec2-user-data" });
      assert.ok(Buffer.from(userData, "base64").length < maximumScriptBytes - 2048);
      for (const secret of [ca, frontProxyCa, etcdCa]
        .map(({ privateKey }) => privateKey)
        .concat(serviceAccountKey, encryptionKey!)) {
        assert.ok(!script.includes(JSON.stringify(secret).slice(1, -1)));
      }
      assert.deepEqual(nodeDocumentFromScript(userData), documents[name]);
    });

    it(`passes shellcheck: ${name}`, function () {
      const executable = shellcheck();
      if (executable === undefined) return this.skip();
      assert.equal(spawnSync(executable, ["-"], { input: scriptOf(name), encoding: "utf8" }).stdout, "");
    });
  }

  it("leaves the keys of a cluster within what a standard parameter takes", () => {
    // Keys and certificates of the documents here are as long as real ones.
    assert.ok(JSON.stringify(keys).length < 4096, String(JSON.stringify(keys).length));
  });
});
