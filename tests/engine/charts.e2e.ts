/**
 * What runs in clusters by charts, with Pulumi's own Kubernetes provider and a real API server: `npm run test:e2e -- tests/engine/charts.e2e.ts`. Charts
 * come from a repository on loopback; `GPU_CLUSTERS_CHARTS` names a folder with publishers' own, which it then has in the place of ours.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { chartsOfOurs } from "../../simulator/services/charts";
import { runCommand } from "../../toolchain/tools/command";
import { chartRepository, type ChartRepository } from "../charts/chart-repository";
import { fakeServer, type FakeServer } from "../provider/cudo/fake-server";
import { keycloakStandIn, type KeycloakStandIn } from "../provider/keycloak/keycloak-stand-in";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

const published = process.env.GPU_CLUSTERS_CHARTS;

/** By what is asked for: the Helm releases that it makes, as `<namespace>/<name>`. */
const addOns: Record<string, readonly string[]> = {
  "gpu-operator": ["gpu-operator/gpu-operator"],
  dra: ["dra-driver-nvidia-gpu/dra-driver-nvidia-gpu", "gpu-operator/gpu-operator"],
  amd: ["kube-amd-gpu/amd-gpu-operator"],
  efs: ["kube-system/aws-efs-csi-driver"],
  nfs: ["kube-system/csi-driver-nfs"],
  kuberay: [],
  jupyterhub: ["jupyterhub/jupyterhub"],
  slurm: ["slinky/slurm-operator", "slinky/slurm-operator-crds", "slurm/slurm"],
  vmetal: ["search/search"],
};

function volumes(): object[] {
  const homes = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "homes" } };
  const volume = (name: string) => ({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteOnce"],
      hostPath: { path: "/volumes" },
      storageClassName: "homes",
    },
  });
  // None is used twice.
  const names = Array.from({ length: 8 }, (_, index) => `home-${index + 1}`);
  return [{ ...homes, provisioner: "kubernetes.io/no-provisioner" }, ...names.map(volume)];
}

/** The hub's own volume, as the publisher's chart has it. Ours has none: in most clusters that it is shown in nothing makes any. */
const claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: hub-db-dir, namespace: {{ .Release.Namespace }} }
spec:
  accessModes: {{ .Values.hub.db.pvc.accessModes | toJson }}
  storageClassName: {{ .Values.hub.db.pvc.storageClassName }}
  resources: { requests: { storage: 1Gi } }
