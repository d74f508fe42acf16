/** Every kind of object that a registration writes, admitted by a real API server with strict validation: no field that it would drop without a word. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../components/cluster";
import { ComputeCluster } from "../../components/michelangelo";
import { InferenceClass, InferenceCluster, type InferenceClusterArgs } from "../../components/modelplane";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { clusterObject, credentialObjects } from "../../provider/michelangelo/cluster-object";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { michelangeloKind, michelangeloNamespace } from "../../simulator/platforms/michelangelo/control-plane";
import { modelplaneDefinitions } from "../../simulator/platforms/modelplane/definitions";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { mockProgram, plain, settled, valueOf, type Registered } from "./mocks";

const base64 = (text: string) => Buffer.from(text).toString("base64");

class Provider extends pulumi.ProviderResource {
  constructor(name: string) {
    super("kubernetes", name, {});
  }
}

function clusterOf(name: string): KubernetesCluster {
  const endpoint = `https://${name}.example:6443`;
  const credentials = { clientCertificate: "ADMIN", clientKey: "KEY" };
  return {
    clusterName: pulumi.output(name),
    endpoint: pulumi.output(endpoint),
    kubeconfig: pulumi.secret(
      renderKubeconfig({ clusterName: name, endpoint, certificateAuthority: "CA", credentials }),
    ),
    kubeProvider: new Provider(`to-${name}`),
    nodeGroups: pulumi.output([]),
    status: pulumi.output("ready"),
  } as unknown as KubernetesCluster;
}

const outputs = {
  "kubernetes:core/v1:Secret": ({ inputs }: { inputs: Record<string, unknown> }) =>
    inputs["type"] === "Opaque" ? {} : { data: { token: base64("TOKEN"), "ca.crt": base64("CA") } },
  "gpu-clusters:kubernetes:ObjectReady": () => ({ values: { gatewayAddress: "192.0.2.9" }, status: "ready", uid: "u" }),
  "gpu-clusters:michelangelo:Registration": () => ({ host: "https://192.0.2.7", port: "6443", status: "ready" }),
};

/** Without its uid, which the mocks do not make, and with what Pulumi's own provider leaves out. */
function objectsOf(registered: Registered): KubernetesObject[] {
  return registered.resources
    .filter(({ type }) => /^kubernetes:.*\//.test(type))
    .map(({ inputs }) => plain(inputs) as KubernetesObject);
}

const gpus = { model: "H100", count: 8 };
const pools: Record<string, Partial<InferenceClusterArgs["nodePools"][number]>> = {
  eks: { zones: ["us-west-2a"], capacityBlock: { capacityReservationId: "cr-0ab1" }, fabric: { type: "EFA" } },
  gke: { zones: ["us-west-2-a"] },
  aks: {},
  nebius: { fabric: { type: "InfiniBand", infiniband: { fabric: "fabric-6" } } },
  vultr: {},
};
const machines = {
  eks: { instanceType: "p5.48xlarge", diskSizeGb: 500 },
  gke: { machineType: "a3-highgpu-8g", diskSizeGb: 500 },
  aks: { vmSize: "Standard_ND96isr_H100_v5", diskSizeGb: 500 },
  nebius: { platform: "gpu-h100-sxm", preset: "8gpu-128vcpu-1600gb", driversPreset: "cuda13.0" },
  vultr: { plan: "vbm-256c-2048gb-8-h100-gpu" },
};
const region = "us-west-2";
const credentials = { type: "ClusterProviderConfig", name: "default" } as const;
const sources = {
  eks: { region, kubernetesVersion: "1.36", credentials },
  gke: { region, kubernetesVersion: "1.35", credentials },
  aks: { location: "westeurope", kubernetesVersion: "1.34", credentials },
  nebius: { kubernetesVersion: "1.34", credentials },
  vultr: { region: "ewr", kubernetesVersion: "v1.36.1+3", credentials },
};

describe("what registrations write, on a real API server", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-manifests-"));
  let server: TestControlPlane;
  let api: KubernetesApi;
  let kubectl: string;
  before(async () => {
    server = await controlPlane();
    const kubeconfig = await server.kubeconfig("system:masters");
    api = kubernetesApi(kubeconfig);
    await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
    const modelplane = { apiVersion: "v1", kind: "Namespace", metadata: { name: "modelplane-system" } };
    for (const object of [
      ...(modelplaneDefinitions as KubernetesObject[]),
      michelangeloKind,
      michelangeloNamespace,
      modelplane,
    ])
      await api.apply(object, { fieldManager: "tests" });
    for (const group of ["modelplane.ai/v1alpha1", "michelangelo.api/v2"])
      await until(`${group} is served`, async () => (await api.text(`/apis/${group}`).catch(() => "")) !== "");
    writeFileSync(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
    kubectl = (await ensureTools(["kubectl"])).kubectl;
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the API server says against them; nothing is kept. Kinds by number that it was asked about. */
  async function refusals(objects: KubernetesObject[]): Promise<{ said: string; kinds: string[] }> {
    const file = join(folder, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }), { mode: 0o600 });
    const flags = ["--kubeconfig", join(folder, "kubeconfig"), "--cache-dir", join(folder, "cache")];
    const command = ["create", "--dry-run=server", "--validate=strict", "-f", file];
    const { stderr, exitCode } = await runCommand(kubectl, [...flags, ...command], { reject: false });
    return { said: exitCode === 0 ? "" : stderr, kinds: [...new Set(objects.map(({ kind }) => kind))].sort() };
  }

  it("is refused with a field too many, so that the rest of this proves something", async () => {
    const device = { name: "gpu", driver: "gpu.nvidia.com", deviceClassName: "gpu.nvidia.com" };
    const object = { apiVersion: "modelplane.ai/v1alpha1", kind: "InferenceClass", metadata: { name: "x" } };
    assert.match((await refusals([{ ...object, spec: { devices: [{ ...device, size: 1 }] } }])).said, /unknown field/);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, strings: {} };
    assert.match((await refusals([secret])).said, /unknown field "strings"/);
  });

  it("is right where Modelplane gets a cluster that exists, by a token and by a cloud's account", async () => {
    const registered = await mockProgram(outputs);
    const more = {
      controlPlane: clusterOf("control"),
      nodePools: [{ name: "gpu", gpus, nodeCount: 2, minNodeCount: 1, maxNodeCount: 4 }],
      labels: { "example.com/tier": "gold" },
      taints: [{ key: "dedicated", value: "x", effect: "NoSchedule" as const }],
    };
    const byToken = { cluster: clusterOf("one"), cacheStorageClass: "shared" };
    const byAccount = { cluster: clusterOf("two"), identity: { credentials: "{}" } };
    const made = [
      new InferenceCluster("one", { ...more, existing: byToken }),
      new InferenceCluster("two", { ...more, existing: byAccount }),
    ];
    for (const each of made) await valueOf(each.gatewayAddress);
    await settled();
    assert.deepEqual(await refusals(objectsOf(registered)), {
      said: "",
      kinds: ["ClusterRoleBinding", "InferenceClass", "InferenceCluster", "Secret", "ServiceAccount"],
    });
  });

  for (const [source, block] of Object.entries(sources))
    it(`is right where Modelplane makes a cluster: ${source}`, async () => {
      const registered = await mockProgram(outputs);
      const controlPlane = clusterOf("control");
      const provisioning = { [source]: machines[source as keyof typeof machines] };
      const derived = new InferenceClass("h100", { controlPlane, gpus, provisioning, description: "eight of them" });
      const pool = { name: "gpu", class: derived, minNodeCount: 1, maxNodeCount: 2, ...pools[source] };
      const made = new InferenceCluster("made", { controlPlane, [source]: block, nodePools: [pool] });
      await valueOf(made.gatewayAddress);
      await settled();
      assert.deepEqual(await refusals(objectsOf(registered)), {
        said: "",
        kinds: ["InferenceClass", "InferenceCluster"],
      });
    });

  it("is right of devices that somebody describes himself", async () => {
    const registered = await mockProgram(outputs);
    const attributes = { a: { string: "x" }, b: { version: "1.0.0" }, c: { bool: true }, d: { int: 3 } };
    const device = { driver: "gpu.example.com", count: 2, attributes, capacity: { memory: "16Gi" } };
    const devices = [
      { ...device, name: "one", deviceClassName: "gpu.example.com" },
      { ...device, name: "two", claim: "Synthetic" as const },
    ];
    const made = new InferenceClass("own", { controlPlane: clusterOf("control"), devices });
    await valueOf(made.className);
    await settled();
    assert.deepEqual(await refusals(objectsOf(registered)), { said: "", kinds: ["InferenceClass"] });
  });

  it("is right where Michelangelo gets a cluster, on both sides", async () => {
    const registered = await mockProgram(outputs);
    const keys = { accessKeyId: "AKID", secretAccessKey: "KEY" };
    const made = new ComputeCluster("train", {
      cluster: clusterOf("train"),
      controlPlane: clusterOf("michelangelo"),
      storage: { fileSystem: "s3://default", endpoint: "http://minio.example:9000", credentials: keys },
      kubeRay: false,
    });
    await valueOf(made.status);
    await settled();
    const inputs = { kubeconfig: "", controlPlaneKubeconfig: "", clusterName: "train", region: "us", zone: "a" };
    const skus = [{ cpus: 192, memoryGib: 2048, diskSizeGib: 30_000, gpus: 8, gpuModel: "H100" }];
    const address = { host: "https://192.0.2.7", port: "6443" };
    const choices = { dataCenter: "onPremises", serviceLevel: "production", skus } as const;
    const byPlugin = [
      clusterObject({ ...inputs, ...choices, skus: [...skus] }, address, "owner"),
      ...credentialObjects("train", { token: "TOKEN", authority: "CA" }, "ray-manager-token"),
    ];
    assert.deepEqual(await refusals([...objectsOf(registered), ...byPlugin]), {
      said: "",
      kinds: ["Cluster", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Secret", "ServiceAccount"],
    });
  });
});
