import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { ClusterApi } from "../../simulator/platforms/metal3/cluster-api";
import { clusterApiDefinitions } from "../../simulator/platforms/metal3/cluster-api-definitions";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { wayTo } from "../provider/michelangelo/scene";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { forgottenWhole } from "./gone-for-good";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";

const examples = join(__dirname, "..", "..", "examples");
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" };
const image = { imageUrl: "https://images.example.com/ubuntu-24.04.qcow2", imageChecksum: "a".repeat(64) };

describe("Cluster API and Metal3 on the engine", function () {
  this.timeout(1_200_000);
  const servers: TestControlPlane[] = [];
  let management: string;
  let workload: string;
  /** Another: what was in the first stays there, as in a machine that is given back. */
  let serving: string;
  let api: KubernetesApi;
  let clusterApi: ClusterApi;
  let environment: EngineEnvironment;

  const kinds = (clusterApiDefinitions as { spec: { group: string; names: { kind: string } } }[]).map(({ spec }) => ({
    apiVersion: `${spec.group}/${spec.group === "metal3.io" ? "v1alpha1" : "v1beta2"}`,
    kind: spec.names.kind,
  }));

  before(async () => {
    const controllers = ["garbage-collector-controller", "namespace-controller"];
    servers.push(await controlPlane(controllers));
    for (let cluster = 0; cluster < 2; cluster++)
      servers.push(await controlPlane([...controllers, "serviceaccount-token-controller"]));
    const kubeconfigs = await Promise.all(servers.map((server) => server.kubeconfig("system:masters")));
    [management, workload, serving] = kubeconfigs as [string, string, string];
    api = kubernetesApi(management);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    clusterApi = new ClusterApi({
      kubeconfig: management,
      pollMs: 100,
      clusters: { search: workload, serve: serving },
    });
    await clusterApi.start();
    for (const kind of kinds) await until(kind.kind, () => api.list(kind).catch(() => undefined));
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await clusterApi?.close();
    for (const server of servers) await server.close();
  });

  /** Of our objects in the management cluster. */
  const left = async () => {
    const places = [...kinds, { apiVersion: "v1", kind: "Secret" }, { apiVersion: "v1", kind: "Namespace" }];
    const found = (await Promise.all(places.map((kind) => api.list(kind)))).flat();
    return found
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      .filter((name) => !/^Namespace (kube-|default)/.test(name));
  };

  it("servers and a cluster on them: an error is told, nothing changes then, no secret is shown, and all is given back", async () => {
    const plain = {
      endpoint: new URL(parseKubeconfig(workload).endpoint).host,
      ...image,
      timeoutMinutes: "10",
    };
    const config = Object.fromEntries(Object.entries(plain).map(([key, value]) => [`metal3-cluster:${key}`, value]));
    const stack = await environment.stack(config, { program: join(examples, "metal3-cluster") });
    const secrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", managementCluster: management };
    for (const [key, value] of Object.entries(secrets)) await stack.setSecret(`metal3-cluster:${key}`, value);

    await clusterApi.suffer({ broken: ["gpu-01"] });
    const broken = await stack.up();
    assert.ok(!broken.ok);
    assert.match(
      broken.text,
      /A machine in error is not replaced.*machine search-gpu-0 has failed: .*BareMetalHost metal3\/gpu-01 is provisioning \(provisioning error/s,
    );
    await clusterApi.suffer({});
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
    await holdsBack(stack, [...loudRuns, loudDestroy], [secrets.bmcPassword, credentials.clientKey]);
    assert.deepEqual(await left(), []);
    assert.deepEqual(await kubernetesApi(workload).list({ apiVersion: "v1", kind: "Node" }), []);
  });

  it("says at each operation what a management cluster that is away means, goes on once it answers, and forgets one that is gone for good", async () => {
    const way = await wayTo(management);
    try {
      const config = (more: object = {}) =>
        Object.fromEntries(
          Object.entries({
            endpoint: new URL(parseKubeconfig(workload).endpoint).host,
            ...image,
            timeoutMinutes: "10",
            ...more,
          }).map(([key, value]) => [`metal3-cluster:${key}`, value]),
        );
      const stack = await environment.stack(config(), {
        program: join(examples, "metal3-cluster"),
        timeoutMs: 600_000,
      });
      const secrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", managementCluster: way.kubeconfig };
      for (const [key, value] of Object.entries(secrets)) await stack.setSecret(`metal3-cluster:${key}`, value);
      way.close();
      const early = await stack.up();
      assert.ok(!early.ok);
      assert.match(early.text, /the API server at \S+ was not ready after 120 s; .*Look whether `kubectl --context/s);
      assert.deepEqual(await left(), []);
      await way.open();
      const up = await stack.up();
      assert.ok(up.ok, up.text);

      way.close();
      const refreshed = await stack.refresh();
      assert.match(refreshed.text, /BareMetalHost metal3\/gpu-01 cannot be read, so that it is taken to be as it was/);
      assert.match(refreshed.text, /the machines cannot be read, so that they are taken to be as they were/);
      stack.configure({ ...environment.providerConfig, ...config({ imageChecksum: "b".repeat(64) }) });
      const late = await stack.up();
      assert.ok(!late.ok);
      assert.match(late.text, /cluster is unreachable: https:/);
      const held = await stack.destroy();
      assert.ok(!held.ok);
      assert.match(
        held.text,
        /Cluster metal3\/search cannot be asked: .*for two minutes: .*What is there stays; `pulumi destroy` goes on once it answers/s,
      );
      await forgottenWhole(stack);
      await way.open();
      const again = await stack.up();
      assert.ok(again.ok, again.text);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await left(), []);
    } finally {
      way.close();
    }
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
      const plain = { endpoint: new URL(parseKubeconfig(serving).endpoint).host, ...image, timeoutMinutes: "10" };
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
      const others = kinds.filter(({ kind }) => kind !== "BareMetalHost");
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
