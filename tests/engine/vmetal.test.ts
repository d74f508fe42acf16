import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { Modelplane } from "../../simulator/platforms/modelplane/controller";
import type { Vmetal } from "../../simulator/platforms/vmetal/controller";
import { releases } from "../../simulator/platforms/vmetal/kinds";
import { areBroughtBack, comeBack } from "./by-hand";
import { holdsBack, loudDestroy, loudRuns } from "./loud-runs";
import { claim, host, platform, startVmetal, tenantSecrets, type VmetalScene } from "./vmetal";

const examples = join(__dirname, "..", "..", "examples");

describe("vMetal on the engine", function () {
  this.timeout(1_200_000);
  let scene: VmetalScene;
  let api: KubernetesApi;
  let vmetal: Vmetal;

  before(async () => {
    scene = await startVmetal();
    ({ api, vmetal } = scene);
  });
  after(() => scene?.stop());
  afterEach(async () => {
    await vmetal.suffer({});
  });

  it("servers and a tenant on them: nothing changes then, no secret is shown, and all is given back", async () => {
    const { endpoint } = parseKubeconfig(scene.tenant);
    const stack = await scene.tenantStack({ timeoutMinutes: "5" });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    const machines = outputs["machines"] as { name: string; phase: string; host: string; hostState: string }[];
    assert.deepEqual(
      machines.map(({ name, phase, hostState }) => [name, phase, hostState]),
      ["search-gpu-0", "search-gpu-1"].map((name) => [name, "Available", "provisioned"]),
    );
    assert.deepEqual(machines.map((each) => each.host).sort(), ["gpu-01", "gpu-02"]);
    const { credentials, endpoint: given } = parseKubeconfig(outputs["kubeconfig"] as string);
    assert.ok(credentials.kind === "token" && given === endpoint);
    const nodes = await kubernetesApi(outputs["kubeconfig"] as string).list({ apiVersion: "v1", kind: "Node" });
    assert.deepEqual(
      nodes.map(({ metadata }) => metadata.labels?.["gpu-clusters/node-group"]),
      ["gpu", "gpu"],
    );
    assert.deepEqual(await stack.preview(), []);
    const texts = { printed: up.text, events: up.events, state: await stack.state() };
    for (const secret of [...Object.values(tenantSecrets), credentials.token])
      for (const [where, text] of Object.entries(texts))
        for (const form of [secret, Buffer.from(secret).toString("base64")])
          assert.ok(!text.includes(form), `${secret.slice(0, 10)} stands in plain text in what was ${where}`);
    const imageUrl = { "metal3.vcluster.com/image-url": "https://images.example.com/of-others.qcow2" };
    await areBroughtBack(stack, api, [
      { apiVersion: platform, kind: "OSImage", metadata: { name: "ubuntu-24" }, spec: { properties: imageUrl } },
      { apiVersion: platform, kind: "NodeProvider", metadata: { name: "metal3" }, spec: { metal3: { nodeTypes: [] } } },
      { ...host, metadata: { name: "gpu-01", namespace: "metal3", labels: { gpu: "none" } } },
    ]);
    await comeBack(stack, api, [
      { apiVersion: platform, kind: "OSImage", name: "ubuntu-24" },
      { apiVersion: platform, kind: "NodeProvider", name: "metal3" },
      { apiVersion: "v1", kind: "Secret", namespace: "search", name: "vcluster-platform-api-key" },
      { ...releases, namespace: "search", name: "search" },
    ]);
    await holdsBack(stack, [...loudRuns, loudDestroy], [...Object.values(tenantSecrets), credentials.token]);
    assert.deepEqual(await scene.left(), []);
  });

  it("a machine in error ends `up` with its host's words, a platform that is gone a destroy, and both go on", async () => {
    const stack = await scene.tenantStack({ timeoutMinutes: "1", nodes: "1" });
    await vmetal.suffer({ broken: ["gpu-01", "gpu-02"] });
    const broken = await stack.up();
    assert.ok(!broken.ok);
    assert.match(
      broken.text,
      /A machine in error is not replaced.*machine search-gpu-0 has failed: .*BareMetalHost metal3\/gpu-0[12] is provisioning/s,
    );
    const claimed = await api.list(claim);
    await vmetal.suffer({});
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(
      (await api.list(claim)).map(({ metadata }) => metadata.uid),
      claimed.map(({ metadata }) => metadata.uid),
      "the same machine",
    );
    assert.deepEqual(await stack.preview(), []);
    const isFree = ({ status }: KubernetesObject) =>
      (status as { provisioning?: { state?: string } }).provisioning?.state === "available";
    const { name } = (await api.list(host)).find(isFree)!.metadata;
    await comeBack(stack, api, [{ ...host, namespace: "metal3", name: name! }]);

    await vmetal.suffer({ gone: true });
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const stuck = await stack.destroy();
    assert.ok(!stuck.ok);
    assert.match(
      stuck.text,
      /servers of "search" were not free after 60 s.*machine search-gpu-0 is still claimed\s+BareMetalHost metal3\/gpu-0[12] is provisioned/s,
    );
    assert.equal((await api.list(host)).length, 2, "the servers are still there");
    await vmetal.suffer({});
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await scene.left(), []);
  });

  it("a tenant that Modelplane serves models on, on servers that are there", async () => {
    const modelplane = new Modelplane({ kubeconfig: scene.management, pollMs: 100 });
    await modelplane.start();
    try {
      await provideServers({ h100: "gpu-01", cpu: "cpu-01" });
      const config = { "vmetal-modelplane:endpoint": new URL(parseKubeconfig(scene.tenant).endpoint).host };
      const stack = await scene.environment.stack(config, { program: join(examples, "vmetal-modelplane") });
      for (const [key, value] of Object.entries({
        accessKey: tenantSecrets.accessKey,
        managementCluster: scene.management,
      }))
        await stack.setSecret(`vmetal-modelplane:${key}`, value);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const outputs = await stack.outputs();
      assert.equal(outputs["gatewayAddress"], "192.0.2.80");
      const hosts = (outputs["machines"] as { host: string }[]).map((machine) => machine.host);
      assert.deepEqual(hosts, ["gpu-01", "cpu-01"]);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      const kinds = ["InferenceCluster", "InferenceClass"];
      const lists = kinds.map((kind) => api.list({ apiVersion: "modelplane.ai/v1alpha1", kind }));
      assert.deepEqual((await Promise.all(lists)).flat(), []);
      assert.deepEqual(await api.list(claim), []);
      const states = (await api.list(host)).map(({ status }) => (status as { provisioning: object }).provisioning);
      assert.deepEqual(states, [{ state: "available" }, { state: "available" }]);
    } finally {
      await modelplane.close();
    }
  });

  /** By type. */
  async function provideServers(servers: Record<string, string>): Promise<void> {
    const applied = (object: object) => api.apply(object as KubernetesObject, { fieldManager: "tests", force: true });
    const namespace = "metal3";
    const stringData = { username: "admin", password: "secret" };
    await applied({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await applied({ apiVersion: "v1", kind: "Secret", metadata: { name: "bmc", namespace }, stringData });
    const nodeTypes = Object.keys(servers).map((type) => ({
      name: type,
      bareMetalHosts: { selector: { matchLabels: { type } } },
    }));
    const spec = { metal3: { clusterRef: { cluster: "own", namespace }, nodeTypes } };
    await applied({ apiVersion: platform, kind: "NodeProvider", metadata: { name: "metal3" }, spec });
    for (const [type, name] of Object.entries(servers)) {
      const bmc = { address: `redfish://${name}`, credentialsName: "bmc" };
      await applied({ ...host, metadata: { name, namespace, labels: { type } }, spec: { online: true, bmc } });
    }
  }
});
