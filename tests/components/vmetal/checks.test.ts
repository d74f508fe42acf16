import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { KubernetesCluster } from "../../../components/cluster";
import type { DynamicPoolArgs, StaticPoolArgs, TenantClusterArgs } from "../../../components/vmetal";
import { checkTenantCluster } from "../../../components/vmetal/tenant-checks";
import { hostOf } from "../../../sdk/host-and-port";

const hostCluster = { clusterName: pulumi.output("host") } as KubernetesCluster;
const platform = { host: "vcluster.example.com", accessKey: "KEY", project: "default" };

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

function refused(changes: Partial<TenantClusterArgs>, name = "search"): string[] {
  const autoNodes = [{ provider: "metal3", static: [{ name: "gpu", quantity: 2 }] }];
  return checkTenantCluster(name, { hostCluster, platform, autoNodes, ...changes }).all.map(
    ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
  );
}
const refusedPool = (pool: Partial<StaticPoolArgs>) =>
  refused({ autoNodes: [{ provider: "metal3", static: [{ name: "gpu", quantity: 1, ...pool }] }] });
const refusedDynamic = (pool: Partial<DynamicPoolArgs>) =>
  refused({ autoNodes: [{ provider: "metal3", dynamic: [{ name: "gpu", ...pool }] }] });

function only(found: string[], expected: RegExp): void {
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0]!, expected);
}

