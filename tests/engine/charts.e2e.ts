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
import { RoleStandIn, standInToken } from "../provider/vault/role-stand-in";
import { clusterContents } from "./cluster-contents";
import { compiledProgram } from "./compiled-program";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import { shownIn } from "./secret-texts";
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
  "two-jupyterhubs": ["jupyterhub/jupyterhub", "students/jupyterhub"],
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

describe("what runs in clusters by charts, with Pulumi's own provider", function () {
  this.timeout(3_600_000);
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

  /** Helm leaves the definitions of its charts; those of KubeRay are not Helm's. */
  const contents = (name: string) =>
    clusterContents(environment.tools.kubectl, join(folder, "kubeconfig"), name === "kuberay");

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

describe("a Cudo cluster with encrypted disks and shared storage, with Pulumi's own provider", function () {
  this.timeout(3_600_000);
  oneLife();
  let environment: EngineEnvironment;
  let charts: ChartRepository;
  let vault: RoleStandIn;
  let stack: EngineStack;
  let folder: string;
  const files = "gpu-clusters/simulator.safe-files";
  const workers = { ...cudoGroup, maxSize: 2 };

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true, realKubernetes: true });
    [charts, vault] = await Promise.all([chartRepository(chartsOfOurs, published), RoleStandIn.start()]);
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-encrypted-charts-test-"));
    const settings = {
      cloud: "cudo",
      clusterName: "safe",
      cni: "none",
      controlPlane: { size: "sm" },
      vault: vault.place,
      sharedStorage: { sizeGib: 20, protect: false },
      nodeGroups: [workers],
    };
    const keyed = Object.entries(settings).map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]);
    const kubernetes = { "gpu-clusters:kubernetes": { chartRepository: charts.url } };
    stack = await environment.stack(
      { ...kubernetes, ...(Object.fromEntries(keyed) as object) },
      { environment: { VAULT_TOKEN: standInToken }, timeoutMs: 900_000 },
    );
  });
  after(async () => {
    await environment?.stop();
    await vault?.close();
    await charts?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const cudo = async () => (await new SimulatorClient(environment.simulator.url).state()).cudo;
  const kubectl = async (...args: string[]) => {
    const kubeconfig = ["--kubeconfig", join(folder, "kubeconfig")];
    return (await runCommand(environment.tools.kubectl, [...kubeconfig, ...args], {})).stdout.trim();
  };

  it("is whole: each machine has a role of its own, and volumes are made on the file server by the driver's release", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const { status, kubeconfig, sharedStorageClass } = await stack.outputs();
    assert.deepEqual([status, sharedStorageClass], ["ready", "shared"]);
    writeFileSync(join(folder, "kubeconfig"), kubeconfig as string, { mode: 0o600 });
    const names = ["safe-control-plane", "safe-files", "safe.nodes", "safe.nodes.safe-workers-0"];
    assert.deepEqual(
      [...vault.roles.keys()].sort(),
      names.map((name) => `gpu-clusters/simulator.${name}`),
    );
    const server = (await cudo()).vms.find(({ id }) => id === "safe-files")!;
    const driver = ["get", "secrets", "-n", "kube-system", "-l", "owner=helm,status=deployed"];
    assert.equal(await kubectl(...driver, "-o", "jsonpath={.items[*].metadata.labels.name}"), "csi-driver-nfs");
    const place = await kubectl("get", "storageclass", "shared", "-o", "jsonpath={.parameters.server}");
    assert.ok(JSON.stringify(server).includes(`"${place}"`), place);
    // The autoscaler's own secret is in its Secret, as a secret; machines' are nowhere.
    const [own] = vault.roles.get("gpu-clusters/simulator.safe.nodes")!.secretIds;
    const others = vault.given.filter((secret) => secret !== own);
    assert.deepEqual(shownIn({ state: await stack.state(true) }, [standInToken, ...others]), []);
  });

  it("changes nothing then, after a refresh neither", async () => {
    assert.deepEqual(await stack.preview(), []);
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    assert.deepEqual(await stack.preview(), []);
  });

  it("leaves nothing in Vault or at Cudo, keys of machines and of the disk neither", async () => {
    // Light machines write none.
    for (const key of [files, `${files}/disks/safe-files`]) vault.writeKey(key);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { vms, disks, networks, securityGroups } = await cudo();
    assert.deepEqual([vault.left(), vms, disks, networks, securityGroups], [[], [], [], [], []]);
  });
});
