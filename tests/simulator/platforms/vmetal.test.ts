/** The simulated vMetal, and what we wait for in it, on a real API server. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../../components/cluster";
import { BareMetalInventory } from "../../../components/vmetal";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { objectReady, type ObjectReadyInputs } from "../../../provider/kubernetes/handlers/object-ready";
import { Vmetal } from "../../../simulator/platforms/vmetal/controller";
import { mockProgram, plain, settled, valueOf } from "../../components/mocks";
import { testContext } from "../../provider/kubernetes/context";
import { controlPlane, type TestControlPlane } from "../../provider/kubernetes/control-plane";
import { until } from "../../until";

const platform = "management.loft.sh/v1";
const namespace = "metal3";
const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace };
const claim = { apiVersion: platform, kind: "NodeClaim", namespace };

describe("the simulated vMetal on a real API server", function () {
  this.timeout(240_000);
  let server: TestControlPlane;
  let kubeconfig: string;
  let api: KubernetesApi;
  let vmetal: Vmetal;

  const applied = (object: object) => api.apply(object as KubernetesObject, { fieldManager: "tests", force: true });
  const stateOf = async (name: string) =>
    ((await api.read({ ...host, name })) as { status?: { provisioning?: { state?: string } } } | undefined)?.status
      ?.provisioning?.state;
  const claimed = async (name: string) =>
    ((await api.read({ ...claim, name })) as { status?: { phase?: string; message?: string } } | undefined)?.status;
  const hostInputs = (name: string, more: Partial<ObjectReadyInputs> = {}): ObjectReadyInputs => ({
    kubeconfig,
    ...host,
    name,
    conditions: [],
    deletes: true,
    timeoutSeconds: 60,
    expected: { "status.provisioning.state": ["available"] },
    told: ["status.errorType", "status.errorMessage"],
    fields: { state: "status.provisioning.state" },
    ...more,
  });
  const gone = (name: string, more: Partial<ObjectReadyInputs> = {}) =>
    objectReady.delete(name, { inputs: hostInputs(name, more), outputs: {} as never }, testContext());
  const madeHost = async (name: string, data: object = { username: "admin", password: "secret" }) => {
    const { apiVersion, kind } = host;
    const credentials = { name: `${name}-bmc`, namespace };
    await applied({ apiVersion: "v1", kind: "Secret", metadata: credentials, type: "Opaque", stringData: data });
    await applied({
      apiVersion,
      kind,
      metadata: { name, namespace, labels: { gpu: "h100" } },
      spec: { online: true, bmc: { address: `redfish://${name}`, credentialsName: credentials.name } },
    });
  };
  const madeClaim = (name: string) =>
    applied({
      apiVersion: platform,
      kind: "NodeClaim",
      metadata: { name, namespace },
      spec: { providerRef: "metal3", typeRef: "h100", vClusterRef: "search" },
    });

  before(async () => {
    server = await controlPlane(["garbage-collector-controller"]);
    kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    vmetal = new Vmetal({ kubeconfig, pollMs: 50 });
    await vmetal.start();
    await applied({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const type = { name: "h100", bareMetalHosts: { selector: { matchLabels: { gpu: "h100" } } } };
    const spec = { metal3: { clusterRef: { cluster: "own", namespace }, nodeTypes: [type] } };
    const provider = { apiVersion: platform, kind: "NodeProvider", metadata: { name: "metal3" }, spec };
    for (const kind of [host, claim, { ...claim, kind: "OSImage" }, provider])
      await until(kind.kind, () => api.list({ apiVersion: kind.apiVersion, kind: kind.kind }).catch(() => undefined));
    await applied(provider);
  });
  after(async () => {
    await vmetal?.close();
    await server?.close();
  });
  afterEach(async () => {
    await vmetal.suffer({});
  });

  it("admits what BareMetalInventory makes, and no field that nobody knows", async () => {
    const ready = { values: { state: "available" }, status: "ready", uid: "u" };
    const all = await mockProgram({ "gpu-clusters:kubernetes:ObjectReady": () => ready });
    const cluster = { clusterName: pulumi.output("own"), status: pulumi.output("ready") } as KubernetesCluster;
    const checksum = "a".repeat(64);
    const bmc = { address: "redfish://10.0.0.1", username: "a", password: "b", disableCertificateVerification: true };
    const labels = { gpu: "l4" };
    const inventory = new BareMetalInventory("other", {
      cluster,
      connectedCluster: "own",
      namespace,
      deploy: { metal3: true, dhcp: true },
      osImages: [{ name: "ubuntu", url: "https://images.example.com/a.qcow2", checksum, checksumType: "sha256" }],
      nodeTypes: [{ name: "l4", hostLabels: labels, osImage: "ubuntu", resources: { cpu: "64" } }],
      hosts: [
        {
          name: "l4-01",
          bmc,
          labels,
          bootMacAddress: "aa:bb:cc:dd:ee:01",
          bootMode: "UEFI",
          rootDeviceHints: { minSizeGigabytes: 400, rotational: false },
        },
      ],
    });
    await valueOf(inventory.hosts);
    await settled();
    await vmetal.suffer({ gone: true });
    const made = all.resources.filter(({ type }) => /management\.loft\.sh|metal3\.io/.test(type));
    const objects = made.map(({ inputs }) => plain(inputs) as KubernetesObject & { spec: object });
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ["OSImage", "NodeProvider", "BareMetalHost"],
    );
    for (const object of objects) {
      const spec = { ...object.spec, nonsense: 1 };
      await assert.rejects(applied({ ...object, spec }), /nonsense: field not declared in schema/);
      const { metadata } = await applied(object);
      await api.delete({ ...object, name: metadata.name!, ...(metadata.namespace && { namespace }) });
    }
  });

  it("has the provider available, and inspects a host before it is", async () => {
    const ready = { kubeconfig, apiVersion: platform, kind: "NodeProvider", name: "metal3" };
    const conditions = [{ type: "Initialized" }, { type: "Deployed" }];
    await objectReady.create({ ...ready, conditions, expected: { "status.phase": ["Available"] } }, testContext());
    await madeHost("free");
    const { outputs } = await objectReady.create(hostInputs("free"), testContext());
    assert.deepEqual([outputs.values, outputs.status], [{ state: "available" }, "ready"]);
    await gone("free");
    assert.equal(await api.read({ ...host, name: "free" }), undefined);
  });

  it("keeps a BMC's credentials, which stay until their host is gone, and go then", async () => {
    await madeHost("kept");
    await until("it is free", async () => (await stateOf("kept")) === "available");
    const credentials = { apiVersion: "v1", kind: "Secret", namespace, name: "kept-bmc" };
    const { metadata } = (await api.read(credentials))!;
    assert.deepEqual(metadata["finalizers"], ["baremetalhost.metal3.io/secret"]);
    await gone("kept");
    await until("they go along", async () => (await api.read(credentials)) === undefined);
  });

  it("says of a host why it is not, with the BMC's words", async () => {
    await madeHost("locked", { username: "admin" });
    await assert.rejects(
      objectReady.create(hostInputs("locked", { timeoutSeconds: 3 }), testContext()),
      /status\.errorType: registration error\n {2}status\.errorMessage: BMC credentials in metal3\/locked-bmc are incomplete/,
    );
    await madeHost("locked");
    await objectReady.create(hostInputs("locked"), testContext());
    await vmetal.suffer({ dead: ["locked"] });
    await assert.rejects(
      gone("locked", { timeoutSeconds: 3 }),
      /it waits for .*baremetalhost\.metal3\.io.*\n {2}status\.errorType: .*\n {2}status\.errorMessage: .*does not answer/s,
    );
    await vmetal.suffer({});
    await gone("locked");
  });

  it("gives a claim a host of its type, takes it back, and has it available again", async () => {
    await madeHost("one");
    await madeClaim("search-1");
    await madeClaim("search-2");
    const phase = (name: string, wanted: string) =>
      until(`${name} is ${wanted}`, async () => (await claimed(name))?.phase === wanted);
    const [first, second] = await until("one of them has the host", async () => {
      const available = await Promise.all(["search-1", "search-2"].map(claimed));
      if (available[0]?.phase === "Available") return ["search-1", "search-2"] as const;
      return available[1]?.phase === "Available" ? (["search-2", "search-1"] as const) : undefined;
    });
    await phase(second, "Pending");
    assert.match((await claimed(second))?.message ?? "", /no free host of the type/);
    await api.delete({ ...claim, name: second });
    await api.delete({ ...claim, name: first });
    await until("the claim is gone", async () => (await api.read({ ...claim, name: first })) === undefined);
    await until("the host is free", async () => (await stateOf("one")) === "available");
    await gone("one");
  });

  it("fails a claim whose host fails, with the host's words, and gives it no other", async () => {
    await vmetal.suffer({ broken: ["weak"] });
    await madeHost("weak");
    await objectReady.create(hostInputs("weak"), testContext());
    await madeClaim("train-1");
    await until("the claim has failed", async () => (await claimed("train-1"))?.phase === "Failed");
    assert.match((await claimed("train-1"))?.message ?? "", /Image provisioning failed: metal3\/weak did not boot/);
    await madeHost("strong");
    await objectReady.create(hostInputs("strong"), testContext());
    assert.equal((await claimed("train-1"))?.phase, "Failed");
    await api.delete({ ...claim, name: "train-1" });
    await until("the claim is gone", async () => (await api.read({ ...claim, name: "train-1" })) === undefined);
    await gone("weak");
    await gone("strong");
  });
});
