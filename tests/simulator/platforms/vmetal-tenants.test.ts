/** What a tenant's cluster waits for in the simulated vMetal, on a real API server which is the tenant's too. */
import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { machinesReturned, type MachinesReturnedInputs } from "../../../provider/kubernetes/handlers/machines-returned";
import { nodesReady, type NodesReadyInputs } from "../../../provider/kubernetes/handlers/nodes-ready";
import { objectReady } from "../../../provider/kubernetes/handlers/object-ready";
import { Vmetal, type VmetalOptions } from "../../../simulator/platforms/vmetal/controller";
import { testContext } from "../../provider/kubernetes/context";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { EngineResource, Secret, startPlugin } from "../../provider/server/harness";
import { until } from "../../until";

const platform = "management.loft.sh/v1";
const release = { apiVersion: "simulator.gpu-clusters.example/v1", kind: "PlayedRelease" };
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace: "metal3" };
const serverCalls = nodesReady({});

describe("a tenant of the simulated vMetal on a real API server", function () {
  this.timeout(240_000);
  let server: TestControlPlane;
  let api: KubernetesApi;
  let vmetal: Vmetal;
  let options: VmetalOptions;
  let claims: MachinesReturnedInputs;

  const applied = (object: object) => api.apply(object as KubernetesObject, { fieldManager: "tests", force: true });
  const stateOf = async (name: string) =>
    ((await api.read({ ...host, name })) as { status?: { provisioning?: { state?: string } } } | undefined)?.status
      ?.provisioning?.state;
  const isIn = (name: string, state: string) =>
    until(`${name} is ${state}`, async () => (await stateOf(name)) === state);
  const install = (quantity: number) => {
    const nodeLabels = { "gpu-clusters/node-group": "gpu" };
    const autoNodes = [{ provider: "metal3", static: [{ name: "gpu", quantity, nodeLabels }] }];
    const serviceAccount = { name: "gpu-clusters-admin", clusterRole: "cluster-admin" };
    const values = { privateNodes: { autoNodes }, exportKubeConfig: { serviceAccount } };
    const metadata = { name: "search", namespace: "tenants" };
    return applied({ ...release, metadata, spec: { chart: "vcluster", values } });
  };
  const uninstall = () => api.delete({ ...release, name: "search", namespace: "tenants" });
  const nodes = (minSize: number): NodesReadyInputs => ({
    kubeconfig: claims.kubeconfig,
    controlPlaneNodes: 0,
    nodeGroups: [{ name: "gpu", minSize }],
    claims,
    timeoutSeconds: 120,
  });
  const returned = (more: Partial<MachinesReturnedInputs> = {}, signal?: AbortSignal) =>
    machinesReturned.delete(
      "search",
      { inputs: { ...claims, ...more }, outputs: { status: "watched" } },
      testContext(signal && { signal }),
    );

  before(async () => {
    server = await controlPlane(["garbage-collector-controller", "serviceaccount-token-controller"]);
    const kubeconfig = await server.kubeconfig("system:masters");
    claims = { kubeconfig, clusterName: "search", project: "default", hostNamespace: "metal3", hint: "Look there." };
    api = kubernetesApi(kubeconfig);
    options = { kubeconfig, pollMs: 50, tenants: { search: kubeconfig } };
    vmetal = new Vmetal(options);
    await vmetal.start();
    for (const name of ["metal3", "tenants"])
      await applied({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const nodeClaim = { apiVersion: platform, kind: "NodeClaim" };
    for (const kind of [host, nodeClaim, { ...nodeClaim, kind: "NodeProvider" }, release])
      await until(kind.kind, () => api.list({ apiVersion: kind.apiVersion, kind: kind.kind }).catch(() => undefined));
    const secret = (name: string, namespace: string, stringData: object) =>
      applied({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData });
    await secret("vcluster-platform-api-key", "tenants", { accessKey: "k", host: "h", project: "default" });
    await secret("bmc", "metal3", { username: "admin", password: "secret" });
    const nodeTypes = [{ name: "h100", bareMetalHosts: { selector: { matchLabels: { gpu: "h100" } } } }];
    const spec = { metal3: { clusterRef: { cluster: "own", namespace: "metal3" }, nodeTypes } };
    await applied({ apiVersion: platform, kind: "NodeProvider", metadata: { name: "metal3" }, spec });
    for (const name of ["one", "two"]) {
      const { apiVersion, kind, namespace } = host;
      const metadata = { name, namespace, labels: { gpu: "h100" } };
      const bmc = { address: `redfish://${name}`, credentialsName: "bmc" };
      await applied({ apiVersion, kind, metadata, spec: { online: true, bmc } });
    }
    for (const name of ["one", "two"]) await isIn(name, "available");
  });
  after(async () => {
    await vmetal?.close();
    await server?.close();
  });
  afterEach(async () => {
    await vmetal.suffer({});
    await uninstall();
    await returned();
    for (const name of ["one", "two"]) await isIn(name, "available");
    delete options.names;
  });

  for (const names of ["consumerRef", "serverName", "nothing"] as const) {
    it(`has its machines told, and its servers awaited, where ${names} names them`, async () => {
      options.names = names;
      await machinesReturned.create(claims, testContext());
      await install(2);
      const { outputs } = await serverCalls.create(nodes(2), testContext());
      assert.deepEqual(
        outputs.machines?.map(({ name, phase, hostState }) => [name, phase, hostState]),
        ["search-gpu-0", "search-gpu-1"].map((name) => [
          name,
          "Available",
          names === "nothing" ? undefined : "provisioned",
        ]),
      );
      await uninstall();
      await returned();
      assert.deepEqual([await stateOf("one"), await stateOf("two")], ["available", "available"]);
    });
  }

  it("ends its wait for nodes at a machine in error, with its host's words, and leaves both as they are", async () => {
    await vmetal.suffer({ broken: ["one", "two"] });
    await install(1);
    const failure = await Promise.resolve(serverCalls.create(nodes(1), testContext())).then(
      () => assert.fail("it came"),
      (error: Error) => error.message,
    );
    assert.match(failure, /does not have its nodes: node group "gpu" .*A machine in error is not replaced/);
    assert.match(
      failure,
      /\n {2}machine search-gpu-0 has failed: Provisioned is False \(Image provisioning failed: metal3\/(one|two) did not boot\)/,
    );
    assert.match(failure, /\n {2}BareMetalHost metal3\/(one|two) is provisioning \(provisioning error: Image/);
    const plugin = await startPlugin(provider);
    try {
      const { kubeconfig, clusterName, project, hostNamespace } = claims;
      const place = { kubeconfig, clusterName, project, hostNamespace };
      const inputs = { ...nodes(1), kubeconfig: new Secret(kubeconfig), claims: place };
      const resource = new EngineResource(plugin, "gpu-clusters:kubernetes:NodesReady", "search");
      await assert.rejects(
        resource.up(inputs),
        /\n {2}machine search-gpu-0 has failed: .*metal3\/(one|two) did not boot/,
      );
      const checked = await resource.check(inputs);
      assert.ok(checked.inputs.secrets.has("claims.kubeconfig"), "however the program gives it");
    } finally {
      await plugin.stop();
    }
    const left = await api.list({ apiVersion: platform, kind: "NodeClaim" });
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ["search-gpu-0"],
    );
  });

  it("says what keeps machines from coming, a platform that does nothing too", async () => {
    const failure = async (minSize: number, more: Partial<NodesReadyInputs> = {}) =>
      Promise.resolve(serverCalls.create({ ...nodes(minSize), timeoutSeconds: 4, ...more }, testContext())).then(
        () => assert.fail("they came"),
        (error: Error) => error.message,
      );
    await vmetal.suffer({ gone: true });
    await install(3);
    assert.match(
      await failure(3),
      /did not have its nodes after 4 s.*\n {2}its platform has claimed no machine for it/s,
    );
    await vmetal.suffer({});
    await serverCalls.create(nodes(2), testContext());
    const third = await failure(3);
    assert.match(third, /\n {2}machine search-gpu-\d is Pending; Scheduled is False \(no free host of the type\)/);
    assert.match(third, /\n {2}machine search-gpu-\d is Available, host (one|two) provisioned/);
    const away = { claims: { ...claims, kubeconfig: claims.kubeconfig.replace(/:\d+\n/, ":1\n") } };
    assert.match(await failure(3, away), /\n {2}its machines cannot be read: /);
    const context = testContext();
    const { outputs } = await serverCalls.create({ ...nodes(2), ...away }, context);
    assert.deepEqual(outputs, { status: "ready", machines: [] }, "nodes that are there are enough");
    assert.match(context.said.join(), /warn: the machines cannot be read/);
  });

  it("has a machine that fails later told by a refresh, and one that cannot be asked for taken as it was", async () => {
    await install(1);
    const { outputs } = await serverCalls.create(nodes(1), testContext());
    await vmetal.suffer({ dead: ["one", "two"] });
    const context = testContext();
    const refreshed = () => serverCalls.read("search", { inputs: nodes(1), outputs }, context);
    await until("it has failed", async () => (await refreshed())?.outputs.machines?.[0]?.phase === "Failed");
    assert.match(
      context.said.join(),
      /warn: machines are in error, and nobody replaces them:\n {2}machine search-gpu-0/,
    );
    const away = { ...nodes(1), claims: { ...claims, kubeconfig: claims.kubeconfig.replace(/:\d+\n/, ":1\n") } };
    const blind = testContext();
    const kept = await serverCalls.read("search", { inputs: away, outputs }, blind);
    assert.deepEqual(kept?.outputs, outputs);
    assert.match(blind.said.join(), /warn: the machines cannot be read, so that they are taken to be as they were/);
  });

  it("says of servers that do not come back why, and waits on when it is told to again", async () => {
    await install(1);
    await serverCalls.create(nodes(1), testContext());
    await vmetal.suffer({ dead: ["one", "two"] });
    await uninstall();
    await assert.rejects(
      returned({ timeoutSeconds: 3 }),
      /servers of "search" were not free after 3 s, in the cluster at .*\n {2}.*BareMetalHost metal3\/\w+ is .*does not answer.*\nLook there\.\nThe cluster itself is gone; run the same again/s,
    );
    const interrupt = new AbortController();
    const waiting = returned({}, interrupt.signal);
    interrupt.abort(new Error("interrupted"));
    await assert.rejects(Promise.resolve(waiting), /interrupted/);
    await vmetal.suffer({});
    await returned();
  });

  it("is not begun where the platform does not answer, or is not there", async () => {
    const away = { ...claims, kubeconfig: claims.kubeconfig.replace(/:\d+\n/, ":1\n") };
    await assert.rejects(
      Promise.resolve(machinesReturned.create(away, testContext({ timeoutMs: 1_000 }))),
      /NodeClaims and Metal3's BareMetalHosts in metal3 cannot be read in the cluster at https:\/\/127\.0\.0\.1:1: .*nothing of "search" was made yet/s,
    );
  });

  it("says of a platform that is away at the end what to do, and forgets it where it is told to", async () => {
    const away = { kubeconfig: claims.kubeconfig.replace(/:\d+\n/, ":1\n"), timeoutSeconds: 1 };
    await assert.rejects(
      returned(away),
      /vCluster Platform cannot be asked: its API server at https:\/\/127\.0\.0\.1:1 has not answered .*What "search" has there stays; `pulumi destroy` goes on once it answers/s,
    );
    process.env.PULUMI_K8S_DELETE_UNREACHABLE = "true";
    try {
      await returned(away);
    } finally {
      delete process.env.PULUMI_K8S_DELETE_UNREACHABLE;
    }
  });

  it("keeps its host from being deleted", async () => {
    await install(2);
    await serverCalls.create(nodes(2), testContext());
    const inputs = {
      kubeconfig: claims.kubeconfig,
      ...host,
      name: "one",
      conditions: [],
      deletes: true,
      inUse: { "status.provisioning.state": ["provisioning", "provisioned"] },
    };
    await assert.rejects(
      Promise.resolve(objectReady.delete("one", { inputs, outputs: {} as never }, testContext())),
      /BareMetalHost metal3\/one is in use \(status\.provisioning\.state is provisioned\), so that it is not deleted/,
    );
    assert.equal((await api.read({ ...host, name: "one" }))?.metadata.deletionTimestamp, undefined);
  });
});
