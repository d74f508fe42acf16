import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import { until } from "../until";
import { bareMetalKinds, serverImage, startBareMetal, type BareMetal } from "./bare-metal";
import { areBroughtBack, comeBack } from "./by-hand";
import type { EngineEnvironment } from "./environment";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";

const examples = join(__dirname, "..", "..", "examples");
const clusterKind = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "Cluster" };
const control = { apiVersion: "controlplane.cluster.x-k8s.io/v1beta2", kind: "KubeadmControlPlane" };
const deployment = { ...clusterKind, kind: "MachineDeployment" };
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" };

describe("Cluster API and Metal3 on the engine", function () {
  this.timeout(1_200_000);
  let bareMetal: BareMetal;
  let management: string;
  let workload: string;
  let serving: string;
  let api: KubernetesApi;
  let environment: EngineEnvironment;

  before(async () => {
    bareMetal = await startBareMetal();
    ({ management, workload, serving, api, environment } = bareMetal);
  });
  after(() => bareMetal?.stop());

  it("servers and a cluster on them: an error is told, nothing changes then, no secret is shown, and all is given back", async () => {
    const plain = {
      endpoint: new URL(parseKubeconfig(workload).endpoint).host,
      ...serverImage,
      timeoutMinutes: "10",
    };
    const config = Object.fromEntries(Object.entries(plain).map(([key, value]) => [`metal3-cluster:${key}`, value]));
    const stack = await environment.stack(config, { program: join(examples, "metal3-cluster") });
    const secrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", managementCluster: management };
    for (const [key, value] of Object.entries(secrets)) await stack.setSecret(`metal3-cluster:${key}`, value);

    await bareMetal.clusterApi.suffer({ broken: ["gpu-01"] });
    const broken = await stack.up();
    assert.ok(!broken.ok);
    assert.match(
      broken.text,
      /A machine in error is not replaced.*machine search-gpu-0 has failed: .*BareMetalHost metal3\/gpu-01 is provisioning \(provisioning error/s,
    );
    await bareMetal.clusterApi.suffer({});
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    const machines = outputs["machines"] as { name: string; phase: string; host: string; hostState: string }[];
    assert.deepEqual(
      machines.map(({ name, phase, host, hostState }) => [name, phase, host, hostState]),
      [
        ["search-cp-0", "Available", "control-01", "provisioned"],
        ["search-gpu-0", "Available", "gpu-01", "provisioned"],
      ],
    );
    const kubeconfig = outputs["kubeconfig"] as string;
    const { credentials, endpoint } = parseKubeconfig(kubeconfig);
    assert.ok(credentials.kind === "certificate" && endpoint === parseKubeconfig(workload).endpoint);
    assert.deepEqual(await stack.preview(), []);
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const texts = { printed: broken.text + up.text, events: broken.events + up.events, state: await stack.state() };
    for (const secret of [secrets.bmcPassword, credentials.clientKey])
      for (const [where, text] of Object.entries(texts))
        for (const form of [secret, Buffer.from(secret).toString("base64")])
          assert.ok(!text.includes(form), `${secret.slice(0, 10)} stands in plain text in what was ${where}`);
    const namespace = "metal3";
    const rollout = { strategy: { rollingUpdate: { maxSurge: 1 } } };
    await areBroughtBack(stack, api, [
      { ...host, metadata: { name: "gpu-01", namespace, labels: { gpu: "none" } } },
      {
        ...control,
        metadata: { name: "search", namespace },
        spec: { rollout: { strategy: { rollingUpdate: { maxSurge: 0 } } } },
      },
      { ...deployment, metadata: { name: "search-gpu", namespace }, spec: { rollout } },
    ]);
    await comeBack(stack, api, [
      { ...deployment, namespace, name: "search-gpu" },
      { ...clusterKind, namespace, name: "search" },
    ]);
    await holdsBack(stack, [...loudRuns, loudDestroy], [secrets.bmcPassword, credentials.clientKey]);
    assert.deepEqual(await bareMetal.left(), []);
    assert.deepEqual(await kubernetesApi(workload).list({ apiVersion: "v1", kind: "Node" }), []);
  });

  it("a cluster that Modelplane serves models on, on servers that are there, until it is served on no more", async () => {
    const modelplane = new Modelplane({ kubeconfig: management, pollMs: 100 });
    await modelplane.start();
    try {
      await provideServers({
        "control-02": { role: "control" },
        "cpu-02": { role: "cpu" },
        "gpu-02": { gpu: "h100" },
      });
      const plain = { endpoint: new URL(parseKubeconfig(serving).endpoint).host, ...serverImage, timeoutMinutes: "10" };
      const config = Object.entries(plain).map(([key, value]) => [`metal3-modelplane:${key}`, value]);
      const at = { program: join(examples, "metal3-modelplane") };
      const stack = await environment.stack(Object.fromEntries(config), at);
      await stack.setSecret("metal3-modelplane:managementCluster", management);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const outputs = await stack.outputs();
      assert.equal(outputs["gatewayAddress"], "192.0.2.80");
      const hosts = (outputs["machines"] as { host: string }[]).map((machine) => machine.host);
      assert.deepEqual(hosts.sort(), ["control-02", "cpu-02", "gpu-02"]);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      const served = ["InferenceCluster", "InferenceClass"].map((kind) => ({
        apiVersion: "modelplane.ai/v1alpha1",
        kind,
      }));
      const others = bareMetalKinds.filter(({ kind }) => kind !== "BareMetalHost");
      const lists = [...others, ...served].map((kind) => api.list(kind));
      assert.deepEqual((await Promise.all(lists)).flat(), []);
      const states = (await api.list(host)).map(({ status }) => (status as { provisioning: object }).provisioning);
      assert.deepEqual(
        states,
        Array.from({ length: 3 }, () => ({ state: "available" })),
      );
    } finally {
      await modelplane.close();
    }
  });

  async function provideServers(labels: Record<string, Record<string, string>>): Promise<void> {
    const applied = (object: object) => api.apply(object as KubernetesObject, { fieldManager: "tests", force: true });
    const namespace = "metal3";
    await until("the namespace of the last servers is gone", async () => {
      const found = await api.read({ apiVersion: "v1", kind: "Namespace", name: namespace });
      return found?.metadata.deletionTimestamp === undefined;
    });
    const stringData = { username: "admin", password: "secret" };
    await applied({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await applied({ apiVersion: "v1", kind: "Secret", metadata: { name: "bmc", namespace }, stringData });
    for (const [name, own] of Object.entries(labels)) {
      const bmc = { address: `redfish://${name}`, credentialsName: "bmc" };
      await applied({ ...host, metadata: { name, namespace, labels: own }, spec: { online: true, bmc } });
    }
  }
});
