/** A cluster on simulated AWS whose machines really boot, from `pulumi up` to `pulumi destroy`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { EC2 } from "@aws-sdk/client-ec2";
import type { AwsNodeGroupArgs } from "../../components/aws/args";
import type { KubernetesApi, KubernetesObject } from "../../sdk/kubernetes/api";
import { kubernetesApi } from "../../sdk/kubernetes/client";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { defaultRegion } from "../../toolchain/cli/simulated-aws";
import { compiledDefaultProgram } from "../engine/compiled-program";
import { EngineEnvironment } from "../engine/environment";
import { oneLife } from "../engine/one-life";
import type { EngineStack } from "../engine/stack";
import { readyStatus, until } from "../machines/test-cluster";
import { bootMs, remains } from "./cluster";
import { advertiseGpus } from "./gpu-device-plugin";
import { inside } from "./inside";
import { readableSecrets, secretsOf } from "./secrets";
import { kubectlFor, proveGpus, proveWorkload, type Kubectl } from "./workload";

const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;
const common = { role: "worker", minSize: 1, maxSize: 1 } as const;
const nodeGroups: AwsNodeGroupArgs[] = [
  { ...common, name: "system", instanceTypes: ["m5.large"], labels: { tier: "general" } },
  { ...common, name: "gpu", instanceTypes: ["g4dn.xlarge"], taints: [gpuTaint] },
];

describe("an AWS cluster on machines that boot", function () {
  this.timeout(bootMs);
  oneLife();

  let directory: string;
  let machinesDirectory: string;
  let program: string;
  let environment: EngineEnvironment;
  let stack: EngineStack;
  let ec2: EC2;
  let api: KubernetesApi;
  let kubectl: Kubectl;

  const node = async (name: string) =>
    (await api.read({ apiVersion: "v1", kind: "Node", name })) as
      (KubernetesObject & { spec: { providerID: string; taints?: object[] } }) | undefined;

  /** The only instance of a group, or the control plane. */
  async function instanceOf(group: string | undefined) {
    const { Reservations = [] } = await ec2.describeInstances({
      Filters: [{ Name: "instance-state-name", Values: ["running"] }],
    });
    const found = Reservations.flatMap(({ Instances = [] }) => Instances).find(
      ({ Tags = [] }) => Tags.find(({ Key }) => Key === "gpu-clusters/node-group")?.Value === group,
    );
    assert.ok(found, `an instance of ${group ?? "the control plane"}`);
    return { ...found, name: found.PrivateDnsName!, disk: diskOf(found.InstanceId!) };
  }

  const diskOf = (instanceId: string) => join(machinesDirectory, `aws~${defaultRegion}~${instanceId}`);

  before(async function () {
    this.timeout(900_000); // The first run makes the image.
    directory = mkdtempSync(join(tmpdir(), "nspawn-aws-"));
    const image = await ensureMachineImage();
    program = await compiledDefaultProgram();
    const machines = (dir: string) => nspawnMachines({ dir: (machinesDirectory = dir), image });
    environment = await EngineEnvironment.start({ machines, aws: {} });
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    const config = {
      "pulumi-gpu-clusters:cloud": "aws",
      "pulumi-gpu-clusters:clusterName": "life",
      "pulumi-gpu-clusters:cni": "none", // The machines' image has one.
      "pulumi-gpu-clusters:keyPair": "ops",
      "pulumi-gpu-clusters:network": { zones: ["us-west-2a", "us-west-2b"] },
      "pulumi-gpu-clusters:nodeGroups": nodeGroups,
    };
    stack = await environment.stack(config, { program, timeoutMs: 2 * bootMs });
  });

  after(async function () {
    this.timeout(bootMs);
    await environment?.stop();
    assert.deepEqual(remains(machinesDirectory), []);
    for (const made of [directory, program]) rmSync(made, { recursive: true, force: true });
  });

  it("is made by `pulumi up`: nodes with their labels, taints, provider ids and addresses", async function () {
    this.timeout(3 * bootMs);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const kubeconfig = (await stack.outputs())["kubeconfig"] as string;
    api = kubernetesApi(kubeconfig);
    kubectl = await kubectlFor(kubeconfig, directory);
    const groups = [undefined, "system", "gpu"];
    const [control, system, gpu] = await Promise.all(groups.map(instanceOf));
    for (const { name, Placement, InstanceId, PrivateIpAddress } of [control!, system!, gpu!]) {
      await until(`${name} is Ready`, async () => readyStatus(await node(name)) === "True", bootMs);
      await until(
        `${name} is initialised`,
        async () =>
          (await node(name))?.metadata.labels?.["topology.kubernetes.io/zone"] === Placement!.AvailabilityZone,
        bootMs,
      );
      const found = await node(name);
      assert.equal(found!.spec.providerID, `aws:///${Placement!.AvailabilityZone}/${InstanceId}`);
      const { addresses } = found!["status"] as { addresses: { type: string; address: string }[] };
      assert.ok(addresses.some(({ type, address }) => type === "InternalIP" && address === PrivateIpAddress));
    }
    assert.equal((await node(system!.name))!.metadata.labels?.["tier"], "general");
    const untainted = async () =>
      assert.deepEqual((await node(gpu!.name))!.spec.taints, [gpuTaint], "the group's own taint only");
    await until("the node takes pods", () => untainted().then(() => true), bootMs);
  });

  it("runs pods that find each other on both workers, and gives the GPUs of a device plugin to the one that asks", async function () {
    this.timeout(2 * bootMs);
    const [system, gpu] = await Promise.all(["system", "gpu"].map(instanceOf));
    const plugin = await advertiseGpus(gpu!.disk, 1);
    try {
      await Promise.all([proveWorkload(kubectl, [system!.name, gpu!.name]), proveGpus(kubectl, gpu!.name, 1)]);
    } finally {
      plugin.stop();
    }
  });

  it("keeps its secrets out of user data, and where no other user of a machine finds them", async () => {
    const secrets = secretsOf(await stack.state(true));
    assert.ok(secrets.length >= 5);
    const { instances } = await environment.aws.state();
    for (const group of [undefined, "system"]) {
      const { disk, InstanceId } = await instanceOf(group);
      assert.ok(instances.some(({ id }) => id === InstanceId));
      const { UserData } = await ec2.describeInstanceAttribute({ InstanceId, Attribute: "userData" });
      const given = gunzipSync(Buffer.from(UserData!.Value!, "base64")).toString();
      assert.match(given, /BEGIN NODE DOCUMENT/);
      for (const secret of secrets) assert.ok(!given.includes(secret), "user data has a secret");
      assert.doesNotMatch(given, /PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}\b/);
      assert.equal(await inside(disk, readableSecrets, secrets.join("\n")), "searched");
    }
  });

  it("answers a machine's metadata service with a token only, and a pod not at all", async () => {
    const { disk } = await instanceOf("system");
    const ask = "curl -s -m 5 -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id";
    assert.equal(await inside(disk, ask), "401");
    const reach = ["timeout", "3", "busybox", "wget", "-qO-", "http://169.254.169.254/latest/meta-data/"];
    await assert.rejects(kubectl("exec", "deployment/web", "--", "/bin/busybox", ...reach), /exit code|143/);
  });

  it("reads with a node's role what nodes need, and not the cluster's keys", async () => {
    const { disk } = await instanceOf("system");
    const read = async (parameter: string) => {
      const document = { role: "control-plane", secrets: { parameter: `/gpu-clusters/life/${parameter}` } };
      const ask = "EC2_ATTEMPTS=0 python3 /var/lib/gpu-clusters/ec2.py complete 2>&1";
      return inside(disk, ask, `#\n${JSON.stringify(document)}`);
    };
    assert.match(await read("join"), /"bootstrapToken"/);
    assert.match(
      await read("control-plane-keys"),
      /AccessDeniedException.*not authorized to perform: ssm:GetParameter/,
    );
  });

  it("leaves nothing behind", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual((await environment.simulator.state()).machines, []);
    assert.deepEqual(remains(machinesDirectory), []);
  });
});
