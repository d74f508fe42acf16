import * as assert from "node:assert/strict";
import * as fc from "fast-check";
import { compareVersions, findVersion, isAccepted } from "../../toolchain/tools/version";

describe("tool versions", () => {
  const printed: [string, string | undefined][] = [
    ["v3.255.0", "3.255.0"],
    ["Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", "1.32.4"],
    ["Kubernetes v1.36.3", "1.36.3"],
    ["kwok version v0.8.0 go1.26.8 (linux/amd64)", "0.8.0"],
    ["etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8", "3.7.3"],
    ["unknown flag", undefined],
  ];
  for (const [text, version] of printed) {
    it(`finds ${version} in ${JSON.stringify(text)}`, () => assert.equal(findVersion(text), version));
  }

  it("compares numbers, not text", () => {
    assert.ok(compareVersions("1.10.0", "1.9.9") > 0);
    assert.equal(compareVersions("1.21", "1.21.0"), 0);
  });

  it("orders any two versions one way only", () => {
    const version = fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(version, version, (a, b) => Math.sign(compareVersions(a, b)) === -Math.sign(compareVersions(b, a))),
    );
  });

  it("accepts from the first version up to, without, the last", () => {
    const range = { from: "1.35.0", below: "1.38.0" };
    assert.deepEqual(
      ["1.34.9", "1.35.0", "1.37.9", "1.38.0"].map((version) => isAccepted(version, range)),
      [false, true, true, false],
    );
  });
});
