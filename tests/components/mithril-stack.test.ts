import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { cluster as cudoCluster } from "../../stack/cudo";
import { cluster } from "../../stack/mithril";
import { mockProgram, settled } from "./mocks";
import { stackConfig } from "./stack-config";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";

const keys = {
  "pulumi-gpu-clusters:sshPublicKey": sshPublicKey,
  "pulumi-gpu-clusters:sshPrivateKey": sshPrivateKey,
};
const version = (text: string) => ({ ...keys, "pulumi-gpu-clusters:kubernetesVersion": text });

describe("stack/mithril", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("makes the cluster that Pulumi.mithril.yaml shows, with Kubernetes as Mithril hosts it by default", async () => {
    const registered = await mockProgram({}, true);
    const made = cluster("train", stackConfig("mithril", keys));
    await settled();
    assert.ok(made.status);
    assert.equal(registered.inputs("gpu-clusters:mithril:Cluster").kubernetesVersion, undefined);
    assert.equal(registered.all("gpu-clusters:mithril:NodeGroup").length, 2);
    assert.equal(registered.all("gpu-clusters:mithril:Volume").length, 1);
  });

  it("takes another version that Mithril hosts, and says which there are", async () => {
    const registered = await mockProgram({}, true);
    cluster("train", stackConfig("mithril", version("1.29")));
    await settled();
    assert.equal(registered.inputs("gpu-clusters:mithril:Cluster").kubernetesVersion, "1.29");
    assert.throws(
      () => cluster("train", stackConfig("mithril", version("1.36"))),
      /kubernetesVersion: must be one of "1\.34", "1\.29", not the string "1\.36"/,
    );
    assert.throws(
      () => cluster("train", stackConfig("mithril", version("1.3"))),
      /kubernetesVersion: must be one of .* not the string "1\.3"; YAML reads 1\.30 without quotes as 1\.3/,
    );
  });

  it("leaves the other clouds' default version alone", async () => {
    const registered = await mockProgram({}, true);
    cudoCluster("local", stackConfig("local"));
    await settled();
    assert.ok(registered.names().includes("gpu-clusters:cudo:CudoCluster local"));
  });
});