describe("what is refused of a TenantCluster before anything is written", () => {
  it("is nothing of what can be made", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(refused({ endpoint: "[2001:db8::7]:443", extraSans: ["192.0.2.7", "*.example.com"] }), []);
    assert.deepEqual(refused({ endpoint: "tenant.example.com:8443", serviceType: "NodePort" }), []);
    const selector = { nodeTypeSelector: [{ property: "vcluster.com/node-type", value: "h100" }] };
    assert.deepEqual(refusedPool({ ...selector, terminationGracePeriod: "Never", quantity: 0 }), []);
    const limits = { nodes: "4", memory: "512Gi", cpu: "500m" };
    assert.deepEqual(refusedDynamic({ limits, expireAfter: "720h", weight: 10 }), []);
  });

  it("is a name that no Service may have, as the resource's too", () => {
    only(refused({}, "1st"), /^clusterName "1st" must have 1 to 40/);
    only(refused({ clusterName: "Search" }), /^clusterName/);
    only(refused({ namespace: "-" }), /^namespace/);
  });

  it("is a platform with a scheme, without a key, without a project", () => {
    only(refused({ platform: { ...platform, host: "https://vcluster.example.com" } }), /^platform\.host/);
    only(refused({ platform: { ...platform, accessKey: "" } }), /^platform\.accessKey must not be empty/);
    only(refused({ platform: { ...platform, project: "" } }), /^platform\.project/);
  });

  it("is a name that nothing of the platform's can have, and a key that came with its line's end", () => {
    only(refused({ platform: { ...platform, accessKey: "KEY\n" } }), /^platform\.accessKey must be one word/);
    only(refused({ platform: { ...platform, project: "My project" } }), /^platform\.project "My project" must have/);
    const fixed = [{ name: "gpu", quantity: 1 }];
    only(refused({ autoNodes: [{ provider: "Metal 3", static: fixed }] }), /^autoNodes\[0\]\.provider "Metal 3" must/);
    only(refusedPool({ profile: "a/b" }), /^autoNodes\[0\]\.static\[0\]\.profile "a\/b" must/);
    only(refusedDynamic({ profile: "" }), /^autoNodes\[0\]\.dynamic\[0\]\.profile "" must/);
    only(refused({ inventory: { cluster: hostCluster, namespace: "Metal3" } }), /^inventory\.namespace "Metal3" must/);
  });

  it("is an authority that is no certificate", () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    for (const certificateAuthority of ["/etc/ca.crt", "", key, base64(key), base64(base64(pem))])
      only(
        refused({ platform: { ...platform, certificateAuthority } }),
        /^platform\.certificateAuthority must be the authority's certificate in PEM, or base64 of it, once: the text, not the path/,
      );
    for (const certificateAuthority of [pem, base64(pem), `${pem}${pem}`, base64(pem).replace(/.{20}/g, "$&\n")])
      assert.deepEqual(refused({ platform: { ...platform, certificateAuthority } }), []);
  });

  it("is an endpoint that nobody reaches", () => {
    for (const endpoint of [
      "https://tenant.example.com:443",
      "tenant.example.com",
      "tenant:0",
      "tenant:70000",
      "a:1:2",
    ])
      only(refused({ endpoint }), /^endpoint ".*" must be host:port without a scheme/);
    only(refused({ serviceType: "ClusterIP" }), /^endpoint is required with a Service of type ClusterIP/);
    only(refused({ serviceType: "Ingress" as "NodePort", endpoint: "a:1" }), /^serviceType must be/);
    only(refused({ extraSans: ["https://a.example"] }), /^extraSans\[0\]/);
  });

  it("is no pool, a provider twice, and two pools of a name", () => {
    assert.deepEqual(refused({ autoNodes: [] }), [], "machines of the user's own");
    only(refused({ autoNodes: [{ provider: "metal3" }] }), /^autoNodes\[0\] must have a pool, static or dynamic$/);
    const twice = [
      { provider: "metal3", static: [{ name: "gpu", quantity: 1 }] },
      { provider: "metal3", dynamic: [{ name: "gpu" }] },
    ];
    const found = refused({ autoNodes: twice });
    assert.equal(found.length, 2, found.join("\n"));
    assert.match(found[0]!, /^autoNodes\[1\]\.provider "metal3" has autoNodes\[0\] already/);
    assert.match(
      found[1]!,
      /^autoNodes\[1\]\.dynamic\[0\]\.name "gpu" is the name of autoNodes\[0\]\.static\[0\] already$/,
    );
  });

  it("is a selector that selects by nothing, or by two things", () => {
    const at = /^autoNodes\[0\]\.static\[0\]\.nodeTypeSelector\[0\]/;
    const property = "vcluster.com/node-type";
    for (const requirement of [
      { property },
      { property, value: "a", values: ["b"] },
      { property, values: [] },
      { property, operator: "Exists" as const, value: "a" },
      { property, operator: "Gt" as "In", value: "a" },
      { property: "", value: "a" },
    ])
      only(refusedPool({ nodeTypeSelector: [requirement] }), at);
  });

  it("is what nodes and Karpenter cannot take", () => {
    only(refusedPool({ quantity: 1.5 }), /static\[0\]\.quantity must be an integer/);
    only(refusedPool({ nodeLabels: { "gpu-clusters/role": "x" } }), /set by this package$/);
    only(refusedPool({ taints: [{ key: "a", effect: "Never" as "NoExecute" }] }), /taints\[0\]\.effect must be/);
    only(refusedPool({ terminationGracePeriod: "soon" }), /terminationGracePeriod/);
    only(refusedDynamic({ limits: { nodes: "four" } }), /limits\["nodes"\] "four" must be a quantity/);
    only(refusedDynamic({ weight: 0 }), /weight must be a whole number from 1 to 100/);
    only(refusedDynamic({ disruption: { consolidateAfter: "later" } }), /consolidateAfter/);
    only(refused({ podCidr: "10.96.0.0/16" }), /^serviceCidr|^podCidr/);
    only(refused({ timeoutMinutes: 0 }), /^timeoutMinutes/);
  });

  it("is told all at once", () => {
    const autoNodes = [{ provider: "metal3" }];
    const wrong = { platform: { host: "", accessKey: "", project: "" }, endpoint: "x", autoNodes };
    assert.deepEqual(
      refused(wrong, "X").map((problem) => problem.split(" ")[0]),
      ["clusterName", "platform.host", "platform.accessKey", "platform.project", "endpoint", "autoNodes[0]"],
    );
  });

  it("is no address with a port, whichever", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (four, six, port) => {
        assert.deepEqual(refused({ endpoint: `${four}:${port}` }), []);
        assert.deepEqual(refused({ endpoint: `[${six}]:${port}` }), []);
        assert.equal(hostOf(`${four}:${port}`), four);
      }),
    );
  });
});
