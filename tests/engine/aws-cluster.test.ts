import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import type { AwsContents } from "../../simulator/aws/client";
import type { AwsNodeGroupArgs } from "../../components/aws/args";
import { defaultRegion } from "../../commands/simulated-aws";
import { runCommand } from "../../toolchain/tools/command";
import { allUserData, authorityKeys } from "./aws-secrets";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { holdsBack, loudRuns, verboseDestroy, verboseRuns } from "./loud-runs";
import { isReady, nodesOf } from "./nodes";
import { oneLife } from "./one-life";
import { secretTexts } from "./secret-texts";
import { makeServiceLeftovers, type Connection } from "./service-leftovers";
import type { EngineStack, Step } from "./stack";
import { until } from "../until";

const system: AwsNodeGroupArgs = {
  name: "system",
  role: "worker",
  minSize: 1,
  maxSize: 2,
  instanceTypes: ["m6i.large", "m5.large"],
  labels: { tier: "general" },
};
const gpu: AwsNodeGroupArgs = {
  name: "gpu",
  role: "worker",
  minSize: 1,
  maxSize: 2,
  instanceTypes: ["g4dn.xlarge"],
  capacity: { spot: { allocationStrategy: "capacity-optimized" } },
  taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
};

/** The smallest that has every part: two zones, one NAT gateway, an on-demand group and a spot group with GPUs. */
const base = {
  "pulumi-gpu-clusters:cloud": "aws",
  "pulumi-gpu-clusters:clusterName": "life",
  "pulumi-gpu-clusters:cni": "none",
  "pulumi-gpu-clusters:keyPair": "ops",
  "pulumi-gpu-clusters:network": { zones: ["us-west-2a", "us-west-2b"] },
  "pulumi-gpu-clusters:nodeGroups": [system, gpu],
};

