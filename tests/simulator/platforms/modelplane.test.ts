/** The simulated Modelplane, and what we give it, on a real API server. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { objectReady, type ObjectReadyInputs } from "../../../provider/kubernetes/handlers/object-ready";
import { Modelplane } from "../../../simulator/platforms/modelplane/controller";
import { testContext } from "../../provider/kubernetes/context";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { until } from "../../until";

const apiVersion = "modelplane.ai/v1alpha1";
const device = { name: "gpu", driver: "gpu.nvidia.com", deviceClassName: "gpu.nvidia.com" };
const pool = { name: "gpu", className: "l4", zones: ["us-west-2a"] };
const eks = { source: "EKS", eks: { region: "us-west-2" } };

describe("the simulated Modelplane on a real API server", function () {
  this.timeout(240_000);
  let server: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;
  let modelplane: Modelplane;

  before(async () => {
    // Deletion in the foreground ends by it, once it knows of the kinds, which takes up to half a minute.
    server = await controlPlane(["garbage-collector-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    modelplane = new Modelplane({ kubeconfig, pollMs: 50 });
    await modelplane.start();
    await until("the kinds are there", () =>
      applied("InferenceClass", "l4", { devices: [device] }).catch(() => undefined),
    );
  });
  after(async () => {
    await modelplane?.close();
    await server?.close();
  });
  afterEach(async () => {
    await modelplane.suffer({});
  });

  const applied = (kind: string, name: string, spec: object): Promise<KubernetesObject> =>
    api.apply({ apiVersion, kind, metadata: { name }, spec }, { fieldManager: "tests", force: true });
  const cluster = (name: string, spec: object) => applied("InferenceCluster", name, spec);
  const inputs = (name: string, more: Partial<ObjectReadyInputs> = {}): ObjectReadyInputs => ({
    kubeconfig,
    apiVersion,
    kind: "InferenceCluster",
    name,
    deletes: true,
    timeoutSeconds: 90,
    conditions: [{ type: "Synced" }, { type: "Ready" }],
    fields: { gatewayAddress: "status.gateway.address" },
    ...more,
  });
  const ready = (name: string, more: Partial<ObjectReadyInputs> = {}) =>
    objectReady.create(inputs(name, more), testContext());
  const gone = (name: string, more: Partial<ObjectReadyInputs> = {}) =>
    objectReady.delete(name, { inputs: inputs(name, more), outputs: {} as never }, testContext());

  it("admits what the API admits, and refuses what it refuses", async () => {
    const refusal = async (kind: string, spec: object) =>
      applied(kind, "x", spec).then(
        () => api.delete({ apiVersion, kind, name: "x" }).then(() => "admitted"),
        (error: Error) => error.message,
      );
    const minMax = { ...pool, zones: undefined, minNodeCount: 5, maxNodeCount: 1, fabric: { type: "EFA" } };
    const both = { ...eks, existing: { secretRef: { name: "k" } } };
    await modelplane.suffer({ gone: true });
    assert.equal(await refusal("InferenceCluster", { cluster: both, nodePools: [minMax] }), "admitted");
    const capacity = { memory: { value: "lots" } };
    assert.equal(await refusal("InferenceClass", { devices: [{ ...device, capacity }] }), "admitted");
    const cases: [string, object, RegExp][] = [
      ["InferenceCluster", { cluster: { source: "EKS" } }, /eks is required when source is EKS/],
      ["InferenceCluster", { cluster: { source: "CoreWeave" } }, /Unsupported value: "CoreWeave"/],
      ["InferenceCluster", { cluster: eks, nodePools: [] }, /should have at least 1 items/],
      ["InferenceCluster", { cluster: eks, nodePools: [{ ...pool, size: 1 }] }, /\.size: field not declared in schema/],
      [
        "InferenceClass",
        { devices: [{ ...device, deviceClassName: undefined }] },
        /deviceClassName is required when claim is DRA/,
      ],
      [
        "InferenceClass",
        { devices: [device], provisioning: { provider: "Existing" } },
        /Unsupported value: "Existing"/,
      ],
    ];
    for (const [kind, spec, reason] of cases)
      assert.match(await refusal(kind, spec), reason, inspect(spec, { depth: 5 }));
  });

  it("makes a cluster in steps, says each, and lets it go", async () => {
    await modelplane.suffer({ slow: 4 });
    const { metadata } = await cluster("made", { cluster: eks, nodePools: [pool] });
    const context = testContext();
    const { outputs } = await objectReady.create(inputs("made"), context);
    assert.deepEqual(outputs, { uid: metadata.uid, values: { gatewayAddress: "192.0.2.80" }, status: "ready" });
    assert.match(context.said.join("\n"), /Ready is False \(Creating\)|Synced is not said yet/);
    await gone("made");
    assert.equal(await api.read({ apiVersion, kind: "InferenceCluster", name: "made" }), undefined);
  });

  it("waits for classes, and for zones that the internal kinds require, with the conditions in our error", async () => {
    await cluster("classless", { cluster: eks, nodePools: [{ ...pool, className: "none" }] });
    await assert.rejects(
      ready("classless", { timeoutSeconds: 2 }),
      /was not ready after 2 s: Ready is False.*\n {2}Synced True.*\n {2}ClusterReady False \(WaitingForClasses: InferenceClass none\)/s,
    );
    await gone("classless");
    await cluster("zoneless", { cluster: eks, nodePools: [{ ...pool, zones: undefined }] });
    await assert.rejects(
      ready("zoneless", { timeoutSeconds: 2 }),
      /Synced is False \(ReconcileError: .*zones: Required value\)/,
    );
    await gone("zoneless");
  });

  it("puts its gateway into a cluster that exists, by the kubeconfig it was given, and takes it out again", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "byo", namespace: "modelplane-system" } };
    const existing = { source: "Existing", existing: { secretRef: { name: "byo" } } };
    await cluster("byo", { cluster: existing, nodePools: [{ name: "gpu", className: "l4" }] });
    await assert.rejects(
      ready("byo", { timeoutSeconds: 2 }),
      /BackendReady False \(Installing: Secret .*byo has no kubeconfig\)/,
    );
    await api.create({ ...secret, type: "Opaque", stringData: { kubeconfig } });
    assert.equal((await ready("byo")).outputs.values["gatewayAddress"], "192.0.2.80");
    const gateway = { apiVersion: "v1", kind: "Service", namespace: "modelplane-system", name: "inference-gateway" };
    assert.ok(await api.read(gateway));
    await gone("byo");
    assert.equal(await api.read(gateway), undefined);
  });

  it("is stuck or gone, and our error says what holds the cluster", async () => {
    await cluster("held", { cluster: eks, nodePools: [pool] });
    await ready("held");
    for (const troubles of [{ stuck: true }, { gone: true }]) {
      await modelplane.suffer(troubles);
      await assert.rejects(
        gone("held", { timeoutSeconds: 2, hint: "Look." }),
        /was not gone after 2 s: it waits for .*composite\.apiextensions\.crossplane\.io.*\n {2}Synced True.*Look\.$/s,
      );
    }
    await modelplane.suffer({});
    await gone("held");
  });

  it("keeps a cluster that models run on, and our error names them", async () => {
    const { metadata } = await cluster("busy", { cluster: eks, nodePools: [pool] });
    await ready("busy");
    const replica = { apiVersion, kind: "ModelReplica", namespace: "default", name: "llama-0" };
    const labels = { "modelplane.ai/cluster": "busy" };
    const { apiVersion: version, kind, ...place } = replica;
    await api.create({ apiVersion: version, kind, metadata: { ...place, labels }, spec: {} });
    const labelled = async () =>
      (await api.read({ apiVersion, kind: "InferenceCluster", name: "busy" }))?.metadata.labels?.[
        "crossplane.io/in-use"
      ];
    await until("it is in use", labelled);
    const users = { apiVersion, kind, labelSelector: "modelplane.ai/cluster=busy" };
    await assert.rejects(
      gone("busy", { timeoutSeconds: 2, users }),
      /was not gone after 2 s: .*in-use by 1 usage\(s\).*; it is used by ModelReplica default\/llama-0\n/,
    );
    const held = await api.read({ apiVersion, kind: "InferenceCluster", name: "busy" });
    assert.deepEqual([held?.metadata.uid, held?.metadata.deletionTimestamp], [metadata.uid, undefined]);
    const going = gone("busy", { users });
    await api.delete(replica);
    await going;
  });
});
