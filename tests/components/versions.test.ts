import assert from "node:assert/strict";
import { otherVersion } from "../../components/versions";

describe("another version of Kubernetes than a control plane runs", () => {
  it("is none where what was asked for runs, in as many words as it was asked for", () => {
    for (const asked of ["1.36", "1.36.3", "v1.36.3"]) assert.equal(otherVersion(asked, "1.36.3"), undefined);
    assert.equal(otherVersion("1.38.0-alpha.1", "v1.38.0-alpha.1"), undefined);
  });

  it("is told with what happens, and with what leads there", () => {
    for (const asked of ["1.37", "1.37.2", "1.36.10"])
      assert.match(
        otherVersion(asked, "1.36.3")!,
        /^1\.3\S+ changes nothing here: the control plane runs 1\.36\.3, and new nodes get that\. Upgrade .* kubeadm, one minor after the other, .*`pulumi up --refresh`/,
      );
    for (const asked of ["1.35", "1.36.2", "1.9"])
      assert.match(otherVersion(asked, "1.36.3")!, /does not go back to an older version; set it to 1\.36$/);
  });
});
