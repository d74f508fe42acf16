import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster, NodeGroupStatus } from "../../../components/cluster";
import { InvalidInput } from "../../../components/errors";
import { InferenceClass, InferenceCluster, type InferenceClusterArgs } from "../../../components/modelplane";
import { addressAlone } from "../../../components/modelplane/attachment";
import { gpusOf, groupOf } from "../../../components/modelplane/pools";
import { claimPlatform } from "../../../components/platforms";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { mockProgram, plain, promiseOf, settled, valueOf, visible, type Registered } from "../mocks";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const kubeconfigOf = (clusterName: string) =>
  renderKubeconfig({
    clusterName,
    endpoint: `https://${clusterName}.example:6443`,
    certificateAuthority: "CA",
    credentials: { clientCertificate: "ADMIN", clientKey: "ADMIN-KEY" },
  });

const group: NodeGroupStatus = {
  name: "gpu",
  role: "worker",
  minSize: 2,
  maxSize: 8,
  size: 2,
  machineTypes: ["p5.48xlarge"],
  gpus: 8,
  gpuModel: "H100",
  gpuResources: { "nvidia.com/gpu": 8 },
  taints: [],
  problems: [],
};

class Provider extends pulumi.ProviderResource {
  constructor(name: string) {
    super("kubernetes", name, {});
  }
}

function clusterOf(clusterName: string, groups: NodeGroupStatus[] = [group]): KubernetesCluster {
  return {
    clusterName: pulumi.output(clusterName),
    endpoint: pulumi.output(`https://${clusterName}.example:6443`),
    kubeconfig: pulumi.secret(kubeconfigOf(clusterName)),
    kubeProvider: new Provider(`to-${clusterName}`),
    nodeGroups: pulumi.output(groups),
  } as KubernetesCluster;
}

const objects = {
  "kubernetes:core/v1:Secret": ({ inputs }: { inputs: Record<string, unknown> }) =>
    inputs["type"] === "Opaque" ? {} : { data: { token: base64("TOKEN"), "ca.crt": base64("CA") } },
  "gpu-clusters:kubernetes:ObjectReady": () => ({ values: { gatewayAddress: "192.0.2.9" }, status: "ready", uid: "u" }),
};
const objectType = "kubernetes:modelplane.ai/v1alpha1:InferenceCluster";
const classType = "kubernetes:modelplane.ai/v1alpha1:InferenceClass";

async function registered(
  args: Partial<InferenceClusterArgs> = {},
): Promise<{ made: InferenceCluster; all: Registered }> {
  const all = await mockProgram(objects);
  const made = new InferenceCluster("us-east", {
    controlPlane: clusterOf("control"),
    existing: { cluster: clusterOf("serve") },
    nodePools: [{ name: "gpu" }],
    ...args,
  });
  await valueOf(made.gatewayAddress);
  await settled();
  return { made, all };
}

const specOf = (all: Registered) => plain(all.inputs(objectType)["spec"]);

