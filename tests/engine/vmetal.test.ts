import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { Vmetal } from "../../simulator/platforms/vmetal/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

const examples = join(__dirname, "..", "..", "examples");
const platform = "management.loft.sh/v1";
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" };
const claim = { apiVersion: platform, kind: "NodeClaim" };

describe("vMetal on the engine", function () {
  this.timeout(1_200_000);
  const servers: TestControlPlane[] = [];
  let management: string;
  let tenant: string;
  let api: KubernetesApi;
  let tenantApi: KubernetesApi;
  let vmetal: Vmetal;
  let environment: EngineEnvironment;

  before(async () => {
    servers.push(await controlPlane(["garbage-collector-controller", "namespace-controller"]));
    servers.push(await controlPlane(["serviceaccount-token-controller"]));
    [management, tenant] = (await Promise.all(servers.map((server) => server.kubeconfig("system:masters")))) as [
      string,
      string,
    ];
    [api, tenantApi] = [kubernetesApi(management), kubernetesApi(tenant)];
    vmetal = new Vmetal({ kubeconfig: management, pollMs: 100, tenants: { search: tenant } });
    await vmetal.start();
    for (const kind of [host, claim, { ...claim, kind: "OSImage" }, { ...claim, kind: "NodeProvider" }])
      await until(() => api.list(kind).catch(() => undefined), kind.kind);
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await vmetal?.close();
    for (const server of servers) await server.close();
  });
  afterEach(() => {
    vmetal.troubles = {};
  });

  /** What the platform, Metal3 and the tenant have: those of our objects that outlive nothing. */
  const left = async () => {
    const kinds = [host, claim, { ...claim, kind: "NodeProvider" }, { ...claim, kind: "OSImage" }];
    const found = await Promise.all([
      ...kinds.map((kind) => api.list(kind)),
      api.list({ apiVersion: "v1", kind: "Namespace" }),
      api.list({ apiVersion: "v1", kind: "Secret" }),
      tenantApi.list({ apiVersion: "v1", kind: "Node" }),
    ]);
    const own = found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    return own.filter((name) => !/^Namespace (kube-|default|p-default)/.test(name));
  };

  it("servers and a tenant on them: nothing changes then, no secret is shown, and all is given back", async () => {
    const { endpoint } = parseKubeconfig(tenant);
    const config = {
      "vmetal-tenant:endpoint": new URL(endpoint).host,
      "vmetal-tenant:imageUrl": "https://images.example.com/ubuntu-24.04.qcow2",
      "vmetal-tenant:imageChecksum": "a".repeat(64),
      "vmetal-tenant:timeoutMinutes": "5",
    };
    const stack = await environment.stack(config, { program: join(examples, "vmetal-tenant") });
    const secrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", accessKey: "ACCESS-KEY-ACCESS-KEY" };
    for (const [key, value] of Object.entries({ ...secrets, managementCluster: management }))
      await stack.setSecret(`vmetal-tenant:${key}`, value);
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
    for (const secret of [...Object.values(secrets), credentials.token])
      for (const [where, text] of Object.entries(texts))
        for (const form of [secret, Buffer.from(secret).toString("base64")])
          assert.ok(!text.includes(form), `${secret.slice(0, 10)} stands in plain text in what was ${where}`);

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await left(), []);
  });
});
