import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { KubeRay } from "../../components/addons";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { inCluster } from "../../components/addons/in-cluster";
import { mockProgram, settled, valueOf } from "./mocks";

class Provider extends pulumi.ProviderResource {
  constructor() {
    super("kubernetes", "to-train", {});
  }
}

class Nodes extends pulumi.CustomResource {
  declare readonly status: pulumi.Output<string>;

  constructor() {
    super("test:index:Nodes", "train-nodes", { status: "ready" });
  }
}

function cluster(): KubernetesCluster {
  return {
    clusterName: pulumi.output("train"),
    kubeProvider: new Provider(),
    status: new Nodes().status,
  } as unknown as KubernetesCluster;
}

describe("KubeRay", () => {
  it("is the pinned chart with its definitions, on any node, once the cluster has nodes", async () => {
    const registered = await mockProgram({ "test:index:Nodes": ({ inputs }) => ({ ...inputs }) });
    const ray = new KubeRay("ray", { cluster: cluster() });
    assert.equal(await valueOf(ray.namespace), "ray-system");
    await settled();
    const inputs = registered.inputs("kubernetes:helm.sh/v4:Chart");
    const { chart, version, repositoryOpts, namespace, skipCrds, values } = inputs;
    assert.deepEqual([chart, version, namespace, skipCrds], ["kuberay-operator", "1.7.0", "ray-system", undefined]);
    assert.deepEqual(repositoryOpts, { repo: "https://ray-project.github.io/kuberay-helm/" });
    const keys = (values as { tolerations: { key: string }[] }).tolerations.map(({ key }) => key);
    assert.deepEqual(keys, ["node-role.kubernetes.io/control-plane", "gpu-clusters/role"]);
    assert.equal(registered.providerOf("ray-namespace"), "to-train");
    assert.deepEqual(registered.dependenciesOf("ray-operator"), ["ray-namespace"]);
    assert.deepEqual(registered.dependenciesOf("ray-namespace"), ["train-nodes"]);
  });

  it("takes the version and the namespace that a platform wants", async () => {
    const registered = await mockProgram({});
    new KubeRay("ray", { cluster: cluster(), version: "1.4.2", namespace: "ray" });
    await settled();
    const { version, namespace } = registered.inputs("kubernetes:helm.sh/v4:Chart");
    assert.deepEqual([version, namespace], ["1.4.2", "ray"]);
  });

  it("says what cannot be right", async () => {
    await mockProgram({});
    const given = cluster();
    assert.throws(
      () => new KubeRay("ray", { cluster: given, namespace: "Ray_System" }),
      (error: InvalidInput) => error instanceof InvalidInput && /namespace: "Ray_System" must have/.test(error.message),
    );
    await settled();
  });

  it("previews in a cluster whose nodes are not there yet", async () => {
    const registered = await mockProgram({}, true);
    const given = cluster();
    const { dependsOn } = inCluster(given, new Provider());
    assert.ok(pulumi.Output.isInstance(dependsOn));
    new KubeRay("ray", { cluster: given });
    await settled();
    assert.deepEqual(registered.dependenciesOf("ray-namespace"), ["train-nodes"]);
  });
});
