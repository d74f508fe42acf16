/**
 * Slinky's own operator with what its chart makes of our Slurm's values, in a cluster whose groups are autoscaled: `npm run test:e2e --
 * tests/engine/slurm.e2e.ts`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slurmValues } from "../../components/addons/slurm/values";
import type { NodeGroupStatus } from "../../components/cluster";
import { SimulatorClient } from "../../simulator/client";
import { runCommand } from "../../toolchain/tools/command";
import { slurmObjects } from "../slurm/objects";
import { SlurmOperator } from "../slurm/operator";
import { slurmRestApi, type SlurmRestApi } from "../slurm/rest-api";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const place = { role: "worker", diskSizeGib: 50, dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" };
const workers = { ...place, name: "workers", minSize: 1, maxSize: 1, vcpus: 4, memoryGib: 16 };
const taint = { key: "team", value: "vision", effect: "NoSchedule" };
const gpus = {
  ...place,
  name: "gpu",
  minSize: 1,
  maxSize: 4,
  vcpus: 8,
  memoryGib: 32,
  gpus: 2,
  gpuModel: "V100",
  taints: [taint],
};
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
  spec: {
    nodeName?: string;
    hostname: string;
    containers: { name: string; args: string[]; resources: { limits?: Record<string, string> } }[];
  };
  status: { phase: string };
}

/** A volume for the controller's state: nothing makes any here. */
const volumes = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "disks" },
      provisioner: "kubernetes.io/no-provisioner",
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "state" },
      spec: {
        capacity: { storage: "10Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "disks",
        hostPath: { path: "/volumes" },
      },
    },
  ],
};

/** Takes one of a node's two GPUs. */
const training = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "train" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "train" } },
    template: {
      metadata: { labels: { app: "train" } },
      spec: {
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "main", image: "example.test/train", resources: { limits: { "nvidia.com/gpu": 1 } } }],
      },
    },
  },
};

