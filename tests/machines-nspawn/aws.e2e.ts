/** A cluster on simulated AWS whose machines really boot, from `pulumi up` to `pulumi destroy`. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";
import type { AwsNodeGroupArgs } from "../../components/aws/args";
import { mintBootstrapToken } from "../../provider/kubernetes/bootstrap-token";
import { bootstrapLines } from "../../provider/kubernetes/machine-log";
import { defaultRegion } from "../../commands/simulated-aws";
import { oneLife } from "../engine/one-life";
import { until } from "../until";
import { awsAccess, BootingStack } from "./booting-stack";
import { bootMs } from "./cluster";
import { authorityKeys } from "../engine/aws-secrets";
import { withExpiringCertificate } from "./expiring-certificate";
import { inside } from "./inside";
import { readableSecrets, secretsOf } from "./secrets";
import { proveEncryption } from "./stored-secret";
import { proveGpus, proveWorkload } from "./workload";

const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;
const common = { role: "worker", minSize: 1, maxSize: 1 } as const;
const general: AwsNodeGroupArgs = {
  ...common,
  name: "system",
  instanceTypes: ["m5.large"],
  labels: { tier: "general" },
};
const withGpus: AwsNodeGroupArgs = { ...common, name: "gpu", instanceTypes: ["g4dn.xlarge"], taints: [gpuTaint] };

describe("an AWS cluster on machines that boot", function () {
  this.timeout(bootMs);
  oneLife();

  let cluster: BootingStack;
  let ec2: EC2;

  /** Those that run, of a group or of the control plane. */
  async function instancesOf(group: string | undefined) {
    const { Reservations = [] } = await ec2.describeInstances({
      Filters: [{ Name: "instance-state-name", Values: ["running"] }],
    });
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .filter(({ Tags = [] }) => Tags.find(({ Key }) => Key === "gpu-clusters/node-group")?.Value === group)
      .map((found) => {
        const id = `aws/${defaultRegion}/${found.InstanceId}`;
        return { ...found, id, name: found.PrivateDnsName!, disk: cluster.diskOf(id) };
      });
  }

  async function instanceOf(group: string | undefined) {
    const [first] = await instancesOf(group);
    assert.ok(first, `an instance of ${group ?? "the control plane"}`);
    return first;
  }

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    const network = { zones: ["us-west-2a", "us-west-2b"] };
    cluster = await BootingStack.start({
      cloud: "aws",
      clusterName: "life",
      keyPair: "ops",
      network,
      nodeGroups: [general, withGpus],
    });
    ec2 = new EC2(awsAccess(cluster));
  });

  after(async function () {
    this.timeout(bootMs);
    await cluster?.close();
  });

  it("is made by `pulumi up`: nodes with their labels, taints, provider ids and addresses", async function () {
    this.timeout(3 * bootMs);
    await cluster.up();
    const groups = [undefined, "system", "gpu"];
    const [control, system, gpu] = await Promise.all(groups.map(instanceOf));
    for (const { name, Placement, InstanceId, PrivateIpAddress } of [control!, system!, gpu!]) {
      await cluster.isReady(name);
      await until(
        `${name} is initialised`,
        async () =>
          (await cluster.node(name))?.metadata.labels?.["topology.kubernetes.io/zone"] === Placement!.AvailabilityZone,
        bootMs,
      );
      const found = await cluster.node(name);
      assert.equal(found!.spec.providerID, `aws:///${Placement!.AvailabilityZone}/${InstanceId}`);
      const { addresses } = found!["status"] as { addresses: { type: string; address: string }[] };
      assert.ok(addresses.some(({ type, address }) => type === "InternalIP" && address === PrivateIpAddress));
    }
    assert.equal((await cluster.node(system!.name))!.metadata.labels?.["tier"], "general");
    const untainted = async () =>
      assert.deepEqual((await cluster.node(gpu!.name))!.spec.taints, [gpuTaint], "the group's own taint only");
    await until("the node takes pods", () => untainted().then(() => true), bootMs);
  });

  it("runs pods that find each other on both workers, and gives the GPUs to the one that asks, and to no other", async function () {
    this.timeout(2 * bootMs);
    const [system, gpu] = await Promise.all(["system", "gpu"].map(instanceOf));
    await Promise.all([
      proveWorkload(cluster.kubectl, [system!.name, gpu!.name]),
      proveGpus(cluster.kubectl, gpu!.name, 1, true),
    ]);
  });

  it("keeps Secrets encrypted in etcd", async () => {
    const { disk } = await instanceOf(undefined);
    await proveEncryption(cluster.kubectl, (command) => inside(disk, command));
  });

  it("keeps its secrets out of user data, and where no other user of a machine finds them", async () => {
    const authorities = JSON.stringify(await authorityKeys(awsAccess(cluster)));
    const secrets = secretsOf(`${await cluster.stack.state(true)}${authorities}`);
    assert.ok(secrets.length >= 5);
    const { instances } = await cluster.environment.aws.state();
    for (const group of [undefined, "system"]) {
      const { disk, InstanceId } = await instanceOf(group);
      assert.ok(instances.some(({ id }) => id === InstanceId));
      const { UserData } = await ec2.describeInstanceAttribute({ InstanceId, Attribute: "userData" });
      const given = gunzipSync(Buffer.from(UserData!.Value!, "base64")).toString();
      assert.match(given, /BEGIN NODE DOCUMENT/);
      for (const secret of secrets) assert.ok(!given.includes(secret), "user data has a secret");
      assert.doesNotMatch(given, /BEGIN [A-Z ]*PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}\b/);
      assert.equal(await inside(disk, readableSecrets, secrets.join("\n")), "searched");
      const { Output } = await ec2.getConsoleOutput({ InstanceId, Latest: true });
      const written = Buffer.from(Output!, "base64").toString();
      assert.match(bootstrapLines(written), / is a node$/m, "what `up` would quote");
      for (const secret of secrets) assert.ok(!written.includes(secret), "the console has a secret");
    }
  });

  it("answers a machine's metadata service with a token only, and a pod not at all", async () => {
    const { disk } = await instanceOf("system");
    const ask = "curl -s -m 5 -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id";
    assert.equal(await inside(disk, ask), "401");
    const reach = ["timeout", "3", "busybox", "wget", "-qO-", "http://169.254.169.254/latest/meta-data/"];
    await assert.rejects(cluster.kubectl("exec", "deployment/web", "--", "/bin/busybox", ...reach), /exit code|143/);
  });

  it("reads with a node's role what nodes need, and not the cluster's keys", async () => {
    const { disk } = await instanceOf("system");
    const read = async (parameter: string) => {
      const document = { role: "worker", secrets: { parameter: `/gpu-clusters/life/${parameter}` } };
      const ask = "EC2_ATTEMPTS=0 python3 /var/lib/gpu-clusters/ec2.py complete 2>&1";
      return inside(disk, ask, `#\n${JSON.stringify(document)}`);
    };
    assert.match(await read("join"), /"bootstrapToken"/);
    assert.match(
      await read("control-plane-keys"),
      /AccessDeniedException.*not authorized to perform: ssm:GetParameter/,
    );
  });

  it("comes back as the same nodes after a reboot, and after a stop and start, by EC2's API", async function () {
    this.timeout(2 * bootMs);
    const [control, system, gpu] = await Promise.all([undefined, "system", "gpu"].map(instanceOf));
    const both = [control!, system!];
    const uids = () => Promise.all(both.map(async ({ name }) => (await cluster.node(name))?.metadata.uid));
    const before = await uids();
    await ec2.rebootInstances({ InstanceIds: [system!.InstanceId!] });
    // A fleet replaces its machines when they are stopped; the control plane's is no fleet's.
    const InstanceIds = [control!.InstanceId!];
    await ec2.stopInstances({ InstanceIds });
    const isOff = async () =>
      (await cluster.machines()).some(({ id, state }) => id === control!.id && state === "stopped");
    await until("the control plane is off", isOff, bootMs);
    await ec2.startInstances({ InstanceIds });
    for (const { id, name } of both) await cluster.isReady(name, await cluster.backOnSince(id));
    assert.deepEqual(await uids(), before);
    await proveWorkload(cluster.kubectl, [system!.name, gpu!.name]);
  });

  it("says in `up` why a machine does not join, in the words of its own log", async function () {
    this.timeout(2 * bootMs);
    // As when the control plane could not renew it for a day.
    const { disk } = await instanceOf(undefined);
    await inside(disk, "systemctl stop gpu-clusters-join.timer gpu-clusters-join.service");
    const token = await mintBootstrapToken(cluster.api, { ttlHours: 1 / 3600, description: "tests" });
    const join = { Name: "/gpu-clusters/life/join", Value: JSON.stringify({ bootstrapToken: token }) };
    await new SSM(awsAccess(cluster)).putParameter({ ...join, Type: "SecureString", Overwrite: true });
    const { InstanceId: first } = await instanceOf("system");
    cluster.reconfigure({ nodeGroups: [{ ...general, minSize: 2, maxSize: 2 }, withGpus] });
    const up = await cluster.stack.up();
    assert.equal(up.ok, false);
    const { name } = (await instancesOf("system")).find(({ InstanceId }) => InstanceId !== first)!;
    assert.match(up.text, /node group "system" has 1 of 2 nodes \(1 not joined\)/);
    assert.match(up.text, new RegExp(`${name} gave up joining: once the cause is mended, delete the machine`));
    assert.match(up.text, new RegExp(`${name}: its console ends with\\n( +.*\\n)* +.*Unauthorized`));
    assert.ok(!up.text.includes(token));
  });

  it("has new workers in the place of lost ones, and a new certificate before the old one expires, after the next `up`", async function () {
    this.timeout(2 * bootMs);
    const control = await instanceOf(undefined);
    assert.equal(
      await inside(control.disk, "systemctl start gpu-clusters-join.timer gpu-clusters-join.service && echo published"),
      "published",
    );
    const [lost, kubeconfig] = [await instancesOf("system"), await cluster.kubeconfig()];
    assert.equal(lost.length, 2);
    await ec2.terminateInstances({ InstanceIds: lost.map(({ InstanceId }) => InstanceId!) });
    const [authorityKey] = await authorityKeys(awsAccess(cluster));
    const aged = await withExpiringCertificate(await cluster.stack.state(true), authorityKey);
    await cluster.stack.replaceState(aged);
    await cluster.up("--refresh");
    assert.notEqual(await cluster.kubeconfig(), kubeconfig);
    const found = await instancesOf("system");
    assert.equal(found.length, 2);
    for (const { name, InstanceId } of found) {
      assert.ok(lost.every((each) => each.InstanceId !== InstanceId));
      await cluster.isReady(name);
    }
    assert.deepEqual(await cluster.stack.preview(), []);
  });

  it("leaves nothing behind", async () => {
    await cluster.leaveNothing();
  });
});
