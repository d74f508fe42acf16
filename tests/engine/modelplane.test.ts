import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

const examples = join(__dirname, "..", "..", "examples");
const apiVersion = "modelplane.ai/v1alpha1";

describe("Modelplane on the engine", function () {
  this.timeout(600_000);
  let server: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;
  let modelplane: Modelplane;
  let environment: EngineEnvironment;

  before(async () => {
    server = await controlPlane(["garbage-collector-controller", "namespace-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until(async () => (await api.text("/readyz").catch(() => "")) === "ok", "the API server is ready");
    modelplane = new Modelplane({ kubeconfig, pollMs: 100 });
    await modelplane.start();
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await modelplane?.close();
    await server?.close();
  });
  afterEach(() => {
    modelplane.troubles = {};
  });

  const left = async () => {
    const kinds = await Promise.all(
      ["InferenceCluster", "InferenceClass"].map((kind) => api.list({ apiVersion, kind })),
    );
    const secrets = await api.list({ apiVersion: "v1", kind: "Secret", namespace: "modelplane-system" });
    return [...kinds.flat(), ...secrets].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };

  it("a cluster that it makes: stuck is explained, another region makes it anew with a warning, and nothing is left", async () => {
    const config = { "modelplane-eks:controlPlane": kubeconfig, "modelplane-eks:timeoutMinutes": "1" };
    const stack = await environment.stack(config, { program: join(examples, "modelplane-eks") });
    modelplane.troubles = { stuck: true };
    const stuck = await stack.up();
    assert.ok(!stuck.ok);
    assert.match(
      stuck.text,
      /InferenceCluster eks-us-west .*was not ready after 60 s: .*BackendReady False \(Installing\)/s,
    );
    modelplane.troubles = {};
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.equal((await stack.outputs())["gatewayAddress"], "192.0.2.80");
    assert.deepEqual(await stack.preview(), []);

    const [before] = await api.list({ apiVersion, kind: "InferenceCluster" });
    stack.configure({ ...environment.providerConfig, ...config, "modelplane-eks:region": "us-east-1" });
    const moved = await stack.up();
    assert.ok(moved.ok, moved.text);
    assert.match(moved.text, /eks\.region was us-west-2 and becomes us-east-1: the cluster "eks-us-west" is deleted/);
    const [after] = await api.list({ apiVersion, kind: "InferenceCluster" });
    assert.notEqual(after!.metadata.uid, before!.metadata.uid);

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await left(), []);
  });
});