describe("Slinky's own operator with our Slurm in a cluster", function () {
  // The first run compiles it.
  this.timeout(3_600_000);
  oneLife();
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-slurm-"));
  const kubeconfig = join(folder, "kubeconfig");
  let environment: EngineEnvironment;
  let stack: EngineStack;
  let operator: SlurmOperator | undefined;
  let slurm: SlurmRestApi | undefined;

  const configOf = (...nodeGroups: object[]) => ({
    "pulumi-gpu-clusters:cloud": "cudo",
    "pulumi-gpu-clusters:noVault": true,
    "pulumi-gpu-clusters:clusterName": "lab",
    "pulumi-gpu-clusters:cni": "none",
    "pulumi-gpu-clusters:controlPlane": { size: "sm" },
    "pulumi-gpu-clusters:scaleDownAfter": "5s",
    "pulumi-gpu-clusters:nodeGroups": nodeGroups,
  });

  async function kubectl(args: string[], input?: object): Promise<string> {
    const { stdout } = await runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, ...args], {
      ...(input && { input: JSON.stringify(input) }),
    });
    return stdout;
  }
  const listed = async <T>(...args: string[]) =>
    (JSON.parse(await kubectl(["get", ...args, "-o", "json"])) as { items: T[] }).items;
  /** Pods of a group's set of Slurm's nodes, that are not on their way out. */
  const nodesOf = async (group: string) => {
    const label = `app.kubernetes.io/name=slurmd,app.kubernetes.io/instance=slurm-worker-${group}`;
    const pods = await listed<Pod>("pods", "-n", "slurm", "-l", label);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  const run = async (group: string, count: number) => {
    const pods = await nodesOf(group);
    return pods.length === count && pods.every(({ status }) => status.phase === "Running") && pods;
  };
  const scale = (group: string, replicas: number) =>
    kubectl(["-n", "slurm", "scale", `nodeset/slurm-worker-${group}`, `--replicas=${replicas}`]);
  const machines = async (group: string) => {
    const { cudo } = await new SimulatorClient(environment.simulator.url).state();
    return cudo.vms.filter(({ id }) => id.includes(`-${group}-`)).length;
  };
  /** As our Slurm has it installed, for the groups that the cluster says it has. */
  const install = async () => {
    const values = slurmValues({
      clusterName: "lab",
      storageClass: "disks",
      isShared: false,
      blockClass: undefined,
      hasHomes: false,
      facts: undefined,
      accounting: undefined,
      groups: (await stack.outputs())["nodeGroups"] as NodeGroupStatus[],
      login: { sshAuthorizedKeys: [publicKey], serviceType: "ClusterIP" },
    });
    const items = slurmObjects(values);
    await kubectl(["apply", "--server-side", "--validate=strict", "-f", "-"], {
      apiVersion: "v1",
      kind: "List",
      items,
    });
  };

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    stack = await environment.stack(configOf(workers, gpus), { timeoutMs: 900_000 });
  });
  after(async () => {
    await operator?.close();
    await slurm?.close();
    await environment?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("admits what the chart makes of our values, and has Slurm's nodes on machines of their groups", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const text = (await stack.outputs())["kubeconfig"] as string;
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    slurm = await slurmRestApi(async () => {
      const pods = await listed<Pod>("pods", "-n", "slurm", "-l", "app.kubernetes.io/name=slurmd");
      return pods.filter(({ spec }) => spec.nodeName !== undefined).map(({ spec }) => spec.hostname);
    });
    operator = await SlurmOperator.start(text, slurm.proxy);
    await kubectl(["apply", "-f", "-"], volumes);
    await kubectl(["create", "namespace", "slurm"]);
    await install();

    const [gpu] = await until("a node with GPUs", () => run("gpu", 1));
    const { containers, nodeName, hostname } = gpu!.spec;
    const daemon = containers.find(({ name }) => name === "slurmd")!;
    assert.deepEqual(daemon.resources.limits, { "nvidia.com/gpu": "2" });
    assert.match(daemon.args.join(" "), /--conf 'Features=gpu Gres=gpu:2'/);
    assert.equal(hostname, "gpu-0");
    const label = "jsonpath={.metadata.labels.gpu-clusters/node-group}";
    assert.equal(await kubectl(["get", "node", nodeName!, "-o", label]), "gpu");
    await until("one on the other group", () => run("workers", 1));
    const running = async (name: string) => {
      const found = await listed<Pod>("pods", "-n", "slurm", "-l", `app.kubernetes.io/name=${name}`);
      return found.length === 1 && found[0]!.status.phase === "Running";
    };
    for (const name of ["slurmctld", "slurmrestd", "login"]) await until(name, () => running(name));
    const service = ["get", "service", "slurm-login-login", "-n", "slurm", "-o", "jsonpath={.spec.type}"];
    assert.equal(await kubectl(service), "ClusterIP");
    const place = ["get", "configmap", "slurm-config", "-n", "slurm", "-o", "jsonpath={.data.slurm\\.conf}"];
    const conf = await kubectl(place);
    assert.match(conf, /ClusterName=lab\n/);
    for (const name of ["gpu", "workers"]) assert.match(conf, new RegExp(`PartitionName=${name} Nodes=${name}`));
    assert.match(conf, /PartitionName=all Nodes=ALL Default=YES/);
  });

  it("refuses another name of the cluster, as our Slurm does at the preview", async () => {
    const other = ["--type=merge", "-p", JSON.stringify({ spec: { clusterName: "other" } })];
    await assert.rejects(
      kubectl(["patch", "controllers.slinky.slurm.net", "slurm", "-n", "slurm", ...other]),
      /cannot change ClusterName after deployment/,
    );
  });

  it("leaves a machine that came for another pod to it, and brings no more than that", async () => {
    await kubectl(["apply", "-f", "-"], training);
    await until("the pod runs", async () => (await kubectl(["get", "pods", "-l", "app=train"])).includes("Running"));
    assert.equal((await nodesOf("gpu")).length, 1);
    assert.equal(await machines("gpu"), 2);
    await kubectl(["delete", "deployment", "train"]);
    await until("the machine is gone", async () => (await machines("gpu")) === 1);
  });

  it("brings machines for more of Slurm's nodes, and takes them once Slurm has left them", async () => {
    await scale("gpu", 3);
    const pods = await until("three nodes", () => run("gpu", 3));
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3, "each on a machine of its own");
    slurm!.busy.add("gpu-2");
    await scale("gpu", 1);
    await until("it is drained", () => slurm!.drained().includes("gpu-2"));
    await until("the idle one is gone", async () => (await nodesOf("gpu")).length === 2);
    assert.ok(
      (await nodesOf("gpu")).some(({ spec }) => spec.hostname === "gpu-2"),
      "a job runs there",
    );
    slurm!.busy.delete("gpu-2");
    await until("one is left", () => run("gpu", 1));
    await until("their machines are gone", async () => (await machines("gpu")) === 1);
  });

  it("follows a group that grows and one that comes", async () => {
    const config = configOf({ ...workers, minSize: 2, maxSize: 2 }, gpus, { ...gpus, name: "batch", gpus: 1 });
    stack.configure({ ...environment.providerConfig, ...config });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    await install();
    const [pod] = await until("a node on the new group", () => run("batch", 1));
    const { resources } = pod!.spec.containers.find(({ name }) => name === "slurmd")!;
    assert.deepEqual(resources.limits, { "nvidia.com/gpu": "1" });
    await until("two on the larger one", () => run("workers", 2));
  });

  it("goes whole, and the cluster with it", async () => {
    const kinds = ["loginsets", "nodesets", "restapis", "controllers"].map((kind) => `${kind}.slinky.slurm.net`);
    for (const kind of kinds) await kubectl(["delete", kind, "--all", "-n", "slurm", "--timeout=120s"]);
    await until("nothing runs", async () => (await listed("pods", "-n", "slurm")).length === 0);
    await kubectl(["delete", "namespace", "slurm", "--timeout=120s"]);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { cudo, machines: running } = await environment.simulator.state();
    assert.deepEqual([cudo.vms, running], [[], []]);
  });
});
