import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../../components/cluster";
import { BareMetalInventory, type BareMetalHostArgs, type BareMetalInventoryArgs } from "../../../components/vmetal";
import { checkInventory } from "../../../components/vmetal/inventory-checks";
import { mockProgram, plain, settled, valueOf, visible, type Registered } from "../mocks";

const checksum = "a".repeat(64);
const host: BareMetalHostArgs = {
  name: "gpu-01",
  bmc: { address: "redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1", username: "ADMIN", password: "PASSWORD" },
  bootMacAddress: "aa:bb:cc:dd:ee:01",
  labels: { gpu: "h100" },
};
const type = { name: "h100", hostLabels: { gpu: "h100" }, osImage: "ubuntu-24" };
const image = { name: "ubuntu-24", url: "https://images.example.com/ubuntu.qcow2", checksum };

const argsOf = (changes: Partial<BareMetalInventoryArgs> = {}): BareMetalInventoryArgs => ({
  cluster: {
    clusterName: pulumi.output("host"),
    kubeconfig: pulumi.secret("HOST-KUBECONFIG"),
    status: pulumi.output("ready"),
  } as KubernetesCluster,
  connectedCluster: "loft-cluster",
  osImages: [image],
  nodeTypes: [type],
  hosts: [host],
  ...changes,
});

function refused(changes: Partial<BareMetalInventoryArgs>): string[] {
  return checkInventory("metal3", argsOf(changes)).all.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
}
const refusedHost = (changes: Partial<BareMetalHostArgs>) => refused({ hosts: [{ ...host, ...changes }] });

function only(found: string[], expected: RegExp): void {
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0]!, expected);
}

describe("what is refused of a BareMetalInventory before anything is written", () => {
  it("is nothing of what can be made", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(refused({ osImages: [{ ...image, checksum: "https://images.example.com/SHA256SUMS" }] }), []);
  });

  it("is an image that nobody could verify", () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    only(refused({ osImages: [{ ...image, checksum: empty }] }), /^osImages\[0\]\.checksum is that of an empty file/);
    only(refused({ osImages: [{ ...image, checksumType: "md5" }] }), /checksum must have 32 hexadecimal digits/);
    only(refused({ osImages: [{ ...image, checksum: "abc" }] }), /checksum must have 32, 64, 128 hexadecimal/);
    only(refused({ osImages: [{ ...image, url: "ubuntu.qcow2" }] }), /^osImages\[0\]\.url/);
  });

  it("is a host that Metal3 would deny, or take for another", () => {
    only(refusedHost({ bootMacAddress: "aa-bb-cc-dd-ee-01" }), /^hosts\[0\]\.bootMacAddress ".*" must be six pairs/);
    only(
      refusedHost({ bmc: { ...host.bmc, address: "ilo5://10.0.0.10" } }),
      /^hosts\[0\]\.bmc\.address ".*" must begin/,
    );
    only(refusedHost({ name: "0b2f6c1e-4a8a-4f7e-9d38-1f0c6c6f2a11" }), /^hosts\[0\]\.name may not be a UUID/);
    const found = refused({ hosts: [host, { ...host, name: "gpu-02" }] });
    assert.deepEqual(
      found.map((problem) => problem.split(" ")[0]),
      ["hosts[1].bootMacAddress", "hosts[1].bmc.address"],
    );
  });

  it("is what the platform's objects and Metal3's cannot have", () => {
    only(refused({ connectedCluster: "Loft cluster" }), /^connectedCluster "Loft cluster" must have/);
    only(refused({ nodeTypes: [{ ...type, osImage: "Ubuntu 24" }] }), /^nodeTypes\[0\]\.osImage "Ubuntu 24" must have/);
    const resources = { cpu: "many", memory: "2Ti" };
    only(refused({ nodeTypes: [{ ...type, resources }] }), /^nodeTypes\[0\]\.resources\["cpu"\] "many" must be a quan/);
    const rootDeviceHints = { minSizeGigabytes: -1 };
    only(
      refusedHost({ rootDeviceHints }),
      /^hosts\[0\]\.rootDeviceHints\.minSizeGigabytes must be a whole number of at/,
    );
  });

  it("is a host of no type, and of two", () => {
    only(refusedHost({ labels: {} }), /^hosts\[0\]\.labels are those of no node type/);
    const nodeTypes = [type, { ...type, name: "any" }];
    only(refused({ nodeTypes }), /^hosts\[0\]\.labels are those of several node types: "h100", "any"$/);
    only(refused({ nodeTypes: [{ ...type, hostLabels: {} }] }), /^nodeTypes\[0\]\.hostLabels must have at least one/);
  });
});

