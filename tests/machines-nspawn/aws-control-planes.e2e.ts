/** Three control planes on simulated AWS whose machines really boot: one goes off, or is lost, and the API still answers. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SimulatorClient } from "../../simulator/client";
import { defaultRegion } from "../../commands/simulated-aws";
import { oneLife } from "../engine/one-life";
import { until } from "../until";
import { awsAccess, BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";
import { inside } from "./inside";

describe("three control planes on AWS, on machines that boot", function () {
  this.timeout(4 * bootMs);
  oneLife();

  let cluster: BootingStack;
  let ec2: EC2;
  let InstanceIds: string[];

  /** By name; a node that is off is `Unknown`. */
  async function readiness(): Promise<string[]> {
    const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{" "}{end}';
    return (await cluster.kubectl("get", "nodes", "-o", `jsonpath=${ready}`)).trim().split(" ").sort();
  }

  async function machine(id: string) {
    return (await cluster.machines()).find(({ name }) => name === id)!;
  }

  /** Asked of the machine itself, and not of a load balancer. */
  async function ownReadiness(id: string): Promise<string> {
    const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: [id] });
    const { PrivateIpAddress } = Reservations[0]!.Instances![0]!;
    const server = ["--server", `https://${(await machine(id)).address}:6443`, "--tls-server-name", PrivateIpAddress!];
    return cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=5s", ...server);
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    const config = { controlPlane: { count: 3 }, keyPair: "ops" };
    cluster = await BootingStack.start({ cloud: "aws", clusterName: "three", ...config }, 4 * bootMs);
    ec2 = new EC2(awsAccess(cluster));
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("make one cluster", async () => {
    await cluster.up();
    const { Reservations = [] } = await ec2.describeInstances();
    InstanceIds = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId }) => InstanceId!);
    assert.equal(InstanceIds.length, 3);
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
    const members = ["get", "pods", "-n", "kube-system", "-l", "component=etcd", "-o", "name"];
    assert.equal((await cluster.kubectl(...members)).trim().split("\n").length, 3);
  });

  it("answer and take changes with one of them off, whichever it is, and take it back", async () => {
    for (const [index, id] of InstanceIds.slice(0, 2).entries()) {
      await ec2.stopInstances({ InstanceIds: [id] });
      await until(`${id} is off`, async () => (await machine(id)).state === "stopped", bootMs);
      await until(
        "a change is taken",
        async () => (await cluster.kubectl("create", "configmap", `without-${index}`, "-o", "name")) !== "",
        bootMs,
      );
      await assert.rejects(ownReadiness(id));
      await ec2.startInstances({ InstanceIds: [id] });
      await until(`the API server of ${id} is back`, async () => (await ownReadiness(id)) === "ok", bootMs);
    }
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
  });

  it("renew their certificates one after the other, while the API answers", async function () {
    this.timeout(12 * bootMs);
    const disks = await Promise.all(InstanceIds.map(async (id) => cluster.diskOf((await machine(id)).id)));
    const onEach = async (command: string) =>
      (await Promise.all(disks.map((disk) => inside(disk, command)))).map((answer) => answer.trim());
    const pki = "/etc/kubernetes/pki";
    const client = `${pki}/apiserver-kubelet-client`;
    const unit = "gpu-clusters-certificates.service";
    const apiServer = "pgrep -x kube-apiserver";
    const before = await onEach(apiServer);
    const request = `openssl req -new -key ${client}.key -subj /O=kubeadm:cluster-admins/CN=kube-apiserver-kubelet-client`;
    const issue = `openssl x509 -req -days 9 -CA ${pki}/ca.crt -CAkey ${pki}/ca.key -set_serial 9 -extfile <(echo extendedKeyUsage=clientAuth)`;
    // Who has to wait for another's turn tries again in ten minutes.
    const sooner = `mkdir -p /run/systemd/system/${unit}.d; printf '[Service]\\nRestartSec=3\\n' >/run/systemd/system/${unit}.d/test.conf; systemctl daemon-reload`;
    await onEach(`${request} | ${issue} -out ${client}.crt; ${sooner}`);
    await onEach(`systemctl start --no-block ${unit}`);

    // Its turn, in seconds, once it has given it back.
    const turnOf = (journal: string) =>
      ["created", "deleted"].map((word) =>
        Number(new RegExp(`^([\\d.]+) .*gpu-clusters-certificates"? ${word}`, "m").exec(journal)?.[1]),
      ) as [number, number];
    let turns: [number, number][] = [];
    await until(
      "all have had their turn",
      async () => {
        await until("the API answers", async () => (await cluster.kubectl("get", "--raw", "/readyz")) === "ok", bootMs);
        turns = (await onEach(`journalctl -u ${unit} -o short-unix --no-pager`)).map(turnOf);
        return turns.every(([, end]) => end > 0);
      },
      10 * bootMs,
    );
    const [first, second, third] = turns.sort(([one], [other]) => one - other);
    assert.ok(first![1] <= second![0] && second![1] <= third![0], JSON.stringify(turns));
    for (const name of [client, `${pki}/apiserver`, `${pki}/etcd/server`, `${pki}/front-proxy-client`])
      for (const end of await onEach(`openssl x509 -noout -enddate -in ${name}.crt`))
        assert.ok(Date.parse(end.replace("notAfter=", "")) - Date.now() > 360 * 86_400_000, `${name}: ${end}`);
    (await onEach(apiServer)).forEach((process, index) => assert.notEqual(process, before[index]));
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
  });

  it("get another type one after the other", async function () {
    this.timeout(6 * bootMs);
    cluster.reconfigure({ controlPlane: { count: 3, instanceType: "m6i.xlarge" } });
    let isOver = false;
    let most = 0;
    const watching = (async () => {
      for (; !isOver; await delay(200)) {
        const { Reservations = [] } = await ec2.describeInstances({ InstanceIds });
        const states = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ State }) => State?.Name);
        most = Math.max(most, states.filter((state) => state !== "running").length);
      }
    })();
    await cluster.up().finally(() => (isOver = true));
    await watching;
    assert.equal(most, 1);
    const { Reservations = [] } = await ec2.describeInstances({ InstanceIds });
    const types = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceType }) => InstanceType);
    assert.deepEqual(types, Array(3).fill("m6i.xlarge"));
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
  });

  it("take another in the place of one that is lost, whose member leaves etcd", async () => {
    const [lost, other] = InstanceIds;
    const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: [lost!] });
    const { PrivateDnsName: node, SubnetId } = Reservations[0]!.Instances![0]!;
    await ec2.terminateInstances({ InstanceIds: [lost!] });
    await until(`${lost} is gone`, async () => (await machine(lost!)) === undefined, bootMs);
    // A load balancer, as for a Service, takes the address: the machine made anew has another name.
    const { endpoint } = cluster.environment.aws;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const balancing = new ElasticLoadBalancingV2({ endpoint, region: defaultRegion, credentials });
    const Tags = [{ Key: "kubernetes.io/cluster/three", Value: "owned" }];
    await balancing.createLoadBalancer({ Name: "k8s-web", Type: "network", Subnets: [SubnetId!], Tags });
    await until(
      "the cloud controller manager has deleted its node",
      async () => (await cluster.node(node!)) === undefined,
      2 * bootMs,
    );
    const refreshed = await cluster.stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    await cluster.up();
    await until("three nodes are Ready", async () => (await readiness()).join() === "True,True,True", bootMs);
    const fresh = (await cluster.machines()).find(({ name }) => !InstanceIds.includes(name!))!;
    const console = await new SimulatorClient(cluster.environment.simulator.url).console(fresh.id);
    assert.ok(console.includes(`${node} is gone: its member leaves`), console);
    // With a fourth member, the lost one's, there would be no majority now.
    await ec2.stopInstances({ InstanceIds: [other!] });
    await until(`${other} is off`, async () => (await machine(other!)).state === "stopped", bootMs);
    await until(
      "a change is taken",
      async () => (await cluster.kubectl("create", "configmap", "after-all", "-o", "name")) !== "",
      bootMs,
    );
  });

  it("leave nothing behind", async () => {
    await cluster.leaveNothing();
  });
});
