/** Pools of a cluster of Modelplane that come, go and are renamed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

const apiVersion = "modelplane.ai/v1alpha1";

describe("pools of Modelplane on the engine", function () {
  this.timeout(1_200_000);
  let server: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;
  let modelplane: Modelplane;
  let environment: EngineEnvironment;

  before(async () => {
    server = await controlPlane(["garbage-collector-controller", "namespace-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    modelplane = new Modelplane({ kubeconfig, pollMs: 100 });
    await modelplane.start();
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await modelplane?.close();
    await server?.close();
  });

  const served = async () => {
    const [cluster] = await api.list({ apiVersion, kind: "InferenceCluster" });
    const { nodePools } = (cluster as KubernetesObject & { spec: { nodePools: { name: string }[] } }).spec;
    return { uid: cluster!.metadata.uid, pools: nodePools.map(({ name }) => name) };
  };

  it("come and go in place, are told as they go, and make the cluster anew where one is renamed", async () => {
    const program = join(__dirname, "programs", "modelplane-pools");
    const config = (pools: string) => ({ "modelplane-pools:pools": pools });
    const stack = await environment.stack(config("a b"), { program });
    await stack.setSecret("modelplane-pools:controlPlane", kubeconfig);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const { uid } = await served();
    const changed = async (pools: string) => {
      stack.configure({ ...environment.providerConfig, ...config(pools) });
      const operation = await stack.up();
      assert.ok(operation.ok, operation.text);
      return { ...(await served()), text: operation.text };
    };

    const moved = await changed("new b a");
    assert.deepEqual([moved.uid, moved.pools], [uid, ["new", "b", "a"]], "in another order, with one more");
    assert.doesNotMatch(moved.text, /no longer there|made anew/);
    const less = await changed("b a");
    assert.deepEqual([less.uid, less.pools], [uid, ["b", "a"]]);
    assert.match(less.text, /nodePools "new" is no longer there: Modelplane takes its nodes away/);

    stack.configure({ ...environment.providerConfig, ...config("b c") });
    const foretold = await stack.preview();
    assert.ok(
      foretold.some(({ op, urn }) => /replace/.test(op) && urn.endsWith("::served-cluster")),
      JSON.stringify(foretold),
    );
    const renamed = await changed("b c");
    assert.notEqual(renamed.uid, uid);
    assert.match(renamed.text, /nodePools "a" becomes nodePools "c": the cluster "served" is deleted, .* made anew/);
    assert.deepEqual(await stack.preview(), []);

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await api.list({ apiVersion, kind: "InferenceCluster" }), []);
  });
});
