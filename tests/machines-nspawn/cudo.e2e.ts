/** A cluster on simulated Cudo whose machines really boot, from `pulumi up` to `pulumi destroy`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import type { KubernetesApi, KubernetesObject } from "../../sdk/kubernetes/api";
import { kubernetesApi } from "../../sdk/kubernetes/client";
import { runOverSsh } from "../../sdk/cloud/ssh";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { SimulatorClient } from "../../simulator/client";
import { EngineEnvironment } from "../engine/environment";
import { oneLife } from "../engine/one-life";
import type { EngineStack } from "../engine/stack";
import { readyStatus, until } from "../machines/test-cluster";
import { bootMs, remains } from "./cluster";
import { advertiseGpus } from "./gpu-device-plugin";
import { kubectlFor, proveGpus, proveWorkload, type Kubectl } from "./workload";
import { withExpiringCertificate } from "./expiring-certificate";
import { readableSecrets, secretsOf } from "./secrets";

const shape = {
  role: "worker",
  minSize: 1,
  maxSize: 2,
  vcpus: 4,
  memoryGib: 16,
  bootDiskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" };
const nodeGroups = [
  { ...shape, id: "workers", labels: { tier: "general" } },
  { ...shape, id: "gpu", vcpus: 8, memoryGib: 32, gpus: 1, gpuModel: "V100", taints: [gpuTaint] },
];
const [control, worker, gpu] = ["life-control-plane", "life-workers-0", "life-gpu-0"] as const;

describe("a Cudo cluster on machines that boot", function () {
  this.timeout(bootMs);
  oneLife();

  const keys = utils.generateKeyPairSync("ed25519");
  let directory: string;
  let machinesDirectory: string;
  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let stack: EngineStack;
  let api: KubernetesApi;
  let kubectl: Kubectl;

  const node = (name: string) => api.read({ apiVersion: "v1", kind: "Node", name });
  const isReady = (name: string) =>
    until(`node ${name} is Ready`, async () => readyStatus(await node(name)) === "True", bootMs);

  async function addressOf(name: string): Promise<string> {
    return (await client.state()).machines.find((machine) => machine.name === name)!.address;
  }

  async function onMachine(name: string, command: string, input?: string, privateKey = keys.private) {
    const target = { host: await addressOf(name), user: "root", privateKey };
    return runOverSsh(target, command, { signal: AbortSignal.timeout(60_000), input });
  }

  async function connect(): Promise<void> {
    const kubeconfig = (await stack.outputs())["kubeconfig"] as string;
    api = kubernetesApi(kubeconfig);
    kubectl = await kubectlFor(kubeconfig, directory);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    directory = mkdtempSync(join(tmpdir(), "nspawn-cudo-"));
    const image = await ensureMachineImage();
    const machines = (dir: string) => nspawnMachines({ dir: (machinesDirectory = dir), image });
    environment = await EngineEnvironment.start({ machines });
    client = new SimulatorClient(environment.simulator.url);
    stack = await environment.stack({
      "pulumi-gpu-clusters:cloud": "cudo",
      "pulumi-gpu-clusters:clusterName": "life",
      "pulumi-gpu-clusters:cni": "none", // The machines' image has one.
      "pulumi-gpu-clusters:controlPlaneSize": "sm",
      "pulumi-gpu-clusters:sshPublicKey": keys.public,
      "pulumi-gpu-clusters:nodeGroups": nodeGroups,
    });
  });

  after(async function () {
    this.timeout(bootMs);
    await environment.stop();
    assert.deepEqual(remains(machinesDirectory), []);
    rmSync(directory, { recursive: true, force: true });
  });

  it("is made by `pulumi up`: nodes with their labels, taints and provider ids", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    await connect();
    await Promise.all([control, worker, gpu].map(isReady));
    const [first, second] = (await Promise.all([worker, gpu].map(node))) as (KubernetesObject & {
      spec: { providerID: string; taints?: object[] };
    })[];
    assert.equal(first!.metadata.labels?.["tier"], "general");
    assert.equal(first!.metadata.labels?.["gpu-clusters/node-group"], "workers");
    assert.equal(first!.spec.providerID, `cudo://simulator/${worker}`);
    assert.equal(second!.spec.providerID, `cudo://simulator/${gpu}`);
    assert.deepEqual(second!.spec.taints, [gpuTaint]);
  });

  it("runs pods that find each other on both workers, and gives the GPUs of a device plugin to the one that asks", async () => {
    const plugin = await advertiseGpus(join(machinesDirectory, `cudo~simulator~${gpu}`), 1);
    try {
      await Promise.all([proveWorkload(kubectl, [worker, gpu]), proveGpus(kubectl, gpu, 1)]);
    } finally {
      plugin.stop();
    }
  });

  it("lets the user's key in over SSH, and no other", async () => {
    for (const name of [control, worker])
      assert.equal((await onMachine(name, "hostname; id -u")).stdout, `${name}\n0\n`);
    const stranger = utils.generateKeyPairSync("ed25519").private;
    await assert.rejects(onMachine(worker, "true", "", stranger), /authentication methods failed/);
  });

  it("keeps its secrets where no other user of a machine finds them, nor of the cloud", async () => {
    const secrets = secretsOf(await stack.state(true));
    assert.ok(secrets.length >= 5);
    for (const name of [control, worker]) {
      const search = await onMachine(name, readableSecrets, secrets.join("\n"));
      assert.equal(search.stdout, "searched\n", `${name}: ${search.stdout}${search.stderr}`);
    }
    // The search finds what there is to find.
    await onMachine(worker, "umask 022; cat >/tmp/found", secrets[0]);
    assert.equal((await onMachine(worker, readableSecrets, secrets.join("\n"))).stdout, "/tmp/found\nsearched\n");
    await onMachine(worker, "rm /tmp/found");
    const { baseUrl, apiKey, projectId } = environment.simulator.cudo;
    const headers = { authorization: `Bearer ${apiKey}` };
    const vms = await (await fetch(`${baseUrl}/v1/projects/${projectId}/vms`, { headers })).text();
    const told = vms + JSON.stringify(await client.state()) + JSON.stringify(await client.requests());
    assert.deepEqual(
      secrets.filter((secret) => told.includes(secret)),
      [],
    );
  });

  it("reaches no address but its own network's", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const reaches = async (address: string, each: number) =>
      (await onMachine(worker, `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${each}'`)).status === 0;
    try {
      const own = Object.values(networkInterfaces()).flatMap((each = []) => each);
      const outside = own.filter(({ family, internal }) => family === "IPv4" && !internal);
      for (const address of ["127.0.0.1", "10.77.0.255", "192.0.2.1", ...outside.map((each) => each.address)])
        assert.equal(await reaches(address, port), false, address);
      assert.equal(await reaches(await addressOf(control), 6443), true, "its own control plane it does reach");
    } finally {
      server.close();
    }
  });

  it("is not harmed by its start script, run twice more and at the same time", async () => {
    const kubelet = async () => (await onMachine(worker, "systemctl show -p MainPID -p NRestarts kubelet")).stdout;
    const [uid, before] = [(await node(worker))?.metadata.uid, await kubelet()];
    const runs = await Promise.all([1, 2].map(() => onMachine(worker, "/etc/simulator/start-script")));
    for (const { status, stdout } of runs) {
      assert.equal(status, 0);
      assert.match(stdout, /already a node/);
    }
    assert.deepEqual([(await node(worker))?.metadata.uid, await kubelet()], [uid, before]);
  });

  it("gets back a worker that was lost, and a certificate that was about to expire, by the next `up`", async () => {
    const [uid, kubeconfig] = [(await node(worker))?.metadata.uid, (await stack.outputs())["kubeconfig"]];
    const { baseUrl, apiKey, projectId } = environment.simulator.cudo;
    await fetch(`${baseUrl}/v1/projects/${projectId}/vms/${worker}/terminate`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    await until("the VM is gone", async () => !(await client.state()).cudo.vms.some(({ id }) => id === worker), bootMs);
    await stack.replaceState(await withExpiringCertificate(await stack.state(true)));
    const up = await stack.up("--refresh");
    assert.ok(up.ok, up.text);
    await connect();
    assert.notEqual((await stack.outputs())["kubeconfig"], kubeconfig);
    await until(
      "a new node is Ready",
      async () => {
        const found = await node(worker);
        return found?.metadata.uid !== uid && readyStatus(found) === "True";
      },
      bootMs,
    );
    assert.deepEqual(await stack.preview(), []);
  });

  it("leaves nothing behind", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { cudo, machines } = await client.state();
    assert.deepEqual([cudo.vms, cudo.disks, machines], [[], [], []]);
    assert.deepEqual(remains(machinesDirectory), []);
  });
});
