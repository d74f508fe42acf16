import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { wayTo } from "../provider/michelangelo/scene";
import { until } from "../until";
import { areBroughtBack, comeBack } from "./by-hand";
import { EngineEnvironment } from "./environment";
import { forgottenWhole } from "./gone-for-good";
import { assertHeldBack, holdsBack, loudDestroy } from "./loud-runs";

const examples = join(__dirname, "..", "..", "examples");
const apiVersion = "modelplane.ai/v1alpha1";
const namespace = "modelplane-system";

describe("Modelplane on the engine", function () {
  this.timeout(1_200_000);
  let server: TestControlPlane;
  let api: KubernetesApi;
  let modelplane: Modelplane;
  /** From the computer of `pulumi up` to Modelplane's cluster. */
  let way: Awaited<ReturnType<typeof wayTo>>;
  let environment: EngineEnvironment;

  before(async () => {
    server = await controlPlane(["garbage-collector-controller", "namespace-controller"]);
    const kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    modelplane = new Modelplane({ kubeconfig, pollMs: 100 });
    await modelplane.start();
    way = await wayTo(kubeconfig);
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
  });
  after(async () => {
    way?.close();
    await environment?.stop();
    await modelplane?.close();
    await server?.close();
  });
  afterEach(async () => {
    await modelplane.suffer({});
  });

  const inferenceCluster = async () => (await api.list({ apiVersion, kind: "InferenceCluster" }))[0];

  /** What a registration leaves in Modelplane's cluster. */
  const left = async () => {
    const kinds = [
      { apiVersion, kind: "InferenceCluster" },
      { apiVersion, kind: "InferenceClass" },
      { apiVersion: "v1", kind: "Secret", namespace },
    ];
    const found = await Promise.all(kinds.map((kind) => api.list(kind)));
    return found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };

  it("makes a cluster on EKS, says what is stuck or away, makes it anew in another region with a warning, and leaves nothing", async () => {
    const config = { "modelplane-eks:controlPlane": way.kubeconfig, "modelplane-eks:timeoutMinutes": "1" };
    const stack = await environment.stack(config, { program: join(examples, "modelplane-eks") });
    await modelplane.suffer({ stuck: true });
    const stuck = await stack.up();
    assert.ok(!stuck.ok);
    assert.match(
      stuck.text,
      /InferenceCluster eks-us-west .*was not ready after 60 s: .*BackendReady False \(Installing\)/s,
    );
    await modelplane.suffer({});
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.equal((await stack.outputs())["gatewayAddress"], "192.0.2.80");
    assert.deepEqual(await stack.preview(), []);

    const { nodePools } = (await inferenceCluster())!["spec"] as { nodePools: object[] };
    await areBroughtBack(stack, api, [
      {
        apiVersion,
        kind: "InferenceCluster",
        metadata: { name: "eks-us-west", labels: { tier: "prod" } },
        spec: { nodePools: nodePools.map((pool) => ({ ...pool, maxNodeCount: 9 })) },
      },
      {
        apiVersion,
        kind: "InferenceClass",
        metadata: { name: "eks-l4" },
        spec: { provisioning: { eks: { instanceType: "g6.2xlarge" } } },
      },
    ]);
    const before = await inferenceCluster();
    stack.configure({ ...environment.providerConfig, ...config, "modelplane-eks:region": "us-east-1" });
    const moved = await stack.up();
    assert.ok(moved.ok, moved.text);
    assert.match(moved.text, /eks\.region: was us-west-2 and becomes us-east-1: the cluster "eks-us-west" is deleted/);
    assert.notEqual((await inferenceCluster())!.metadata.uid, before!.metadata.uid);

    way.close();
    const refreshed = await stack.refresh();
    assert.match(refreshed.text, /InferenceCluster eks-us-west cannot be read, so that it is taken to be as it was/);
    const held = await stack.destroy();
    assert.ok(!held.ok);
    assert.match(
      held.text,
      /InferenceCluster eks-us-west cannot be asked: .*has not answered this computer for \d+ s.*`pulumi destroy` goes on once it answers/s,
    );
    await forgottenWhole(stack);
    await way.open();
    assert.deepEqual(await stack.preview(), [], "nothing was lost");
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await left(), []);
  });

  it("registers a cluster on AWS with a token's kubeconfig, which no state and no log shows, and takes it back whole", async () => {
    const config = { "modelplane-aws:controlPlane": way.kubeconfig };
    const program = join(examples, "modelplane-aws");
    const stack = await environment.stack(config, { program, timeoutMs: 600_000 });
    way.close();
    const away = await stack.up();
    assert.ok(!away.ok);
    assert.match(
      away.text,
      /the API server at https:\/\/127\.0\.0\.1:\d+ was not ready after 120 s; .*Look whether `kubectl --context \S+ get --raw \/readyz`/s,
    );
    assert.deepEqual(await left(), []);
    await way.open();
    const up = await stack.say("up", ["--json", "--debug"]);
    assert.ok(up.ok, up.text);
    const outputs = (await stack.outputs()) as Record<string, string>;
    assert.equal(outputs["gatewayAddress"], "192.0.2.80");
    const workload = kubernetesApi(outputs["kubeconfig"]!);
    const gateway = { apiVersion: "v1", kind: "Service", namespace, name: "inference-gateway" };
    assert.ok(await workload.read(gateway), "Modelplane reached the cluster by the kubeconfig that it was given");
    const made = await api.read({ apiVersion, kind: "InferenceClass", name: "serve-gpu" });
    const [device] = (made!["spec"] as { devices: { count: number; capacity: object }[] }).devices;
    assert.deepEqual([device!.count, device!.capacity], [1, { memory: { value: "23034Mi" } }]);

    const secret = await api.read({ apiVersion: "v1", kind: "Secret", namespace, name: "serve-kubeconfig" });
    const { kubeconfig: encoded } = secret!["data"] as { kubeconfig: string };
    const { credentials } = parseKubeconfig(Buffer.from(encoded, "base64").toString("utf8"));
    assert.ok(credentials.kind === "token");
    assertHeldBack("up", up, [credentials.token, encoded]);
    assert.ok(!(await stack.state()).includes(credentials.token));

    assert.deepEqual(await stack.preview(), []);
    await comeBack(stack, api, [
      { apiVersion: "v1", kind: "Secret", namespace, name: "serve-kubeconfig" },
      { apiVersion, kind: "InferenceClass", name: "serve-gpu" },
      { apiVersion, kind: "InferenceCluster", name: "serve" },
    ]);
    const system = { apiVersion: "v1", namespace: "kube-system" };
    await comeBack(stack, workload, [
      { ...system, kind: "Secret", name: "serve-modelplane-token" },
      { ...system, kind: "ServiceAccount", name: "serve-modelplane" },
      { ...system, kind: "ConfigMap", name: "gpu-clusters-platform" },
    ]);
    await holdsBack(stack, [loudDestroy], [credentials.token, encoded]);
    assert.deepEqual(await left(), []);
    assert.deepEqual((await environment.simulator.state()).machines, []);
  });
});
