import assert from "node:assert/strict";
import { KubeRay } from "../../components/addons";
import { InvalidInput } from "../../components/errors";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, settled, valueOf } from "./mocks";

describe("KubeRay", () => {
  it("is the pinned chart with its definitions, on any node, once the cluster has nodes", async () => {
    const registered = await mockProgram({});
    const ray = new KubeRay("ray", { cluster: clusterInHand() });
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

  it("is there until all that only its operator lets go has gone, whoever made that", async () => {
    const made = { resources: [], urn: "urn:pulumi:stack::project::kubernetes:helm.sh/v4:Chart::ray-operator" };
    const registered = await mockProgram({ "kubernetes:helm.sh/v4:Chart": () => made });
    new KubeRay("ray", { cluster: clusterInHand() });
    await settled();
    const { kinds } = registered.inputs("gpu-clusters:kubernetes:ObjectsGone") as { kinds: { kind: string }[] };
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["RayCronJob", "RayJob", "RayService", "RayCluster"],
    );
    assert.deepEqual(registered.dependenciesOf("ray-objects"), ["ray-operator"]);
  });

  it("takes the version and the namespace that a platform wants", async () => {
    const registered = await mockProgram({});
    new KubeRay("ray", { cluster: clusterInHand(), version: "1.4.2", namespace: "ray" });
    await settled();
    const { version, namespace } = registered.inputs("kubernetes:helm.sh/v4:Chart");
    assert.deepEqual([version, namespace], ["1.4.2", "ray"]);
  });

  it("says what cannot be right", async () => {
    await mockProgram({});
    const given = clusterInHand();
    assert.throws(
      () => new KubeRay("ray", { cluster: given, namespace: "Ray_System" }),
      (error: InvalidInput) => error instanceof InvalidInput && /namespace: "Ray_System" must have/.test(error.message),
    );
    await settled();
  });

  it("previews in a cluster whose nodes are not there yet", async () => {
    const registered = await mockProgram({}, true);
    const given = clusterInHand();
    new KubeRay("ray", { cluster: given });
    await settled();
    assert.deepEqual(registered.dependenciesOf("ray-namespace"), ["train-nodes"]);
  });
});