`;
const withClaim = chartsOfOurs.map((chart) =>
  chart.name === "jupyterhub" ? { ...chart, files: { ...chart.files, "templates/claim.yaml": claim } } : chart,
);

/** Clusters make these for themselves as they go on. */
const passing =
  /^(events|events\.events\.k8s\.io|leases\.coordination|endpoint|nodes|csinodes|pods|controllerrevisions)/;

describe("what runs in clusters by charts, with Pulumi's own provider", function () {
  this.timeout(1_200_000);
  let environment: EngineEnvironment;
  let charts: ChartRepository;
  let keycloak: KeycloakStandIn;
  let deployer: FakeServer;
  let request: EngineStack;
  let addOn: string;
  let folder: string;
  let kubeconfig = "";
  const programs: string[] = [];

  const kubectl = async (...args: string[]) => {
    const { stdout } = await runCommand(
      environment.tools.kubectl,
      ["--kubeconfig", join(folder, "kubeconfig"), ...args],
      {},
    );
    return stdout;
  };

  /** Helm's records of its releases. */
  async function releases(): Promise<string[]> {
    const place = "{range .items[*]}{.metadata.namespace}/{.metadata.labels.name} {end}";
    const found = await kubectl("get", "secrets", "-A", "-l", "owner=helm,status=deployed", "-o", `jsonpath=${place}`);
    return found.trim().split(" ").filter(Boolean).sort();
  }

  /** Everything that is in the cluster. Helm leaves definitions; those of KubeRay are not Helm's. */
  async function contents(name: string): Promise<string[]> {
    const kinds = (await kubectl("api-resources", "--verbs=list", "-o", "name")).trim().split("\n");
    const lasting = kinds.filter(
      (kind) => !passing.test(kind) && (name === "kuberay" || !kind.startsWith("customresourcedefinitions")),
    );
    return (await kubectl("get", lasting.join(","), "-A", "-o", "name", "--ignore-not-found"))
      .trim()
      .split("\n")
      .sort();
  }

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true, realKubernetes: true });
    charts = await chartRepository(withClaim, published);
    keycloak = await keycloakStandIn();
    deployer = await fakeServer(() => ({ json: { message: "deploying" } }));
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-charts-test-"));
    for (const program of ["request", "add-on"])
      programs.push(await compiledProgram(join(__dirname, "programs", program)));
    addOn = programs[1]!;
    request = await environment.stack(
      {
        "gpu-clusters:keycloak": { baseUrl: keycloak.baseUrl, ...keycloak.admin },
        "gpu-clusters:kubernetes": { chartRepository: charts.url },
      },
      { name: "request", program: programs[0], environment: { DEPLOYER: deployer.url }, timeoutMs: 900_000 },
    );
  });
  after(async () => {
    await environment?.stop();
    await deployer?.close();
    await keycloak?.close();
    await charts?.close();
    for (const program of [...programs, folder]) if (program) rmSync(program, { recursive: true, force: true });
  });

  it("makes the cluster of a create-cluster request whole, its network by Cilium's release, and tells the deployer", async () => {
    const up = await request.up();
    assert.ok(up.ok, up.text);
    const outputs = await request.outputs();
    assert.equal(outputs.status, "ready");
    kubeconfig = outputs.kubeconfig as string;
    writeFileSync(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
    // Nothing makes volumes here.
    writeFileSync(join(folder, "volumes.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: volumes() }));
    await kubectl("apply", "-f", join(folder, "volumes.json"));
    // The cluster that a tenant's control plane would be.
    await kubectl("create", "secret", "generic", "tenant", "--from-file", `config=${join(folder, "kubeconfig")}`);
    assert.deepEqual(await releases(), ["kube-system/cilium"]);
    assert.equal(deployer.requests.filter(({ url }) => url === "/deploy").length, 1);
    assert.deepEqual(await request.preview(), []);
  });

  for (const [name, expected] of Object.entries(addOns)) {
    it(`installs ${name}, changes nothing then, and leaves nothing`, async function () {
      // Of Slurm's own charts all that runs is made by an operator, and vCluster is a pod, which no machine here can pull.
      const needsImages = ["slurm", "vmetal"].includes(name);
      if (kubeconfig === "" || (needsImages && published !== undefined)) this.skip();
      const before = await contents(name);
      const stack = await environment.stack(addOnConfig(name), { name, program: addOn, timeoutMs: 900_000 });
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      assert.deepEqual(await releases(), [...expected, "kube-system/cilium"].sort());
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await contents(name), before);
    });
  }

  it("fails with the chart's name where its repository fails, leaves nothing half made, and goes on once it is back", async function () {
    if (kubeconfig === "") this.skip();
    const before = await contents("jupyterhub");
    const stack = await environment.stack(addOnConfig("jupyterhub"), { name: "faults", program: addOn });
    try {
      for (const of of ["index", "archive"] as const)
        for (const kind of ["away", "error", "half"] as const) {
          charts.fault = { of, kind };
          const up = await stack.up();
          assert.equal(up.ok, false, `${of} ${kind}`);
          assert.match(up.text, /jupyterhub/, `${of} ${kind}`);
          assert.ok(!(await releases()).includes("jupyterhub/jupyterhub"), `${of} ${kind}`);
        }
    } finally {
      charts.fault = undefined;
    }
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await stack.preview(), []);
    assert.ok((await stack.destroy()).ok);
    assert.deepEqual(await contents("jupyterhub"), before);
  });

  it("puts the next homes into another class, and leaves the hub's own volume in its first", async function () {
    if (kubeconfig === "") this.skip();
    const before = await contents("jupyterhub");
    const options = { name: "moved", program: addOn, timeoutMs: 900_000 };
    const stack = await environment.stack(addOnConfig("jupyterhub"), options);
    const made = await stack.up();
    assert.ok(made.ok, made.text);
    const other = { ...addOnConfig("jupyterhub"), "add-on:storageClass": "shared" };
    stack.configure({ ...environment.providerConfig, ...other });
    const changed = (await stack.preview()).map(({ urn }) => urn.split("::").at(-1));
    assert.deepEqual(changed.sort(), ["hub", "hub-release"]);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const place = ["get", "pvc", "hub-db-dir", "-n", "jupyterhub", "-o", "jsonpath={.spec.storageClassName}"];
    assert.equal(await kubectl(...place), "homes");
    assert.deepEqual(await stack.preview(), []);
    assert.ok((await stack.destroy()).ok);
    assert.deepEqual(await contents("jupyterhub"), before);
  });

  it("refuses values that a chart does not know, and names them", async function () {
    if (kubeconfig === "") this.skip();
    const stack = await environment.stack(
      { ...addOnConfig("jupyterhub"), "add-on:wrong": true },
      { name: "wrong", program: addOn },
    );
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /nonsense/);
    assert.ok((await stack.destroy()).ok);
  });

  it("destroys the cluster with what is in it", async () => {
    const destroyed = await request.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { vms, networks, securityGroups } = (await new SimulatorClient(environment.simulator.url).state()).cudo;
    assert.deepEqual([vms, networks, securityGroups], [[], [], []]);
  });

  function addOnConfig(name: string): Record<string, unknown> {
    return {
      "gpu-clusters:kubernetes": { chartRepository: charts.url },
      "add-on:addOn": name,
      "add-on:kubeconfig": kubeconfig,
    };
  }
});
