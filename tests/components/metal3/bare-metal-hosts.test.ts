import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../../components/cluster";
import { BareMetalHosts, type BareMetalHostArgs, type BareMetalHostsArgs } from "../../../components/metal3";
import { InvalidInput } from "../../../components/errors";
import { mockProgram, plain, settled, valueOf, visible } from "../mocks";
import { rejectionsOf } from "../rejections";

const host: BareMetalHostArgs = {
  name: "gpu-01",
  bmc: { address: "redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1", username: "ADMIN", password: "PASSWORD" },
  bootMacAddress: "aa:bb:cc:dd:ee:01",
  labels: { gpu: "h100" },
};
const argsOf = (changes: Partial<BareMetalHostsArgs> = {}): BareMetalHostsArgs => ({
  cluster: {
    clusterName: pulumi.output("management"),
    kubeconfig: pulumi.secret("MANAGEMENT-KUBECONFIG"),
    status: pulumi.output("ready"),
  } as KubernetesCluster,
  hosts: [host],
  ...changes,
});

describe("BareMetalHosts", () => {
  it("are Metal3's alone, with their credentials, which nobody may read and which outlive them", async () => {
    const ready = { values: { state: "available" }, status: "ready", uid: "u" };
    const all = await mockProgram({ "gpu-clusters:kubernetes:ObjectReady": () => ready });
    const made = new BareMetalHosts("metal3", argsOf());
    assert.deepEqual(await valueOf(made.hosts), [{ name: "gpu-01", state: "available" }]);
    assert.equal(await valueOf(pulumi.output(made.namespace)), "metal3");
    await settled();
    const objects = all.resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => plain(inputs));
    const named = objects.map((object) => (object as { metadata: { name: string } }).metadata.name);
    assert.deepEqual(named.sort(), ["gpu-01", "gpu-01-bmc-b51697ba", "metal3"], "and nothing of vMetal's platform");
    assert.ok(all.dependenciesOf("metal3-gpu-01").includes("metal3-gpu-01-bmc"));
    const { managementKubeconfig } = plain(all.inputs("gpu-clusters:kubernetes:LastingChoices")) as never;
    assert.equal(managementKubeconfig, "MANAGEMENT-KUBECONFIG");
    assert.ok(all.dependenciesOf("metal3-namespace").includes("metal3-choices"), "before anything is made in another");
    const waited = plain(all.inputs("gpu-clusters:kubernetes:ObjectReady")) as Record<string, unknown>;
    assert.deepEqual([waited["kind"], waited["name"], waited["deletes"]], ["BareMetalHost", "gpu-01", true]);
    assert.deepEqual(waited["inUse"], { "status.provisioning.state": ["provisioning", "provisioned"] });
    for (const { inputs, name } of all.resources)
      assert.ok(!/PASSWORD|MANAGEMENT-KUBECONFIG/.test(JSON.stringify(visible(inputs))), name);
  });

  it("refuses a line's end in credentials that come to be known later, too, by its field and without a word of them", async () => {
    const bmc = { ...host.bmc, password: pulumi.secret("PASSWORD\n") };
    await mockProgram({});
    const found = await rejectionsOf(() => new BareMetalHosts("metal3", argsOf({ hosts: [{ ...host, bmc }] })));
    const texts = found.map((error) => (error instanceof InvalidInput ? error.message : ""));
    const [told] = texts.filter((text) => text !== "");
    assert.match(told!, /^BareMetalHosts: 1 invalid input\n {2}hosts\[0\]\.bmc\.password: has a line end or [^\n]*$/);
    assert.doesNotMatch(told!, /PASSWORD/);
  });

  it("have credentials of their own where they are other hosts to Metal3, which takes those along, and the same with another password", async () => {
    const named = async (changed: Partial<BareMetalHostArgs>) => {
      const all = await mockProgram({
        "gpu-clusters:kubernetes:ObjectReady": () => ({ values: { state: "available" } }),
      });
      await valueOf(new BareMetalHosts("metal3", argsOf({ hosts: [{ ...host, ...changed }] })).hosts);
      await settled();
      const { metadata } = plain(all.inputs("kubernetes:core/v1:Secret")) as { metadata: { name: string } };
      const { spec } = plain(all.inputs("kubernetes:metal3.io/v1alpha1:BareMetalHost")) as {
        spec: { bmc: { credentialsName: string } };
      };
      assert.equal(spec.bmc.credentialsName, metadata.name);
      return metadata.name;
    };
    const first = await named({});
    assert.equal(await named({ bmc: { ...host.bmc, username: "other", password: "OTHER" } }), first);
    const others = [
      await named({ bootMacAddress: "aa:bb:cc:dd:ee:02" }),
      await named({ bmc: { ...host.bmc, address: "redfish://10.0.0.11/redfish/v1/Systems/1" } }),
    ];
    assert.equal(new Set([first, ...others]).size, 3);
  });

  it("are refused where they are none, before anything is made", async () => {
    const all = await mockProgram({});
    assert.throws(() => new BareMetalHosts("metal3", argsOf({ hosts: [] })), /BareMetalHosts: .*hosts.*at least one/s);
    const twice = [host, { ...host, name: "gpu-02" }];
    assert.throws(
      () => new BareMetalHosts("Metal3", argsOf({ hosts: twice })),
      /namespace.*hosts\[1\].bootMacAddress.*hosts\[1\].bmc\.address/s,
    );
    await settled();
    assert.deepEqual(all.resources, []);
  });
});