describe("BareMetalInventory", () => {
  const objects = {
    "gpu-clusters:kubernetes:ObjectReady": ({ name }: { name: string }) => ({
      values: name.includes("gpu-01") ? { state: "available" } : {},
      status: "ready",
      uid: "u",
    }),
  };
  let all: Registered;
  let made: BareMetalInventory;
  beforeEach(async () => {
    all = await mockProgram(objects);
    made = new BareMetalInventory("metal3", argsOf());
    await valueOf(made.hosts);
    await settled();
  });

  it("makes the provider with its types, their systems and the hosts", async () => {
    assert.deepEqual(plain(all.inputs("kubernetes:management.loft.sh/v1:NodeProvider")["spec"]), {
      metal3: {
        clusterRef: { cluster: "loft-cluster", namespace: "metal3" },
        nodeTypes: [
          {
            name: "h100",
            displayName: "h100",
            properties: { "vcluster.com/os-image": "ubuntu-24" },
            bareMetalHosts: { selector: { matchLabels: { gpu: "h100" } } },
          },
        ],
      },
    });
    assert.deepEqual(plain(all.inputs("kubernetes:management.loft.sh/v1:OSImage")["spec"]), {
      displayName: "ubuntu-24",
      properties: { "metal3.vcluster.com/image-url": image.url, "metal3.vcluster.com/image-checksum": checksum },
    });
    assert.deepEqual(plain(all.inputs("kubernetes:metal3.io/v1alpha1:BareMetalHost")["spec"]), {
      online: true,
      bmc: { address: host.bmc.address, credentialsName: "gpu-01-bmc-b51697ba" },
      bootMACAddress: "aa:bb:cc:dd:ee:01",
    });
    assert.deepEqual(await valueOf(made.hosts), [{ name: "gpu-01", state: "available" }]);
    assert.deepEqual([await valueOf(made.providerName), await valueOf(made.namespace)], ["metal3", "metal3"]);
  });

  it("has its hosts in the cluster that Metal3 runs in, where the platform's is another", async () => {
    all = await mockProgram(objects);
    const metal3Cluster = { ...argsOf().cluster, kubeconfig: pulumi.secret("METAL3-KUBECONFIG") };
    made = new BareMetalInventory("metal3", argsOf({ metal3Cluster }));
    await valueOf(made.hosts);
    await settled();
    const waits = all
      .all("gpu-clusters:kubernetes:ObjectReady")
      .map(({ inputs }) => plain(inputs) as { kind: string; kubeconfig: string });
    assert.deepEqual(
      waits.map(({ kind, kubeconfig }) => [kind, kubeconfig]),
      [
        ["NodeProvider", "HOST-KUBECONFIG"],
        ["BareMetalHost", "METAL3-KUBECONFIG"],
      ],
    );
    const { managementKubeconfig } = plain(all.inputs("gpu-clusters:kubernetes:LastingChoices")) as never;
    assert.equal(managementKubeconfig, "METAL3-KUBECONFIG");
    assert.ok(all.dependenciesOf("metal3-namespace").includes("metal3-choices"), "before anything is made in another");
    for (const { inputs, name } of all.resources)
      assert.ok(!/METAL3-KUBECONFIG/.test(JSON.stringify(visible(inputs))), name);
    only(refused({ metal3Cluster: "metal3" as unknown as KubernetesCluster }), /^metal3Cluster must be a cluster/);
  });

  it("keeps BMCs' credentials secret, for as long as Metal3 needs them", async () => {
    const { stringData } = plain(all.inputs("kubernetes:core/v1:Secret")) as { stringData: object };
    assert.deepEqual(stringData, { username: "ADMIN", password: "PASSWORD" });
    for (const { inputs, name } of all.resources)
      assert.ok(!/PASSWORD|ADMIN|HOST-KUBECONFIG/.test(JSON.stringify(visible(inputs))), name);
    assert.ok(all.dependenciesOf("metal3-gpu-01").includes("metal3-gpu-01-bmc"));
    assert.ok(all.dependenciesOf("metal3-gpu-01-ready").includes("metal3-gpu-01"));
    assert.deepEqual(all.ignoredChangesOf("metal3-gpu-01"), ["spec.online"]);
  });

  it("waits for the provider, then for each host, and until each is gone, which no tenant may have", () => {
    assert.ok(all.dependenciesOf("metal3-gpu-01").includes("metal3-ready"));
    const waits = all.all("gpu-clusters:kubernetes:ObjectReady").map(({ inputs }) => inputs as Record<string, unknown>);
    assert.deepEqual(
      waits.map(({ kind, expected, deletes, inUse }) => [kind, expected, deletes, inUse]),
      [
        ["NodeProvider", { "status.phase": ["Available"] }, true, undefined],
        [
          "BareMetalHost",
          { "status.provisioning.state": ["available", "provisioning", "provisioned", "deprovisioning"] },
          true,
          { "status.provisioning.state": ["provisioning", "provisioned"] },
        ],
      ],
    );
  });
});
