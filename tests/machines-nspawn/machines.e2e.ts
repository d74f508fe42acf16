/** The rendered start script on machines that boot, and what their power states leave behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintBootstrapToken } from "../../provider/kubernetes/bootstrap-token";
import { nodesReady } from "../../provider/kubernetes/handlers/nodes-ready";
import type { Machine } from "../../simulator/machines/machine";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { bootstrapCertificate, newKey } from "../../simulator/machines/worker/tls-bootstrap";
import { pinnedVersion } from "../../toolchain/tools";
import { testContext } from "../provider/kubernetes/context";
import { testDocuments } from "../simulator/machines/documents";
import { until } from "../until";
import { bootingCluster, bootMs, bootSpec, existing, groupsOf, remains, type BootingCluster } from "./cluster";
import { kubectlFor, proveWorkload, type Kubectl } from "./workload";

describe("machines that boot", () => {
  const network = `127.77.${randomInt(200, 250)}`;
  const directory = mkdtempSync(join(tmpdir(), "nspawn-machines-"));
  const machinesDirectory = join(directory, "machines");
  let cluster: BootingCluster;
  let workers: Machine[];
  let kubectl: Kubectl;

  async function shapeOf(name: string) {
    const { metadata, spec } = (await cluster.node(name)) as unknown as {
      metadata: { labels: Record<string, string> };
      spec: { providerID: string; taints?: object[] };
    };
    return { labels: metadata.labels, ...spec };
  }

  async function leaseTime(name: string): Promise<number> {
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "kube-node-lease", name };
    const { spec } = (await cluster.api.read(lease)) as unknown as { spec: { renewTime: string } };
    return Date.parse(spec.renewTime);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    cluster = await bootingCluster(machinesDirectory, network);
    kubectl = await kubectlFor(cluster.kubeconfig, directory);
  });

  after(async function () {
    this.timeout(120_000);
    await cluster.kind.close();
    assert.deepEqual(remains(machinesDirectory), []);
    rmSync(directory, { recursive: true, force: true });
  });

  it("becomes a control plane by kubeadm init, reachable at the address that the cloud gave", async function () {
    this.timeout(2 * bootMs);
    await cluster.control.start();
    await until("the API server answers", async () => (await cluster.api.text("/readyz")) === "ok", bootMs);
    await cluster.nodeIs("control", "True");
    const { labels: given, providerID, taints } = await shapeOf("control");
    assert.equal(given["node-role.kubernetes.io/control-plane"], "");
    assert.equal(given["gpu-clusters/role"], "control");
    assert.equal(providerID, "test://control");
    assert.deepEqual(taints, [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]);
    assert.match(await cluster.control.console(), /control is a node/);
  });

  it("joins workers by kubeadm join, with their labels and taints", async function () {
    this.timeout(2 * bootMs);
    workers = [
      await cluster.worker("first", `${network}.11`, { labels: { tier: "general" } }),
      await cluster.worker("second", `${network}.12`, {
        taints: [{ key: "nvidia.com/gpu", value: "present", effect: "PreferNoSchedule" }],
      }),
    ];
    await Promise.all(workers.map((worker) => worker.start()));
    await Promise.all(["first", "second"].map((name) => cluster.nodeIs(name, "True")));
    const [first, second] = await Promise.all([shapeOf("first"), shapeOf("second")]);
    assert.equal(first.labels["tier"], "general");
    assert.equal(first.providerID, "test://first");
    assert.equal(second.providerID, "test://second");
    assert.deepEqual(second.taints, [{ key: "nvidia.com/gpu", value: "present", effect: "PreferNoSchedule" }]);
  });

  it("has the containerd whose configuration the script's tests know", async () => {
    const { stdout } = await cluster.onMachine(workers[0]!, "containerd config default");
    const release = pinnedVersion("containerd");
    assert.equal(stdout, readFileSync(join(__dirname, "..", "bootstrap", "containerd", `${release}.toml`), "utf8"));
  });

  it("gives no machine another's name, and no token to who comes after", async function () {
    this.timeout(bootMs);
    const unbound = { ttlHours: 1, description: "tests" };
    const tokens = [
      await mintBootstrapToken(cluster.api, { ...unbound, nodeName: "attacker" }),
      await mintBootstrapToken(cluster.api, unbound),
    ];
    const { endpoint, certificateAuthority } = cluster.documents.worker("any", {});
    const server = { endpoint: endpoint!, certificateAuthority, serverName: "kubernetes" };
    const ask = async (token: string, name: string, withinMs = 5_000) =>
      bootstrapCertificate(server, token, name, await newKey(), AbortSignal.timeout(withinMs));
    for (const token of tokens)
      for (const name of ["control", "first", "nobody"])
        await assert.rejects(ask(token, name), (error: Error) => !/Unauthorized|forbidden/.test(error.message));
    // By then the approver has looked at all of them; this one is in order.
    assert.match((await ask(tokens[0]!, "attacker", bootMs / 2)).certificate, /BEGIN CERTIFICATE/);
    const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
    assert.equal(await cluster.api.read({ ...binding, name: "kubeadm:node-autoapprove-bootstrap" }), undefined);
    const secret = { apiVersion: "v1", kind: "Secret", namespace: "kube-system" };
    await until(
      "the workers' tokens are spent",
      async () =>
        (await cluster.api.list(secret)).filter(({ type }) => type === "bootstrap.kubernetes.io/token").length <=
        tokens.length + 1, // kubeadm's own, which nobody has seen.
      bootMs,
    );
  });

  it("runs pods on both workers that find each other through a Service and DNS", async function () {
    this.timeout(2 * bootMs);
    await proveWorkload(kubectl, ["first", "second"]);
  });

  it("comes back as the same node after a power cut, and its script is harmless the second time", async function () {
    this.timeout(2 * bootMs);
    const [first] = workers as [Machine];
    const uid = (await cluster.node("first"))?.metadata?.uid;
    const groups = groupsOf(machinesDirectory, first);
    assert.ok(groups.length > 0);
    await first.powerCut();
    assert.equal(first.state, "stopped");
    assert.deepEqual(existing(groups), []);
    assert.deepEqual(remains(join(machinesDirectory, "e2e~test~first")), []);
    const since = Date.now();
    await first.start();
    await until("the script has run again", async () => (await first.console()).includes("already a node"), bootMs);
    await until("kubelet renews its lease", async () => (await leaseTime("first")) > since, bootMs);
    await cluster.nodeIs("first", "True");
    assert.equal((await cluster.node("first"))?.metadata?.uid, uid);
  });

  it("renews kubeadm's certificates on the control plane before they end, and goes on with the new ones", async function () {
    this.timeout(3 * bootMs);
    const onControl = async (command: string) => {
      const { status, stdout, stderr } = await cluster.onMachine(cluster.control, command);
      assert.equal(status, 0, stdout + stderr);
      return stdout.trim();
    };
    const pki = "/etc/kubernetes/pki";
    const daysLeft = async (name: string) => {
      const end = await onControl(`openssl x509 -noout -enddate -in ${pki}/${name}.crt`);
      return (Date.parse(end.replace("notAfter=", "")) - Date.now()) / 86_400_000;
    };
    const renew = "systemctl start --no-block gpu-clusters-certificates; sleep 1";
    const renewed = async () => {
      const state = await onControl("systemctl show -P ActiveState -P Result gpu-clusters-certificates");
      return state === "success\ninactive" || state === "inactive\nsuccess";
    };
    const apiServer = () => onControl("pgrep -x kube-apiserver");
    const before = await apiServer();
    await onControl(renew);
    await until("it has looked", renewed, bootMs);
    assert.equal(await apiServer(), before, "nothing is due");

    const client = `${pki}/apiserver-kubelet-client.crt`;
    const request = `openssl req -new -key ${client.replace(/crt$/, "key")} -subj /O=kubeadm:cluster-admins/CN=kube-apiserver-kubelet-client`;
    const issue = `openssl x509 -req -days 9 -CA ${pki}/ca.crt -CAkey ${pki}/ca.key -set_serial 9 -extfile <(echo extendedKeyUsage=clientAuth)`;
    await onControl(`${request} | ${issue} -out ${client}`);
    assert.ok((await daysLeft("apiserver-kubelet-client")) < 10);
    await onControl(renew);
    await until("they are renewed", renewed, 2 * bootMs);
    for (const name of ["apiserver-kubelet-client", "apiserver", "etcd/server", "front-proxy-client"])
      assert.ok((await daysLeft(name)) > 360, name);
    await until("another API server runs", async () => (await apiServer()) !== before, bootMs);
    await cluster.nodeIs("first", "True");
    await proveWorkload(kubectl, ["first", "second"]);
    const turn = { apiVersion: "v1", kind: "ConfigMap", namespace: "kube-system", name: "gpu-clusters-certificates" };
    assert.equal(await cluster.api.read(turn), undefined);
  });

  it("keeps the cluster's keys from other users of the machine and of the host", () => {
    const disk = join(machinesDirectory, "e2e~test~control");
    for (const file of ["upper/etc/simulator/start-script", "upper/etc/kubernetes/pki/ca.key", "console.log"])
      assert.equal(statSync(join(disk, file)).mode & 0o077, 0, file);
    assert.doesNotMatch(readFileSync(join(disk, "console.log"), "utf8"), /PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}\b/);
  });

  it("leaves nothing when it is terminated", async function () {
    this.timeout(bootMs);
    const [, second] = workers as [Machine, Machine];
    const groups = groupsOf(machinesDirectory, second);
    await second.terminate();
    assert.deepEqual(existing([...groups, join(machinesDirectory, "e2e~test~second")]), []);
    assert.deepEqual(remains(join(machinesDirectory, "e2e~test~second")), []);
  });

  it("does not join with a token that expired, or under another authority, and the error has its own log", async function () {
    this.timeout(2 * bootMs);
    const expired = { ttlHours: 1 / 3_600_000, description: "tests" };
    const other = await testDocuments(`${network}.10`);
    const { certificateAuthority } = other.controlPlane;
    const strangers = [
      await cluster.worker("late", `${network}.13`, {
        bootstrapToken: await mintBootstrapToken(cluster.api, expired),
      }),
      await cluster.worker("elsewhere", `${network}.14`, { certificateAuthority }),
    ];
    await Promise.all(strangers.map((machine) => machine.start()));
    const wait = nodesReady({}).create(
      {
        kubeconfig: cluster.kubeconfig,
        nodeGroups: [{ name: "workers", minSize: 4 }],
        // It ends once both have given up.
        timeoutSeconds: 240,
        machines: strangers.map(({ spec }) => ({ nodeName: spec.name, address: spec.address })),
        sshPrivateKey: cluster.sshPrivateKey,
      },
      testContext(),
    );
    const { message } = await wait.then(
      () => assert.fail("they joined"),
      (error: Error) => error,
    );
    assert.match(message, /node group "workers" has \d of 4 nodes \(\d not joined\)/);
    assert.match(message, /\nlate: \/var\/log\S+ ends with\n( {2}.*\n)* {2}.*Unauthorized/);
    assert.match(
      message,
      /\nelsewhere: \/var\/log\S+ ends with\n( {2}.*\n)* {2}.*certificate signed by unknown authority/,
    );
    assert.doesNotMatch(message, /PRIVATE KEY|\b[a-z0-9]{6}\.[a-z0-9]{16}\b/);
    await Promise.all(strangers.map((machine) => machine.terminate()));
    assert.deepEqual([await cluster.node("late"), await cluster.node("elsewhere")], [undefined, undefined]);
  });

  it("comes back as the same node after it reboots itself", async function () {
    this.timeout(2 * bootMs);
    const [first] = workers as [Machine];
    const [uid, since] = [(await cluster.node("first"))?.metadata.uid, Date.now()];
    const before = (await first.console()).length;
    await cluster.onMachine(first, "systemctl reboot");
    await until("it reboots", async () => (await first.console()).slice(before).includes("machine: reboots"), bootMs);
    await until("kubelet renews its lease", async () => (await leaseTime("first")) > since, bootMs);
    await cluster.nodeIs("first", "True");
    assert.equal((await cluster.node("first"))?.metadata.uid, uid);
  });

  for (const [how, orphaned] of [
    ["ends with its simulator when that is killed", false],
    ["is cut off by the next simulator's sweep when nobody could end it", true],
  ] as const)
    it(how, async function () {
      this.timeout(2 * bootMs);
      const crash = mkdtempSync(join(tmpdir(), "nspawn-crash-"));
      const program = [join(__dirname, "crashing-simulator.ts"), crash, `${network}.20`];
      const stdio = ["ignore", "pipe", "inherit"] as const;
      const simulator = spawn(process.execPath, ["--import", "tsx", ...program], { stdio: [...stdio] });
      const told: string[] = [];
      const next = nspawnMachines({ dir: crash, log: (message) => told.push(message) });
      try {
        await once(simulator.stdout!, "data");
        const groups = readFileSync(join(crash, "e2e~test~crash", "cgroups"), "utf8")
          .split("\n")
          .filter(Boolean);
        if (orphaned) for (const pid of gatewaysOf(simulator.pid!)) process.kill(pid, "SIGKILL");
        simulator.kill("SIGKILL");
        await once(simulator, "exit");
        if (orphaned) {
          assert.notDeepEqual(remains(crash), []);
          await next.sweep();
          assert.match(told.join(), /cut off machine e2e~test~crash/);
        }
        await until("nothing runs", async () => remains(crash).length === 0);
        // Whoever takes them away does so after the last process has gone.
        await until("no control group is left", async () => existing(groups).length === 0);
        assert.ok(existsSync(join(crash, "e2e~test~crash")), "its disk stays");
        const other = await cluster.onMachine(workers[0]!, "hostname");
        assert.equal(other.stdout, "first\n", "another simulator's machines are not touched");
      } finally {
        simulator.kill("SIGKILL");
        await next.sweep();
        await next.close();
        rmSync(crash, { recursive: true, force: true });
      }
    });

  it("refuses to boot at an address where another simulator's API server is reached", async function () {
    this.timeout(bootMs);
    const second = mkdtempSync(join(tmpdir(), "nspawn-second-"));
    const kind = nspawnMachines({ dir: second, image: await ensureMachineImage() });
    try {
      const taken = kind.machine(bootSpec("taken", cluster.control.spec.address, ""));
      await assert.rejects(taken.start(), /:6443 is taken \(EADDRINUSE\), maybe by another simulator/);
      assert.equal(taken.state, "failed");
    } finally {
      await kind.close();
      assert.deepEqual(remains(second), []);
      rmSync(second, { recursive: true, force: true });
    }
  });
});

/** The process of a simulator that holds its machines' network. */
function gatewaysOf(simulator: number): number[] {
  const children = readFileSync(`/proc/${simulator}/task/${simulator}/children`, "utf8").split(" ").filter(Boolean);
  return children.map(Number).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("gateway.ts"));
}
