/** A cluster on simulated Cudo whose machines really boot, from `pulumi up` to `pulumi destroy`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { runOverSsh } from "../../provider/cloud/ssh";
import { SimulatorClient } from "../../simulator/client";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { oneLife } from "../engine/one-life";
import { readyStatus } from "../simulator/machines/test-cluster";
import { until } from "../until";
import { BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";
import { withExpiringCertificate } from "./expiring-certificate";
import { readableSecrets, secretsOf } from "./secrets";
import { proveEncryption } from "./stored-secret";
import { proveGpus, proveWorkload } from "./workload";

const shape = {
  role: "worker",
  minSize: 1,
  maxSize: 2,
  vcpus: 4,
  memoryGib: 16,
  diskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" };
const workers = { ...shape, name: "workers", labels: { tier: "general" } };
const withGpus = { ...shape, name: "gpu", vcpus: 8, memoryGib: 32, gpus: 1, gpuModel: "V100", taints: [gpuTaint] };
const [control, worker, gpu] = ["life-control-plane", "life-workers-0", "life-gpu-0"] as const;
const late = "life-workers-1";

describe("a Cudo cluster on machines that boot", function () {
  this.timeout(bootMs);
  oneLife();

  const keys = newSshKeyPair();
  let cluster: BootingStack;
  let client: SimulatorClient;

  async function machineOf(name: string) {
    return (await cluster.machines()).find((machine) => machine.name === name)!;
  }

  async function onMachine(name: string, command: string, input?: string, privateKey = keys.private) {
    const target = { host: (await machineOf(name)).address, user: "root", privateKey };
    return runOverSsh(target, command, { signal: AbortSignal.timeout(60_000), input });
  }

  /** Deletes every token for joining nodes as soon as there is one, and tells how many there were. */
  async function revokeTokens(until: AbortSignal): Promise<number> {
    const secret = { apiVersion: "v1", kind: "Secret", namespace: "kube-system" };
    let revoked = 0;
    while (!until.aborted) {
      const tokens = (await cluster.api.list(secret)).filter(({ type }) => type === "bootstrap.kubernetes.io/token");
      for (const { metadata } of tokens) await cluster.api.delete({ ...secret, name: metadata.name! });
      revoked += tokens.length;
      await delay(200);
    }
    return revoked;
  }

  /** A VM's operation in Cudo's API. */
  async function tell(name: string, operation: "start" | "stop" | "reboot" | "terminate"): Promise<void> {
    const { baseUrl, apiKey, projectId } = cluster.environment.simulator.cudo;
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(`${baseUrl}/v1/projects/${projectId}/vms/${name}/${operation}`, {
      method: "POST",
      headers,
    });
    assert.ok(answer.ok, `${operation} ${name}: ${answer.status} ${await answer.text()}`);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    const ssh = { sshAccessCidrs: ["0.0.0.0/0"], sshPublicKey: keys.public, sshPrivateKey: keys.private };
    const config = { controlPlane: { size: "sm" }, ...ssh, nodeGroups: [workers, withGpus] };
    cluster = await BootingStack.start({ cloud: "cudo", clusterName: "life", ...config });
    client = new SimulatorClient(cluster.environment.simulator.url);
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("is made by `pulumi up`: nodes with their labels, taints and provider ids", async () => {
    await cluster.up();
    await Promise.all([control, worker, gpu].map((name) => cluster.isReady(name)));
    const [first, second] = await Promise.all([worker, gpu].map((name) => cluster.node(name)));
    assert.equal(first!.metadata.labels?.["tier"], "general");
    assert.equal(first!.metadata.labels?.["gpu-clusters/node-group"], "workers");
    assert.equal(first!.spec.providerID, `cudo://simulator/${worker}`);
    assert.equal(second!.spec.providerID, `cudo://simulator/${gpu}`);
    assert.deepEqual(second!.spec.taints, [gpuTaint]);
  });

  it("runs pods that find each other on both workers, and gives the GPUs to the one that asks, and to no other", async function () {
    this.timeout(2 * bootMs);
    await Promise.all([proveWorkload(cluster.kubectl, [worker, gpu]), proveGpus(cluster.kubectl, gpu, 1, true)]);
  });

  it("keeps Secrets encrypted in etcd", () =>
    proveEncryption(cluster.kubectl, async (command) => (await onMachine(control, command)).stdout));

  it("lets the user's key in over SSH, and no other", async () => {
    for (const name of [control, worker])
      assert.equal((await onMachine(name, "hostname; id -u")).stdout, `${name}\n0\n`);
    const stranger = newSshKeyPair().private;
    await assert.rejects(onMachine(worker, "true", "", stranger), /authentication methods failed/);
  });

  it("keeps its secrets where no other user of a machine finds them, nor of the cloud", async () => {
    const secrets = secretsOf(await cluster.stack.state(true));
    assert.ok(secrets.length >= 5);
    for (const name of [control, worker]) {
      const search = await onMachine(name, readableSecrets, secrets.join("\n"));
      assert.equal(search.stdout, "searched\n", `${name}: ${search.stdout}${search.stderr}`);
    }
    // The search finds what there is to find.
    await onMachine(worker, "umask 022; cat >/tmp/found", secrets[0]);
    assert.equal((await onMachine(worker, readableSecrets, secrets.join("\n"))).stdout, "/tmp/found\nsearched\n");
    await onMachine(worker, "rm /tmp/found");
    const { baseUrl, apiKey, projectId } = cluster.environment.simulator.cudo;
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
    const reach = (address: string, each: number, seconds: number) =>
      onMachine(worker, `timeout ${seconds} bash -c 'exec 3<>/dev/tcp/${address}/${each}'`);
    try {
      const interfaces = Object.values(networkInterfaces()).flatMap((each = []) => each);
      const outside = interfaces.filter(({ family, internal }) => family === "IPv4" && !internal);
      for (const address of ["127.0.0.1", "10.77.0.255", "192.0.2.1", ...outside.map((each) => each.address)])
        assert.notEqual((await reach(address, port, 2)).status, 0, address);
      const own = await reach((await machineOf(control)).address, 6443, 20);
      assert.equal(own.status, 0, `its own control plane it does not reach: ${own.stderr}`);
    } finally {
      server.close();
    }
    // Each answer that fails to come costs 5 s.
    const ask = "time (for each in {1..12}; do getent hosts $each.example.com; done)";
    const { stderr } = await onMachine(worker, `TIMEFORMAT=%R; ${ask}`);
    assert.ok(Number(stderr) < 4, `12 names took ${stderr} s`);
  });

  it("is not harmed by its start script, run twice more and at the same time", async () => {
    const kubelet = async () => (await onMachine(worker, "systemctl show -p MainPID -p NRestarts kubelet")).stdout;
    const [uid, before] = [(await cluster.node(worker))?.metadata.uid, await kubelet()];
    const runs = await Promise.all([1, 2].map(() => onMachine(worker, "/etc/simulator/start-script")));
    for (const { status, stdout } of runs) {
      assert.equal(status, 0);
      assert.match(stdout, /already a node/);
    }
    assert.deepEqual([(await cluster.node(worker))?.metadata.uid, await kubelet()], [uid, before]);
  });

  it("comes back as the same nodes after a reboot, and after a stop and start, by Cudo's API", async function () {
    this.timeout(2 * bootMs);
    const uids = () => Promise.all([control, worker].map(async (name) => (await cluster.node(name))?.metadata.uid));
    const before = await uids();
    await Promise.all([tell(control, "reboot"), tell(worker, "stop")]);
    await until(`${worker} is off`, async () => (await machineOf(worker)).state === "stopped", bootMs);
    await tell(worker, "start");
    for (const name of [control, worker]) {
      const again = async () => (await client.console((await machineOf(name)).id)).includes("already a node");
      await until(`the start script of ${name} has run again`, again, bootMs);
      await cluster.isReady(name, await cluster.backOnSince((await machineOf(name)).id));
    }
    assert.deepEqual(await uids(), before);
    await proveWorkload(cluster.kubectl, [worker, gpu]);
  });

  it("says in `up` why a machine does not join, in the words of its own log", async function () {
    this.timeout(2 * bootMs);
    const up = new AbortController();
    const revoked = revokeTokens(up.signal);
    cluster.reconfigure({ nodeGroups: [{ ...workers, minSize: 2 }, withGpus] });
    const { ok, text } = await cluster.stack.up();
    up.abort();
    assert.equal(ok, false);
    assert.match(text, /node group "workers" has 1 of 2 nodes \(1 not joined\)/);
    assert.match(text, new RegExp(`${late} gave up joining: once the cause is mended, delete the machine`));
    assert.match(text, new RegExp(`${late}: /var/log\\S+ ends with\\n( +.*\\n)* +.*Unauthorized`));
    assert.ok((await revoked) > 0);
    assert.doesNotMatch(text, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/);
  });

  it("gets back workers that were lost, and a certificate that was about to expire, by the next `up`", async () => {
    const [uid, kubeconfig] = [(await cluster.node(worker))?.metadata.uid, await cluster.kubeconfig()];
    const lost: string[] = [worker, late];
    await Promise.all(lost.map((name) => tell(name, "terminate")));
    const gone = async () => !(await client.state()).cudo.vms.some(({ id }) => lost.includes(id));
    await until("the VMs are gone", gone, bootMs);
    await cluster.stack.replaceState(await withExpiringCertificate(await cluster.stack.state(true)));
    await cluster.up("--refresh");
    assert.notEqual(await cluster.kubeconfig(), kubeconfig);
    await until(
      "a new node is Ready",
      async () => {
        const found = await cluster.node(worker);
        return found?.metadata.uid !== uid && readyStatus(found) === "True";
      },
      bootMs,
    );
    await cluster.isReady(late);
    assert.deepEqual(await cluster.stack.preview(), []);
  });

  it("leaves nothing behind", async () => {
    await cluster.leaveNothing();
    const { cudo } = await client.state();
    assert.deepEqual([cudo.vms, cudo.disks], [[], []]);
  });
});
