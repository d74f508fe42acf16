import * as assert from "node:assert/strict";
import { binaryName } from "../../toolchain/tools/compile";
import { goProblem, requiredGo } from "../../toolchain/tools/go";

describe("Go", () => {
  it("takes the wanted version from go.mod", () => {
    assert.equal(requiredGo("module toolchain/etcd\n\ngo 1.26.8\n\ntool x\n"), "1.26.8");
  });

  it("is fine when it is new enough or fetches a newer one by itself", () => {
    assert.equal(goProblem({ version: "1.26.8", toolchain: "local" }, "1.26.8"), undefined);
    assert.equal(goProblem({ version: "1.24.1", toolchain: "auto" }, "1.26.8"), undefined);
    assert.equal(goProblem({ version: "1.24.1", toolchain: "go1.24.1+auto" }, "1.26.8"), undefined);
  });

  it("says which version is needed when it is missing or too old", () => {
    assert.match(goProblem(undefined, "1.26.8") ?? "", /Go 1\.26\.8 or newer is needed and no "go" is on PATH/);
    assert.match(
      goProblem({ version: "1.24.1", toolchain: "local" }, "1.26.8") ?? "",
      /is 1\.24\.1 \(with GOTOOLCHAIN=local\)/,
    );
    assert.match(goProblem({ version: "1.19.2", toolchain: "" }, "1.26.8") ?? "", /"go" on PATH is 1\.19\.2$/);
  });

  it("knows what go build calls an executable", () => {
    assert.equal(binaryName("go.etcd.io/etcd/server/v3"), "server");
    assert.equal(binaryName("k8s.io/kubernetes/cmd/kubectl"), "kubectl");
  });
});
