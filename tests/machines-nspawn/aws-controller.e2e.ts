/** AWS's own cloud controller manager on simulated AWS whose machines really boot: nodes and load balancers. */
import assert from "node:assert/strict";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancing } from "@aws-sdk/client-elastic-load-balancing";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { oneLife } from "../engine/one-life";
import { until } from "../until";
import { awsAccess, BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";
import { inside } from "./inside";

const kind = "service.beta.kubernetes.io/aws-load-balancer-type";

describe("AWS's cloud controller manager, on machines that boot", function () {
  this.timeout(2 * bootMs);
  oneLife();

  let cluster: BootingStack;
  let ec2: EC2;
  let network: ElasticLoadBalancingV2;
  let classic: ElasticLoadBalancing;

  async function worker() {
    const { Reservations = [] } = await ec2.describeInstances({
      Filters: [
        { Name: "tag:gpu-clusters/node-group", Values: ["system"] },
        { Name: "instance-state-name", Values: ["running"] },
      ],
    });
    return Reservations[0]!.Instances![0]!;
  }

  async function controlPlaneDisk(): Promise<string> {
    const { InstanceId } = await worker();
    const machine = (await cluster.machines()).find(({ name }) => name !== InstanceId);
    return cluster.diskOf(machine!.id);
  }

  async function makeService(name: string, annotations: Record<string, string>): Promise<void> {
    const spec = { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] };
    await cluster.kubectl.apply({ apiVersion: "v1", kind: "Service", metadata: { name, annotations }, spec });
  }

  /** The balancers of Services: the cluster's own is its API's, where there is one. */
  const networkBalancers = async () => (await network.describeLoadBalancers({})).LoadBalancers ?? [];
  const classicBalancers = async () => (await classic.describeLoadBalancers({})).LoadBalancerDescriptions ?? [];

  /** The name that the Service is reached by. */
  async function hostOf(service: string): Promise<string> {
    let host = "";
    const ask = ["get", "service", service, "-o", "jsonpath={.status.loadBalancer.ingress[0].hostname}"];
    await until(`${service} has a name`, async () => (host = await cluster.kubectl(...ask)) !== "", bootMs);
    return host;
  }

  before(async function () {
    this.timeout(3_600_000); // The first run compiles the controller.
    cluster = await BootingStack.start({
      cloud: "aws",
      clusterName: "balanced",
      keyPair: "ops",
      network: { zones: ["us-west-2a", "us-west-2b"] },
      nodeGroups: [{ name: "system", role: "worker", minSize: 1, maxSize: 1, instanceTypes: ["m5.large"] }],
    });
    ec2 = new EC2(awsAccess(cluster));
    network = new ElasticLoadBalancingV2(awsAccess(cluster));
    classic = new ElasticLoadBalancing(awsAccess(cluster));
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("tells nodes what AWS knows of their instances, and takes away their taint", async function () {
    this.timeout(3 * bootMs);
    await cluster.up();
    const { PrivateDnsName, PrivateIpAddress, InstanceType, Placement } = await worker();
    await cluster.isReady(PrivateDnsName!);
    const node = (await cluster.node(PrivateDnsName!))!;
    const { labels = {} } = node.metadata;
    assert.equal(labels["node.kubernetes.io/instance-type"], InstanceType);
    assert.equal(labels["topology.kubernetes.io/zone"], Placement!.AvailabilityZone);
    assert.match(labels["topology.k8s.aws/zone-id"]!, /^usw2-az\d$/);
    const { addresses } = node["status"] as { addresses: { type: string; address: string }[] };
    assert.ok(addresses.some(({ type, address }) => type === "InternalIP" && address === PrivateIpAddress));
    assert.equal(node.spec.taints, undefined);
  });

  it("tells its metrics to those who may read them, and to nobody else", async () => {
    await cluster.kubectl("create", "serviceaccount", "reader");
    const read = async () => {
      const token = (await cluster.kubectl("create", "token", "reader")).trim();
      const header = `curl -sk -m 5 -H @- https://127.0.0.1:10258/metrics`;
      return inside(await controlPlaneDisk(), header, `Authorization: Bearer ${token}\n`);
    };
    assert.match(await read(), /forbidden/);
    const binding = [
      "clusterrolebinding",
      "reader",
      "--clusterrole=system:monitoring",
      "--serviceaccount=default:reader",
    ];
    await cluster.kubectl("create", ...binding);
    await until("they are read", async () => (await read()).includes("cloudprovider_aws_api_request_duration"), bootMs);
  });

  it("makes network and classic balancers for Services, with the workers behind them", async () => {
    await makeService("network", { [kind]: "nlb" });
    await makeService("classic", {});
    const id = (await worker()).InstanceId!;
    const hosts = await Promise.all(["network", "classic"].map(hostOf));
    const [balancer] = await networkBalancers();
    assert.equal(balancer!.DNSName, hosts[0]);
    const { LoadBalancerArn } = balancer!;
    const { TargetGroups = [] } = await network.describeTargetGroups({ LoadBalancerArn });
    assert.equal(TargetGroups.length, 1);
    const { TargetGroupArn } = TargetGroups[0]!;
    const { TargetHealthDescriptions = [] } = await network.describeTargetHealth({ TargetGroupArn });
    assert.deepEqual(
      TargetHealthDescriptions.map(({ Target }) => Target!.Id),
      [id],
    );
    const [old] = await classicBalancers();
    assert.equal(old!.DNSName, hosts[1]);
    assert.deepEqual(old!.Instances, [{ InstanceId: id }]);
  });

  it("moves a Service's listener to another port of its nodes, and takes all away with the Service", async () => {
    const port = { op: "replace", path: "/spec/ports/0/port", value: 8081 };
    await cluster.kubectl("patch", "service", "network", "--type=json", "-p", JSON.stringify([port]));
    const [{ LoadBalancerArn } = {}] = await networkBalancers();
    await until(
      "the listener has moved",
      async () =>
        (await network.describeListeners({ LoadBalancerArn })).Listeners?.map(({ Port }) => Port).join() === "8081",
      bootMs,
    );
    await cluster.kubectl("delete", "service", "network", "--timeout=100s");
    assert.deepEqual(await networkBalancers(), []);
    assert.deepEqual((await network.describeTargetGroups({})).TargetGroups, []);
  });

  it("deletes the node of an instance that is gone, and puts its successor behind the balancer", async function () {
    this.timeout(4 * bootMs);
    const lost = await worker();
    await ec2.terminateInstances({ InstanceIds: [lost.InstanceId!] });
    await until("its node is gone", async () => (await cluster.node(lost.PrivateDnsName!)) === undefined, 2 * bootMs);
    let next = lost;
    await until("there is another", async () => (next = await worker()).InstanceId !== lost.InstanceId, bootMs);
    await cluster.isReady(next.PrivateDnsName!);
    await until(
      "it is behind the balancer",
      async () =>
        (await classicBalancers())[0]!.Instances!.map(({ InstanceId }) => InstanceId).join() === next.InstanceId,
      bootMs,
    );
  });

  it("leaves nothing behind, whatever Services there are", async () => {
    await cluster.leaveNothing();
    assert.deepEqual(await classicBalancers(), []);
  });
});
