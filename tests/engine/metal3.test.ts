import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { ClusterApi } from "../../simulator/platforms/metal3/cluster-api";
import { clusterApiDefinitions } from "../../simulator/platforms/metal3/cluster-api-definitions";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

const program = join(__dirname, "..", "..", "examples", "metal3-cluster");

describe("Cluster API and Metal3 on the engine", function () {
  this.timeout(1_200_000);
  const servers: TestControlPlane[] = [];
  let management: string;
  let workload: string;
  let api: KubernetesApi;
  let clusterApi: ClusterApi;
  let environment: EngineEnvironment;

  const kinds = (clusterApiDefinitions as { spec: { group: string; names: { kind: string } } }[]).map(({ spec }) => ({
    apiVersion: `${spec.group}/${spec.group === "metal3.io" ? "v1alpha1" : "v1beta2"}`,
    kind: spec.names.kind,
  }));

  before(async () => {
    const controllers = ["garbage-collector-controller", "namespace-controller"];
    servers.push(await controlPlane(controllers), await controlPlane(controllers));
    [management, workload] = (await Promise.all(servers.map((server) => server.kubeconfig("system:masters")))) as [
      string,
      string,
    ];
    api = kubernetesApi(management);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    clusterApi = new ClusterApi({ kubeconfig: management, pollMs: 100, clusters: { search: workload } });
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
      imageUrl: "https://images.example.com/ubuntu-24.04.qcow2",
      imageChecksum: "a".repeat(64),
      timeoutMinutes: "10",
    };
    const config = Object.fromEntries(Object.entries(plain).map(([key, value]) => [`metal3-cluster:${key}`, value]));
    const stack = await environment.stack(config, { program });
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

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await left(), []);
    assert.deepEqual(await kubernetesApi(workload).list({ apiVersion: "v1", kind: "Node" }), []);
  });
});