describe("an AWS cluster on the engine", function () {
  this.timeout(900_000);
  oneLife();

  let environment: EngineEnvironment;
  let program: string;
  let stack: EngineStack;
  let directory: string;
  let kubeconfig: string;
  let connection: Connection;
  let ec2: EC2;

  const nodeGroups = (...groups: AwsNodeGroupArgs[]) => ({ "pulumi-gpu-clusters:nodeGroups": groups });
  const configure = (changes: object) => stack.configure({ ...environment.providerConfig, ...base, ...changes });

  /** What a preview would do to the stack as it is, by operation and name. */
  async function previewOf(changes: object): Promise<string[]> {
    configure(changes);
    return (await stack.preview()).map(inWords).sort();
  }

  const nodes = (group: string) =>
    nodesOf(environment.tools.kubectl, kubeconfig, "-l", `gpu-clusters/node-group=${group}`);

  /** Ids of a group's instances that run or are about to. */
  async function instancesOf(group: string): Promise<string[]> {
    const { instances } = await environment.aws.state();
    return instances
      .filter(({ tags, state }) => tags?.["gpu-clusters/node-group"] === group && state !== "shutting-down")
      .map(({ id }) => id)
      .sort();
  }

  before(async () => {
    program = await compiledDefaultProgram();
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
    // An account whose defaults and policies are stricter than a new one's.
    await environment.aws.setAccount({ instanceMetadataTags: true, volumeTags: ["gpu-clusters/cluster"] });
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-aws-life-"));
    kubeconfig = join(directory, "kubeconfig");
    stack = await environment.stack(base, { program });
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    connection = { endpoint: environment.aws.endpoint, region: defaultRegion, credentials };
    ec2 = new EC2(connection);
  });

  after(async () => {
    await environment?.stop();
    if (directory) rmSync(directory, { recursive: true, force: true });
    if (program) rmSync(program, { recursive: true, force: true });
  });

  it("previews the whole cluster before anything exists, and only reads", async () => {
    const steps = await stack.preview();
    assert.ok(steps.length > 40, `${steps.length} steps`);
    assert.deepEqual([...new Set(steps.map(({ op }) => op))], ["create"]);
    const asked = new Set((await environment.aws.requests()).map(({ action }) => action));
    assert.ok(asked.has("DescribeInstanceTypeOfferings"), "the groups were checked against the region");
    assert.deepEqual(
      [...asked].filter((action) => !/^(Describe|Get|List)/.test(action)),
      [],
    );
    assert.deepEqual(existing(await environment.aws.state()), {});
  });

  it("refuses at the preview to make half of a cluster in another region", async () => {
    const own = environment.providerConfig["gpu-clusters:aws"] as object;
    configure({ "gpu-clusters:aws": { ...own, region: "eu-west-1" } });
    await assert.rejects(stack.preview(), /the AWS provider is in us-west-2 and gpu-clusters in eu-west-1/);
    configure({ "gpu-clusters:aws": { ...own, region: undefined } });
    assert.ok((await stack.preview()).length > 0, "saying it once is enough");
    configure({});
  });

  it("makes a cluster whose kubeconfig answers, with its nodes Ready", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    writeFileSync(kubeconfig, outputs.kubeconfig as string, { mode: 0o600 });
    const [worker, ...others] = await nodes("gpu");
    assert.equal(others.length, 0);
    const [instance] = await instancesOf("gpu");
    assert.match(worker!.metadata.name, /^ip-10-0-\d+-\d+\.us-west-2\.compute\.internal$/);
    assert.match(worker!.spec.providerID, new RegExp(`^aws:///us-west-2[ab]/${instance}$`));
    assert.equal(worker!.metadata.labels["gpu-clusters/cluster"], "life");
    assert.equal(worker!.metadata.labels["gpu-clusters/role"], "worker");
    assert.equal(worker!.status.capacity["nvidia.com/gpu"], "1");
    assert.ok(worker!.spec.taints?.some(({ key }) => key === "nvidia.com/gpu"));
    assert.ok(isReady(worker!));
    const { kubeconfigExec, vpcId, subnetIds, nodeRoleArn } = outputs;
    assert.match(String(kubeconfigExec), /ssm[^]*get-parameter[^]*\/gpu-clusters\/life\/admin-credential/);
    assert.match(String(vpcId), /^vpc-/);
    assert.equal((subnetIds as string[]).length, 2);
    assert.match(String(nodeRoleArn), /:role\/life-node-role$/);
  });

  it("makes machines that ask for tokens of their metadata service and carry the cluster's marks", async () => {
    const { instances, fleets } = await environment.aws.state();
    assert.equal(instances.length, 3);
    for (const { id, httpTokens, hopLimit, tags, keyName } of instances) {
      assert.deepEqual(
        [httpTokens, hopLimit, keyName, tags?.["gpu-clusters/cluster"]],
        ["required", 1, "ops", "life"],
        id,
      );
    }
    assert.deepEqual(
      instances.map(({ lifecycle, type, instanceProfile }) => [lifecycle, type, instanceProfile].join(" ")).sort(),
      [
        "on-demand m6i.large life-instance-profile",
        "on-demand t3.xlarge life-control-plane-profile",
        "spot g4dn.xlarge life-instance-profile",
      ],
    );
    assert.deepEqual(
      fleets.map(({ excessCapacityTerminationPolicy, target }) => [excessCapacityTerminationPolicy, target]),
      [
        ["no-termination", 1],
        ["no-termination", 1],
      ],
    );
  });

  it("keeps every secret out of the state, the output, the log and the user data", async () => {
    const state = await stack.state();
    const secrets = [
      ...secretTexts(JSON.parse(await stack.state(true)) as object),
      ...(await authorityKeys(connection)),
    ];
    assert.ok(secrets.length >= 8, `only ${secrets.length} secrets found: the scan would prove nothing`);
    const log = JSON.stringify([await environment.aws.requests(), await environment.simulator.state()]);
    const userData = await allUserData(ec2);
    assert.equal(userData.length, 3);
    for (const text of userData) assert.match(text, /BEGIN NODE DOCUMENT/);
    // The same `up` shows that nothing is left to do.
    const again = await stack.up("--expect-no-changes");
    assert.ok(again.ok, again.text);
    const places = { state, log, output: again.text, userData: userData.join("\n") };
    for (const secret of secrets) {
      for (const [where, text] of Object.entries(places)) {
        const isThere = text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1));
        assert.ok(!isThere, `a secret (${secret.slice(0, 24)}…) stands in the ${where}`);
      }
    }
  });

  it("has no key of the authorities in the decrypted state, and prints no secret however it is asked to", async () => {
    const state = await stack.state(true);
    const keys = await authorityKeys(connection);
    for (const key of keys) assert.ok(!state.includes(key.split("\n")[1] ?? key), "the state has an authority's key");
    await holdsBack(stack, loudRuns, [...secretTexts(JSON.parse(state) as object), ...keys]);
    // Pulumi's engine logs all that passes through it, the administrator's key too.
    await holdsBack(stack, verboseRuns, keys);
  });

  it("would take note of another image of the control plane, and leave the machine as it is, also for another Kubernetes", async () => {
    const Filters = [{ Name: "name", Values: ["ubuntu/images/hvm-ssd*22.04-amd64-server-*"] }];
    const image = (await ec2.describeImages({ Filters })).Images![0]!.ImageId!;
    const steps = await previewOf({
      "pulumi-gpu-clusters:controlPlane": { image },
      "pulumi-gpu-clusters:kubernetesVersion": "1.35",
    });
    assert.deepEqual(steps, ["update test", "update test-image-of-control-plane"]);
  });

  it("refuses another number of control planes, before it changes anything", async () => {
    configure({ "pulumi-gpu-clusters:controlPlane": { count: 3 } });
    await environment.aws.clearRequests();
    const up = await stack.up();
    assert.ok(!up.ok);
    assert.match(
      up.text,
      /controlPlane\.count: was 1 when the cluster "life" was made, and cannot become 3: .*Set it back to 1/,
    );
    const asked = (await environment.aws.requests()).map(({ action }) => action);
    assert.deepEqual(
      asked.filter((action) => !/^(Describe|Get|List)/.test(action)),
      [],
    );
  });

  it("would change labels, types, images and keys of groups in place, and nothing of the control plane", async () => {
    const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
    await environment.aws.provideKeyPair({ name: "newer", region: defaultRegion, publicKey });
    const Filters = [{ Name: "name", Values: ["Deep Learning Base*22.04*"] }];
    const { Images } = await ec2.describeImages({ Filters });
    const anotherImage = Images!.find(({ Architecture }) => Architecture === "x86_64")!.ImageId!;
    const steps = await previewOf({
      "pulumi-gpu-clusters:keyPair": "newer",
      ...nodeGroups(
        { ...system, labels: { tier: "batch" }, instanceTypes: ["m5.large"] },
        { ...gpu, image: anotherImage },
        { ...system, name: "more", minSize: 0 },
      ),
    });
    assert.deepEqual(steps, [
      "create test-more",
      "create test-more-image",
      "create test-more-template",
      // The autoscaler learns of the new group.
      "replace test-autoscaler-config",
      "replace test-autoscaler-priorities",
      "update test",
      "update test-account",
      "update test-autoscaler",
      "update test-gpu",
      "update test-gpu-image",
      "update test-gpu-template",
      "update test-nodes",
      "update test-system",
      "update test-system-template",
    ]);
  });

  it("would make a group anew for another strategy, which a fleet keeps for its life, and move bounds in place", async () => {
    const steps = await previewOf(
      nodeGroups(
        { ...system, maxSize: 5 },
        { ...gpu, capacity: { spot: { allocationStrategy: "price-capacity-optimized" } } },
      ),
    );
    // The autoscaler learns the new bounds.
    assert.deepEqual(steps, [
      "replace test-autoscaler-config",
      "replace test-gpu",
      "update test",
      "update test-autoscaler",
      "update test-system",
    ]);
  });

  it("moves the size into the bounds, gives new machines the new label, and keeps those that run", async () => {
    const [first] = await instancesOf("system");
    configure(nodeGroups({ ...system, labels: { tier: "batch" }, minSize: 2 }, gpu));
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const now = await instancesOf("system");
    assert.equal(now.length, 2);
    assert.ok(now.includes(first!), "the machine that ran still runs");
    const tiers = Object.fromEntries(
      (await nodes("system")).map(({ spec, metadata }) => [spec.providerID.split("/").at(-1), metadata.labels.tier]),
    );
    assert.deepEqual(tiers, Object.fromEntries(now.map((id) => [id, id === first ? "general" : "batch"])));
  });

  it("has a fleet that replaces what another hand terminated, and refresh sees it", async () => {
    const [lost] = await instancesOf("gpu");
    await ec2.terminateInstances({ InstanceIds: [lost!] });
    const refilled = async () => {
      const ids = await instancesOf("gpu");
      return ids.length === 1 && ids[0] !== lost ? ids[0]! : undefined;
    };
    const fresh = await until("another machine of the fleet", refilled);
    const refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
    const group = (await stack.resources()).find(({ urn }) => urn.endsWith("::test-gpu"))!;
    const known = (group.outputs.machines as { id: string }[]).map(({ id }) => id);
    assert.deepEqual(known, [fresh]);
    const up = await stack.up("--expect-no-changes");
    assert.ok(up.ok, up.text);
    const isJoined = async () =>
      (await nodes("gpu")).some((node) => isReady(node) && node.spec.providerID.endsWith(`/${fresh}`));
    await until("its node", isJoined);
  });

  it("makes anew what was in the cluster when the machine is lost that kept it, and its nodes", async () => {
    const { instances } = await environment.aws.state();
    const lost = instances.find(({ tags }) => tags?.["Name"] === "life-control-plane")!.id;
    await ec2.terminateInstances({ InstanceIds: [lost] });
    await until(
      "the end of the control plane",
      async () => !(await environment.aws.state()).instances.some(({ id }) => id === lost),
    );
    const refreshed = await stack.previewed("refresh", ["--target", "**Instance::test-control-plane"]);
    assert.match(refreshed.text, /Instance test-control-plane deleted/);
    const mended = await stack.previewed("up");
    assert.ok(mended.ok, mended.text);
    assert.equal((await nodes("gpu")).filter(isReady).length, 1);
    const daemons = ["get", "daemonsets", "--namespace", "kube-system", "-o", "name"];
    const { stdout } = await runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, ...daemons], {});
    assert.match(stdout, /aws-cloud-controller-manager/);
    assert.deepEqual(await stack.preview(), []);
  });

  it("would change nothing when AWS withdraws a zone and the images", async () => {
    const reservations = (await ec2.describeInstances()).Reservations ?? [];
    const images = reservations.flatMap(({ Instances = [] }) => Instances.flatMap(({ ImageId }) => ImageId ?? []));
    for (const image of new Set(images)) {
      await environment.aws.changeImage(image, "deprecated");
      await environment.aws.changeImage(image, "deregistered");
    }
    await environment.aws.setZones({ "us-west-2a": "withdrawn" });
    try {
      assert.deepEqual(await previewOf(nodeGroups({ ...system, labels: { tier: "batch" }, minSize: 2 }, gpu)), []);
    } finally {
      await environment.aws.setZones({ "us-west-2a": "available" });
    }
  });

  it("leaves nothing behind, of its controllers neither, and prints no key as it goes", async () => {
    const { vpcId, subnetIds } = (await stack.outputs()) as { vpcId: string; subnetIds: string[] };
    await makeServiceLeftovers(ec2, { clusterName: "life", vpcId, subnetIds }, connection);
    await holdsBack(stack, [verboseDestroy], await authorityKeys(connection));
    assert.deepEqual(await environment.aws.misfits(), [], "requests that AWS's own models do not have");
    assert.deepEqual(await stack.resources(), []);
    const { aws, machines } = await environment.simulator.state();
    assert.deepEqual(machines, []);
    for (const kind of [
      "instances",
      "fleets",
      "launchTemplates",
      "vpcs",
      "addresses",
      "volumes",
      "roles",
      "keys",
      "parameters",
      "classicLoadBalancers",
      "loadBalancers",
      "targetGroups",
      "networkInterfaces",
      "securityGroups",
    ])
      assert.ok(kind in aws!, `${kind} are looked for`);
    assert.deepEqual(existing(aws!), {});
  });
});

function existing(contents: AwsContents): Partial<AwsContents> {
  return Object.fromEntries(Object.entries(contents).filter(([, objects]) => objects.length > 0));
}

function inWords({ op, urn }: Step): string {
  return `${op} ${urn.split("::").at(-1)}`;
}
