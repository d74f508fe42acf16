/** Three control planes on simulated AWS whose machines really boot: one goes off, and the API still answers. */
import assert from "node:assert/strict";
import type { EC2 } from "@aws-sdk/client-ec2";
import { oneLife } from "../engine/one-life";
import { until } from "../machines/test-cluster";
import { BootingStack, ec2Of } from "./booting-stack";
import { bootMs } from "./cluster";

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
    const config = { cloudControllerManager: false, controlPlane: { count: 3 }, keyPair: "ops" };
    cluster = await BootingStack.start({ cloud: "aws", clusterName: "three", ...config }, 4 * bootMs);
    ec2 = ec2Of(cluster);
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

  it("leave nothing behind", async () => {
    await cluster.leaveNothing();
  });
});