describe("InferenceCluster", () => {
  it("attaches a cluster that is there, with a class of its node group's GPUs as a driver publishes them", async () => {
    const { made, all } = await registered({ labels: { tier: "gold" } });
    assert.deepEqual(specOf(all), {
      cluster: { source: "Existing", existing: { secretRef: { name: "us-east-kubeconfig", key: "kubeconfig" } } },
      nodePools: [{ name: "gpu", className: "us-east-gpu", nodeCount: 2 }],
    });
    const { metadata } = all.inputs(objectType) as { metadata: { labels: object; annotations: object } };
    assert.deepEqual(metadata.labels, { tier: "gold" });
    assert.deepEqual(metadata.annotations, {
      "pulumi.com/skipAwait": "true",
      "pulumi.com/deletionPropagationPolicy": "foreground",
    });
    assert.deepEqual((all.inputs(classType)["spec"] as { devices: object[] }).devices, [
      {
        name: "gpu",
        claim: "DRA",
        driver: "gpu.nvidia.com",
        deviceClassName: "gpu.nvidia.com",
        count: 8,
        attributes: { architecture: { string: "Hopper" }, cudaComputeCapability: { version: "9.0.0" } },
        capacity: { memory: { value: "81559Mi" } },
      },
    ]);
    assert.equal(await valueOf(made.gatewayAddress), "192.0.2.9");
  });

  it("gives Modelplane a token's kubeconfig where it looks for it, as a secret", async () => {
    const { all } = await registered();
    const secret = all.all("kubernetes:core/v1:Secret").find(({ name }) => name === "us-east-kubeconfig")!;
    const inputs = plain(secret.inputs) as { metadata: object; stringData: { kubeconfig: string } };
    assert.deepEqual(inputs.metadata, { name: "us-east-kubeconfig", namespace: "modelplane-system" });
    const { credentials, endpoint } = parseKubeconfig(inputs.stringData.kubeconfig);
    assert.deepEqual([credentials, endpoint], [{ kind: "token", token: "TOKEN" }, "https://serve.example:6443"]);
    for (const { inputs: given, name } of all.resources)
      assert.ok(!/TOKEN|ADMIN-KEY/.test(JSON.stringify(visible(given))), name);
    const binding = all.inputs("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding");
    assert.equal((binding["roleRef"] as { name: string }).name, "cluster-admin");
  });

  it("asks by the kubeconfig that Modelplane gets before Modelplane does, and says at which address that must reach it", async () => {
    const { all } = await registered();
    const readies = all.all("gpu-clusters:kubernetes:ObjectReady");
    const of = (name: string) => plain(readies.find((each) => each.name === name)!.inputs) as Record<string, unknown>;
    const access = of("us-east-access");
    assert.deepEqual(parseKubeconfig(String(access["kubeconfig"])).credentials, { kind: "token", token: "TOKEN" });
    assert.deepEqual([access["kind"], access["name"], access["conditions"]], ["Namespace", "kube-system", []]);
    assert.match(String(access["hint"]), /^So would Modelplane ask at https:\/\/serve\.example:6443, .* Rancher/);
    assert.ok(all.dependenciesOf("us-east-kubeconfig").includes("us-east-access"));
    assert.match(
      String(of("us-east-ready")["hint"]),
      /Modelplane's cluster, and whether its pods reach the cluster at https:\/\/serve\.example:6443, of which/,
    );
  });

  it("gives Modelplane a cloud's account in the token's place where it is to have one", async () => {
    const credentials = JSON.stringify({ private_key: "GOOGLE-KEY" });
    const { all } = await registered({ existing: { cluster: clusterOf("serve"), identity: { credentials } } });
    assert.deepEqual((specOf(all) as { cluster: object }).cluster, {
      source: "Existing",
      existing: {
        secretRef: { name: "us-east-kubeconfig", key: "kubeconfig" },
        identitySecretRef: { name: "us-east-identity", key: "private_key", type: "GoogleApplicationCredentials" },
      },
    });
    const secrets = all.all("kubernetes:core/v1:Secret").map(({ inputs }) => plain(inputs)) as {
      metadata: { name: string };
      stringData: Record<string, string>;
    }[];
    assert.deepEqual(secrets.map(({ metadata }) => metadata.name).sort(), ["us-east-identity", "us-east-kubeconfig"]);
    const entries = Object.assign({}, ...secrets.map(({ stringData }) => stringData)) as Record<string, string>;
    assert.equal(entries["private_key"], credentials);
    const { endpoint, credentials: none } = parseKubeconfig(entries["kubeconfig"]!);
    assert.deepEqual([endpoint, none], ["https://serve.example:6443", { kind: "anonymous" }]);
    assert.deepEqual(all.all("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"), []);
    for (const { inputs: given, name } of all.resources)
      assert.ok(!/GOOGLE-KEY|ADMIN-KEY/.test(JSON.stringify(visible(given))), name);
    for (const name of ["us-east-identity", "us-east-kubeconfig"])
      assert.ok(all.dependenciesOf("us-east-cluster").includes(name), `${name} goes last`);
  });

  it("refuses a cloud's account where nobody could tell whose the server is", async () => {
    await mockProgram(objects);
    const authority = /certificate-authority-data: .*/;
    const reached = async (change: (text: string) => string) =>
      promiseOf(addressAlone({ ...clusterOf("serve"), kubeconfig: pulumi.output(change(kubeconfigOf("serve"))) }));
    const refusal = /existing\.identity: needs a kubeconfig that has the authority's certificate in it/;
    for (const fields of ["certificate-authority: /ca.crt", "insecure-skip-tls-verify: true"])
      await assert.rejects(
        reached((text) => text.replace(authority, fields)),
        refusal,
      );
    assert.match(await reached((text) => text), authority);
    assert.doesNotMatch(await reached((text) => text.replace(authority, "tls-server-name: a")), authority);
  });

  it("writes nothing before Modelplane is there, the cluster is its own and has what it needs; access goes last", async () => {
    const { all } = await registered();
    assert.deepEqual(all.dependenciesOf("us-east-platform"), ["to-control"]);
    assert.deepEqual(all.dependenciesOf("us-east-claim").sort(), ["to-serve", "us-east-platform"]);
    assert.deepEqual(all.dependenciesOf("us-east-requirements"), ["us-east-claim"]);
    assert.deepEqual(all.dependenciesOf("us-east-modelplane-account").sort(), [
      "us-east-claim",
      "us-east-requirements",
    ]);
    assert.ok(all.dependenciesOf("us-east-gpu-class").includes("us-east-platform"));
    const object = all.dependenciesOf("us-east-cluster");
    for (const name of [
      "us-east-kubeconfig",
      "us-east-modelplane-binding",
      "us-east-modelplane-token",
      "us-east-gpu-class",
    ])
      assert.ok(object.includes(name), `${name} is there for as long as the cluster is registered`);
    assert.deepEqual(all.dependenciesOf("us-east-ready"), ["us-east-cluster", "us-east-gpu-class"]);
    const ready = all.all("gpu-clusters:kubernetes:ObjectReady").find(({ name }) => name === "us-east-ready")!.inputs;
    assert.deepEqual(
      [ready["deletes"], ready["conditions"], ready["timeoutSeconds"]],
      [true, [{ type: "Synced" }, { type: "Ready" }], 1200],
    );
    const { choices, onChange, parts } = all.inputs("gpu-clusters:kubernetes:LastingChoices");
    assert.deepEqual([choices, onChange], [{ source: "existing" }, "warn"]);
    assert.deepEqual(parts, { 'nodePools "gpu"': "Modelplane ends what it serves on its nodes, which stay" });
    assert.ok(object.includes("us-east-choices"));
  });

  it("asks for storage that is there, and for pools that have nodes", async () => {
    const empty = { ...group, name: "idle", minSize: 0 };
    const cluster = { ...clusterOf("serve", [group, empty]), sharedStorageClass: pulumi.output("shared") };
    const { all } = await registered({ existing: { cluster }, nodePools: [{ name: "gpu" }, { name: "idle" }] });
    const requirements = all.inputs("gpu-clusters:kubernetes:InferenceRequirements");
    assert.deepEqual([requirements["pools"], requirements["cacheStorageClass"]], [["gpu"], "shared"]);
    const { cluster: source } = specOf(all) as { cluster: { existing: { cache: object } } };
    assert.deepEqual(source.existing.cache, { storageClassName: "shared" });
  });

  it("leaves a cluster to Modelplane to make, with machines of a class", async () => {
    const all = await mockProgram(objects);
    const controlPlane = clusterOf("control");
    const l4 = new InferenceClass("l4", {
      controlPlane,
      gpus: { model: "L4", count: 1 },
      provisioning: { eks: { instanceType: "g6.xlarge" } },
    });
    const made = new InferenceCluster("us-west", {
      controlPlane,
      eks: { region: "us-west-2" },
      nodePools: [{ name: "l4", class: l4, minNodeCount: 1, maxNodeCount: 4, zones: ["us-west-2a"] }],
    });
    await valueOf(made.gatewayAddress);
    await settled();
    assert.deepEqual((all.inputs(classType)["spec"] as { provisioning: object }).provisioning, {
      provider: "EKS",
      eks: { instanceType: "g6.xlarge", accelerator: { type: "nvidia-l4", count: 1 } },
    });
    assert.deepEqual(specOf(all), {
      cluster: { source: "EKS", eks: { region: "us-west-2" } },
      nodePools: [{ name: "l4", className: "l4", minNodeCount: 1, maxNodeCount: 4, zones: ["us-west-2a"] }],
    });
    assert.deepEqual(all.all("kubernetes:core/v1:Secret"), [], "it has no kubeconfig of anybody");
  });

  it("makes each name of what it is given, within its limit and another for each pool, whatever the resource is called", async () => {
    const clusterName = "c".repeat(63);
    const all = await mockProgram(objects);
    const made = new InferenceCluster("US_East", {
      controlPlane: clusterOf("control"),
      clusterName,
      existing: { cluster: clusterOf("serve") },
      nodePools: ["gpu-a", "gpu-b"].map((name) => ({ name, gpus: { model: "H100", count: 8 } })),
    });
    await valueOf(made.gatewayAddress);
    await settled();
    const namesOf = (type: string) =>
      all.all(type).map(({ inputs }) => (plain(inputs) as { metadata: { name: string } }).metadata.name);
    const classes = namesOf(classType);
    assert.equal(new Set(classes).size, 2);
    for (const name of [...classes, ...namesOf("kubernetes:core/v1:ServiceAccount")])
      assert.match(name, /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
    for (const name of namesOf("kubernetes:core/v1:Secret"))
      assert.match(name, /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  });

  it("refuses a cluster that is registered already, with the reason", async () => {
    await mockProgram(objects);
    const cluster = clusterOf("serve");
    claimPlatform("training", cluster, "Michelangelo", {});
    const args = { controlPlane: clusterOf("control"), existing: { cluster }, nodePools: [{ name: "gpu" }] };
    assert.throws(
      () => new InferenceCluster("us-east", args),
      (error) =>
        error instanceof InvalidInput &&
        /existing\.cluster: the cluster is registered with Michelangelo already: Modelplane hands GPUs out by DRA.*device plugin/.test(
          error.message,
        ),
    );
    await settled();
  });

  it("says which pool has no class where the cluster cannot tell its GPUs", async () => {
    const asked = (groups: NodeGroupStatus[]) =>
      promiseOf(groupOf(0, "gpu", clusterOf("serve", groups)).apply((found) => gpusOf(0, found)));
    await assert.rejects(asked([]), /nodePools\[0\]\.class: is required, or gpus: the cluster has no node group "gpu"/);
    await assert.rejects(asked([{ ...group, gpus: 0 }]), /node group "gpu" has no GPUs/);
    await assert.rejects(asked([{ ...group, gpuModel: "H900" }]), /a model that is not known here \(H900/);
    assert.deepEqual(await asked([group]), { model: "H100", count: 8 });
  });
});
