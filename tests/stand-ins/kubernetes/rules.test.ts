/** The stand-in's pure parts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { Unknown } from "../../../provider/server/values";
import { diffConfiguration } from "../../../stand-ins/kubernetes/configuration";
import { refusedPaths } from "../../../stand-ins/kubernetes/immutable";
import { completeInputs } from "../../../stand-ins/kubernetes/inputs";
import { readiness } from "../../../stand-ins/kubernetes/readiness";
import { kubernetesType } from "../../../stand-ins/kubernetes/type-token";

describe("the kubernetes stand-in's rules", () => {
  it("read type tokens", () => {
    const types: Record<string, string> = {
      "kubernetes:core/v1:ConfigMap": "v1 ConfigMap false",
      "kubernetes:apps/v1:Deployment": "apps/v1 Deployment false",
      "kubernetes:rbac.authorization.k8s.io/v1:Role": "rbac.authorization.k8s.io/v1 Role false",
      "kubernetes:core/v1:NodePatch": "v1 Node true",
      "kubernetes:v1:Odd": "v1 Odd false",
    };
    for (const [token, expected] of Object.entries(types)) {
      const { apiVersion, kind, isPatch } = kubernetesType(token);
      assert.equal(`${apiVersion} ${kind} ${isPatch}`, expected);
    }
    assert.equal(kubernetesType("kubernetes:example.test/v1:OilPatch", "OilPatch").kind, "OilPatch");
    for (const token of [
      "kubernetes:helm.sh/v3:Release",
      "kubernetes:yaml/v2:ConfigGroup",
      "kubernetes:yaml:ConfigFile",
    ]) {
      assert.throws(() => kubernetesType(token), /install the official plugin/);
    }
  });

  it("name an object once, and the same at preview and update", () => {
    const type = kubernetesType("kubernetes:core/v1:ConfigMap");
    const complete = (seed: Uint8Array, before = {}) =>
      completeInputs({ type, name: "a", seed, before, given: {}, defaultNamespace: undefined }).inputs;
    const nameOf = (inputs: object) => (inputs as { metadata: { name: string } }).metadata.name;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array({ minLength: 1 }), (seed, later) => {
        const first = complete(seed);
        assert.match(nameOf(first), /^a-[0-9a-f]{7}$/);
        assert.equal(nameOf(complete(seed)), nameOf(first));
        assert.equal(nameOf(complete(later, first)), nameOf(first));
      }),
    );
  });

  it("wait for the token of a ServiceAccount, and for no other secret", () => {
    const secret = (type: string, data?: Record<string, string>) =>
      readiness({ apiVersion: "v1", kind: "Secret", metadata: { name: "token" }, type, ...(data && { data }) }).state;
    const token = "kubernetes.io/service-account-token";
    assert.deepEqual(
      [secret(token), secret(token, {}), secret(token, { token: "dA==" })],
      ["waiting", "waiting", "ready"],
    );
    assert.equal(secret("Opaque"), "ready");
  });

  it("tell an immutable field from a wrong one", () => {
    const refusal = (message: string, status = 422) => new KubernetesApiError(message, status, "Invalid");
    const changed = [
      ["spec", "selector", "matchLabels", "app"],
      ["spec", "replicas"],
    ];
    const immutable = 'Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable';
    assert.deepEqual(refusedPaths(refusal(immutable), changed), ["spec.selector.matchLabels.app"]);
    assert.deepEqual(
      refusedPaths(refusal("updates to statefulset spec for fields other than 'replicas' are forbidden"), changed)
        .length,
      2,
    );
    assert.deepEqual(
      refusedPaths(refusal("spec.replicas: Invalid value: -1: must be greater than or equal to 0"), changed),
      [],
    );
    assert.deepEqual(refusedPaths(refusal(immutable, 409), changed), []);
    assert.deepEqual(refusedPaths(undefined, changed), []);
  });

  it("replace the provider only for another cluster", () => {
    const kubeconfig = (cluster: object, token = "1") =>
      JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: { token } }],
      });
    const [server, other] = ["https://a:6443", "https://b:6443"];
    const before = { kubeconfig: kubeconfig({ server }) };
    const replaces = (after: object, then: object = before) =>
      [...diffConfiguration({ ...then }, { ...after }).values()].map((change) => change.replaces);
    assert.deepEqual(replaces({ kubeconfig: kubeconfig({ server }, "2") }), [false]);
    assert.deepEqual(replaces({ kubeconfig: kubeconfig({ server: other }) }), [true]);
    assert.deepEqual(replaces({ kubeconfig: kubeconfig({ server, "proxy-url": "http://p" }) }), [true]);
    assert.deepEqual(replaces({ kubeconfig: Unknown.value }), [true]);
    assert.deepEqual(replaces(before), []);
    const named = { ...before, clusterIdentifier: "x" };
    assert.deepEqual(replaces(named), [false], "a name that is given later");
    assert.deepEqual(replaces(before, named), [false], "or is taken away");
    assert.deepEqual(replaces({ kubeconfig: kubeconfig({ server: other }), clusterIdentifier: "x" }, named), [false]);
    assert.deepEqual(replaces({ kubeconfig: Unknown.value, clusterIdentifier: "x" }, named), [false]);
    assert.deepEqual(replaces({ ...before, clusterIdentifier: "y" }, named), [true]);
    assert.deepEqual(replaces({ ...before, clusterIdentifier: Unknown.value }, named), [true]);
  });

  it("judge what has become of an object", () => {
    const judge = (apiVersion: string, kind: string, rest: object) =>
      readiness({ apiVersion, kind, metadata: { name: "x", generation: 2 }, ...rest }).state;
    const rollout = { observedGeneration: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2, replicas: 2 };
    assert.equal(judge("apps/v1", "Deployment", { spec: { replicas: 2 }, status: rollout }), "ready");
    assert.equal(
      judge("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rollout, observedGeneration: 1 } }),
      "waiting",
    );
    assert.equal(
      judge("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rollout, replicas: 3 } }),
      "waiting",
    );
    const late = { conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }] };
    assert.equal(judge("apps/v1", "Deployment", { spec: {}, status: { ...rollout, ...late } }), "failed");
    assert.equal(judge("apps/v1", "StatefulSet", { spec: { replicas: 3 }, status: rollout }), "waiting");
    const partitioned = { replicas: 2, updateStrategy: { rollingUpdate: { partition: 2 } } };
    assert.equal(
      judge("apps/v1", "StatefulSet", { spec: partitioned, status: { ...rollout, updatedReplicas: 0 } }),
      "ready",
    );
    const daemons = { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2 };
    assert.equal(judge("apps/v1", "DaemonSet", { spec: {}, status: daemons }), "waiting");
    assert.equal(judge("apps/v1", "DaemonSet", { spec: {}, status: { ...daemons, numberAvailable: 2 } }), "ready");
    assert.equal(
      judge("batch/v1", "Job", { spec: {}, status: { conditions: [{ type: "Failed", status: "True" }] } }),
      "failed",
    );
    assert.equal(judge("batch/v1", "Job", { spec: { suspend: true } }), "ready");
    assert.equal(judge("v1", "Pod", { status: { phase: "Failed" } }), "failed");
    assert.equal(judge("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }), "waiting");
    assert.equal(judge("example.test/v1", "Anything", {}), "ready");
  });
});
