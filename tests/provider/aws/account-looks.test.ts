import assert from "node:assert/strict";
import {
  DescribeImagesCommand,
  ModifyVpcAttributeCommand,
  ModifyVpcBlockPublicAccessOptionsCommand,
} from "@aws-sdk/client-ec2";
import { CreateKeyCommand, DisableKeyCommand, ScheduleKeyDeletionCommand, KMSClient } from "@aws-sdk/client-kms";
import { readOfferings } from "../../../provider/aws/instance-types";
import { Unknown } from "../../../provider/server/values";
import type { Properties } from "../../../provider/server/wire";
import { EngineResource, type Plugin } from "../server/harness";
import { openToTheWorld, region, reserve, startScene, startScenePlugin, type Scene } from "./scene";

const accountReady = "gpu-clusters:aws:AccountReady";
const absent = "ami-0123456789abcdef0";

describe("what AWS is asked about a cluster before it is made", () => {
  let scene: Scene;
  let plugin: Plugin;
  let kms: KMSClient;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startScenePlugin(scene);
    kms = new KMSClient({ region, endpoint: scene.simulator.endpoint });
  });
  after(async () => {
    kms.destroy();
    await plugin.stop();
    await scene.close();
  });
  afterEach(() => scene.simulator.clearFaults());

  const controlPlane = { instanceType: "t3.xlarge", count: 1, architecture: "x86_64", diskSizeGib: 100 };
  const group = {
    name: "cpu",
    instanceTypes: ["m5.large"],
    minSize: 0,
    maxSize: 1,
    architecture: "x86_64",
    diskSizeGib: 100,
  };
  const found = async (inputs: object, account = new EngineResource(plugin, accountReady, "refused")) =>
    (await account.check(inputs as Properties)).failures.map(({ property, reason }) => `${property}: ${reason}`);
  const paths = (failures: readonly string[]) => failures.map((failure) => failure.replace(/: .*/s, "")).sort();

  it("is told all at once, by the user's fields, with the way out", async () => {
    const { Images = [] } = await scene.ec2.send(new DescribeImagesCommand({}));
    const windows = Images.find(({ Platform }) => Platform?.toLowerCase() === "windows")!.ImageId!;
    const reservation = await reserve(scene, "g5.xlarge", 1);
    const failures = await found({
      controlPlane: { ...controlPlane, instanceType: "m9.xlarge", image: absent },
      nodeGroups: [
        { ...group, image: absent, instanceTypes: ["m5.9xlarge"] },
        { ...group, name: "small", diskSizeGib: 1 },
        {
          ...group,
          name: "held",
          maxSize: 4,
          instanceTypes: ["g5.xlarge"],
          capacity: { reservation: { id: reservation } },
        },
        { ...group, name: "lost", capacity: { reservation: { id: "cr-0123456789abcdef0" } } },
        { ...group, name: "fast", efa: true, placementGroup: "cluster", instanceTypes: ["t3.large"] },
        { ...group, name: "amd", gpuVendor: "amd", instanceTypes: ["g5.xlarge"] },
        { ...group, name: "arm", image: scene.imageId, architecture: "arm64", instanceTypes: ["m6g.large"] },
        { ...group, name: "windows", image: windows },
        { ...group, name: "none", gpus: 2, gpuDriver: false },
        { ...group, name: "whole", mig: true, instanceTypes: ["g5.xlarge"] },
        { ...group, name: "parts", mig: true, partitions: { "1g.20gb": 4 }, instanceTypes: ["p4d.24xlarge"] },
      ],
      network: { zoneCount: 2, zones: ["usw2-az1", "us-west-2-lax-1a"] },
      keyPair: "nobodys",
      permissionsBoundary: "arn:aws:iam::123456789012:policy/nobodys",
      kmsKeyId: "0c1f5e5e-1111-4222-8333-444455556666",
      serviceRoles: ["s3.amazonaws.com"],
      awsProvider: { accountId: "210987654321", region },
    });
    assert.deepEqual(paths(failures), [
      "cloudAccount",
      "controlPlane.image",
      "controlPlane.instanceType",
      "keyPair",
      "kmsKeyId",
      "network.zones[0]",
      "network.zones[1]",
      "nodeGroups[0].image",
      "nodeGroups[0].instanceTypes[0]",
      "nodeGroups[10].gpuSharing.partitions",
      "nodeGroups[1].diskSizeGib",
      "nodeGroups[2].maxSize",
      "nodeGroups[3].capacity.reservation.id",
      "nodeGroups[4].efa",
      "nodeGroups[4].placementGroup",
      "nodeGroups[5].gpuVendor",
      "nodeGroups[6].image",
      "nodeGroups[7].image",
      "nodeGroups[8].gpus",
      "nodeGroups[9].gpuSharing.mig",
      "permissionsBoundary",
      "serviceRoles[0]",
    ]);
    const all = failures.join("\n");
    assert.match(
      all,
      /nodeGroups\[0\]\.image: there is no image "ami-0123456789abcdef0" in us-west-2 .*describe-images/,
    );
    assert.match(all, /nodeGroups\[0\]\.image: .*; without it, the newest of Ubuntu 24\.04 for x86_64 is taken$/m);
    assert.match(
      all,
      /nodeGroups\[6\]\.image: ".*" is for x86_64, but the machines are arm64: name one for them; without/,
    );
    assert.match(all, /nodeGroups\[1\]\.diskSizeGib: 1 is less than the \d+ GiB that the image ami-\w+ holds/);
    assert.match(all, /nodeGroups\[7\]\.image: ".*" is of Windows, and the machines run Linux: .*; without it/);
    assert.match(
      all,
      /nodeGroups\[8\]\.gpus: 2 are counted on each node, and AWS says that \S+ has no GPUs: leave it out/,
    );
    assert.match(all, /nodeGroups\[9\]\.gpuSharing\.mig: g5\.xlarge has 1 × NVIDIA A10G, which cannot be partitioned/);
    assert.match(all, /nodeGroups\[10\]\.gpuSharing\.partitions: p4d\.24xlarge: 1g\.20gb is no size of A100 40GB/);
    assert.match(
      all,
      /permissionsBoundary: there is no policy "arn:aws:iam::123456789012:policy\/nobodys" in the account/,
    );
    assert.match(all, /kmsKeyId: there is no KMS key "0c1f5e5e-.*" in us-west-2: .*`aws kms list-keys`/);
  });

  it("is told of subnets and ranges of a network that exists, and of the types' zones, beside the rest", async () => {
    const place = { network: { subnetIds: [scene.subnetIds[0]!, "subnet-0123456789abcdef0"] }, keyPair: "nobodys" };
    assert.deepEqual(paths(await found({ ...place, ranges: { podCidr: "10.0.0.0/18" } })), [
      "keyPair",
      "network.subnetIds[0]",
      "network.subnetIds[1]",
      "podCidr",
    ]);
    const zones = { zoneCount: 1, zones: [`${region}d`] };
    const elsewhere = await found({ network: zones, nodeGroups: [{ ...group, instanceTypes: ["f2.6xlarge"] }] });
    assert.match(
      elsewhere.join("\n"),
      /^nodeGroups\[0\]\.instanceTypes\[0\]: "f2.6xlarge" is not offered in the zones/m,
    );
  });

  it("refuses files that are mounted by name in a VPC that gives out no names, unless they are there already", async () => {
    const { ec2, subnetIds, vpcId: VpcId } = scene;
    const set = (more: object) => ec2.send(new ModifyVpcAttributeCommand({ VpcId, ...more }));
    const network = { subnetIds: [...subnetIds] };
    const lustre = (failures: readonly string[]) => failures.filter((failure) => failure.startsWith("sharedStorage"));
    await set({ EnableDnsHostnames: { Value: false } });
    const switchedOn = `aws ec2 modify-vpc-attribute --region ${region} --vpc-id ${VpcId} --enable-dns-`;
    const [failure] = lustre(await found({ network: { vpcId: VpcId, dnsNames: true } }));
    assert.equal(
      failure,
      `sharedStorage.lustre: nodes mount it by its DNS name, which ${VpcId} does not give out: switch it on by \`${switchedOn}hostnames\``,
    );
    assert.deepEqual(lustre(await found({ network: { ...network, dnsNames: true } })), [failure]);
    await set({ EnableDnsSupport: { Value: false } });
    const [both] = lustre(await found({ network: { ...network, dnsNames: true } }));
    assert.match(both!, /--enable-dns-support` and `.* --enable-dns-hostnames`$/);
    assert.deepEqual(lustre(await found({ network: { ...network, dnsNames: false } })), []);
    await openToTheWorld(scene);
    for (const [before, refused] of [
      [{}, 0],
      [{ dnsNames: true }, 0],
      [{ dnsNames: false }, 1],
    ] as const) {
      const account = new EngineResource(plugin, accountReady, `with-files-${JSON.stringify(before)}`);
      await set({ EnableDnsSupport: { Value: true } });
      await set({ EnableDnsHostnames: { Value: true } });
      await account.up({ network: { ...network, ...before } });
      await set({ EnableDnsHostnames: { Value: false } });
      const failures = lustre(await found({ network: { ...network, dnsNames: true } }, account));
      assert.equal(failures.length, refused, JSON.stringify(before));
    }
    await set({ EnableDnsHostnames: { Value: true } });
    assert.deepEqual(lustre(await found({ network: { ...network, dnsNames: true } })), []);
    assert.deepEqual(lustre(await found({ network: { vpcId: "vpc-0123456789abcdef0", dnsNames: true } })), []);
  });

  it("refuses a KMS key that is disabled, does not encrypt, or is in another region", async () => {
    const make = async (input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}) =>
      (await kms.send(new CreateKeyCommand(input))).KeyMetadata!;
    const { Arn = "", KeyId } = await make();
    assert.deepEqual(await found({ kmsKeyId: Arn }), []);
    assert.match(
      (await found({ kmsKeyId: Arn.replace(region, "eu-west-1") })).join(),
      /is in eu-west-1, and the cluster/,
    );
    await kms.send(new DisableKeyCommand({ KeyId }));
    assert.match((await found({ kmsKeyId: KeyId })).join(), /^kmsKeyId: ".*" is Disabled, and must be Enabled/);
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
    assert.match((await found({ kmsKeyId: KeyId })).join(), /is PendingDeletion, .* by `aws kms cancel-key-deletion`/);
    const signing = await make({ KeyUsage: "SIGN_VERIFY", KeySpec: "RSA_2048" });
    assert.match(
      (await found({ kmsKeyId: signing.KeyId })).join(),
      /is for SIGN_VERIFY by RSA_2048, and must be a symm/,
    );
  });

  it("is told of a control plane whose type its zones do not offer, also where it runs already", async () => {
    const zones = ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"];
    const offered = async (instanceType: string) => {
      const all = await readOfferings(scene.ec2, [instanceType], AbortSignal.timeout(30_000));
      return zones.filter((zone) => all.some((each) => each.zone === zone));
    };
    const type = "c6in.xlarge";
    const there = await offered(type);
    const without = zones.find((zone) => !there.includes(zone));
    assert.ok(there.length > 0 && without !== undefined, "the test needs a type that one zone lacks");
    const plane = { ...controlPlane, instanceType: type };
    const named = (...names: string[]) => ({ zoneCount: names.length, zones: names });
    const refused = `controlPlane.instanceType: "${type}" is not offered in ${without}, where the control plane is, but in ${there.join(", ")}`;
    const [alone] = await found({ controlPlane: plane, network: named(without, there[0]!) });
    assert.ok(alone?.startsWith(refused), alone);
    // One machine is in the first zone; three are in each.
    assert.deepEqual(await found({ controlPlane: plane, network: named(there[0]!, without) }), []);
    const [three] = await found({ controlPlane: { ...plane, count: 3 }, network: named(there[0]!, without) });
    assert.ok(three?.startsWith(refused), three);
    // Stopped for a type that is not there, it would not start again.
    const account = new EngineResource(plugin, accountReady, "running");
    await account.up({ controlPlane, network: named(without) });
    const [later] = await found({ controlPlane: plane, network: named(without) }, account);
    assert.equal(later, `${refused}: name another type`);
  });

  it("refuses a control plane's type that kubeadm refuses on the machine, of a new cluster", async () => {
    const told = async (instanceType: string, account?: EngineResource) =>
      (await found({ controlPlane: { ...controlPlane, instanceType } }, account)).join();
    const needs = "kubeadm makes no control plane of less than 2 vCPUs and 2 GiB";
    assert.match(
      await told("t3.micro"),
      new RegExp(`^controlPlane.instanceType: "t3.micro" has 2 vCPUs and 1 GiB: ${needs}`),
    );
    assert.match(
      await told("t2.small"),
      new RegExp(`^controlPlane.instanceType: "t2.small" has 1 vCPU and 2 GiB: ${needs}`),
    );
    assert.equal(await told("t3.small"), "");
    const running = new EngineResource(plugin, accountReady, "running-small");
    await running.up({ controlPlane });
    assert.equal(await told("t3.micro", running), "");
  });

  it("refuses a new network where the account keeps the internet from all of them", async () => {
    const block = (InternetGatewayBlockMode: "off" | "block-bidirectional") =>
      scene.ec2.send(new ModifyVpcBlockPublicAccessOptionsCommand({ InternetGatewayBlockMode }));
    const network = { zoneCount: 2, natGateways: 1 };
    assert.deepEqual(await found({ network }), []);
    await block("block-bidirectional");
    try {
      const [failure, ...others] = await found({ network });
      assert.deepEqual(others, []);
      assert.match(
        failure!,
        /^network: VPC Block Public Access \(block-bidirectional\) keeps the internet from every VPC/,
      );
    } finally {
      await block("off");
    }
  });

  it("goes on with the others where it may not ask one thing, or does not know it yet", async () => {
    const wrong = { keyPair: "nobodys", nodeGroups: [{ ...group, image: absent, instanceTypes: ["m5.9xlarge"] }] };
    await scene.simulator.addFault({ action: "DescribeImages", code: "UnauthorizedOperation", status: 403 });
    assert.deepEqual(paths(await found(wrong)), ["keyPair", "nodeGroups[0].instanceTypes[0]"]);
    await scene.simulator.clearFaults();
    const [one] = wrong.nodeGroups;
    const unknown = { ...group, image: Unknown.value };
    const later = { network: { vpcs: 1, vpcId: Unknown.value }, roleNames: [Unknown.value], kmsKeyId: Unknown.value };
    assert.deepEqual(paths(await found({ ...wrong, ...later, nodeGroups: [unknown, one] })), [
      "keyPair",
      "nodeGroups[1].image",
      "nodeGroups[1].instanceTypes[0]",
    ]);
  });

  it("looks later at what is new only, and takes what it looks at for no change", async () => {
    const account = new EngineResource(plugin, accountReady, "grown");
    const ask = { controlPlane, nodeGroups: [{ ...group, image: scene.imageId }] };
    await account.up(ask);
    const others = [{ ...group, name: "more" }, ...ask.nodeGroups];
    assert.equal(await account.up({ ...ask, nodeGroups: others }), "same", "in another place");
    const wrong = { ...group, name: "wrong", image: absent };
    await scene.simulator.changeImage(scene.imageId, "deregistered");
    assert.deepEqual(paths(await found({ ...ask, nodeGroups: [...others, wrong] }, account)), ["nodeGroups[2].image"]);
    const larger = others.map((each) => ({ ...each, maxSize: 2, diskSizeGib: 200 }));
    assert.equal(await account.up({ ...ask, nodeGroups: [{ ...group, name: "another" }, ...larger] }), "same");
    await scene.simulator.clearRequests();
    const fresh = { ...group, name: "fresh", image: absent };
    assert.deepEqual(paths(await found({ ...ask, nodeGroups: [...larger, fresh] }, account)), ["nodeGroups[2].image"]);
    const asked = (await scene.simulator.requests()).filter(({ action }) => action === "DescribeInstanceTypeOfferings");
    assert.equal(asked.length, 1, "of the new group alone");
    // The control plane that runs needs no image, until another one is named.
    const next = { ...controlPlane, instanceType: "m5.xlarge" };
    assert.deepEqual(await found({ controlPlane: next, nodeGroups: larger }, account), []);
    assert.deepEqual(paths(await found({ controlPlane: { ...next, image: absent } }, account)), ["controlPlane.image"]);
    // A state of an older release knows of no group.
    const older = new EngineResource(plugin, accountReady, "older");
    await older.up({ controlPlane: { instanceType: "t3.xlarge", count: 1 } });
    const known = { controlPlane: { ...controlPlane, image: absent }, nodeGroups: [{ ...group, image: absent }] };
    assert.equal(await older.up(known), "same");
  });
});
