import assert from "node:assert/strict";
import {
  AllocateAddressCommand,
  CreateSecurityGroupCommand,
  ModifySubnetAttributeCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateRoleCommand, DeleteRoleCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import { EngineResource, PluginError, type Plugin } from "../server/harness";
import { addTemplateVersion, makeTemplate, region, startImpatientPlugin, startScene, type Scene } from "./scene";

describe("AWS answers that are kept", () => {
  let scene: Scene;
  let plugin: Plugin;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    await scene.clients.iam.send(new DeleteRoleCommand({ RoleName: "AWSServiceRoleForEC2Spot" }));
    plugin = await startImpatientPlugin(scene);
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });
  afterEach(async () => {
    await inRegion(region);
    await scene.simulator.setZones({ [`${region}a`]: "available", [`${region}b`]: "available" });
  });

  const inRegion = (where: string) => plugin.configure({ aws: { region: where, endpoint: scene.simulator.endpoint } });

  const resource = (type: string, name: string) => new EngineResource(plugin, `gpu-clusters:aws:${type}`, name);
  const refusal = async (type: string, inputs: object) =>
    (await resource(type, "refused").check(inputs as never)).failures.map(
      ({ property, reason }) => `${property}: ${reason}`,
    );

  it("refuses an account or a region that is not the AWS provider's, and says what to set", async () => {
    assert.deepEqual(await refusal("AccountReady", { awsProvider: { accountId: "123456789012", region } }), []);
    const [where, who, ...others] = await refusal("AccountReady", {
      awsProvider: { accountId: "210987654321", region: "eu-west-1" },
    });
    assert.match(where!, /^region: the AWS provider is in eu-west-1 and gpu-clusters in us-west-2: say it once/);
    assert.match(
      who!,
      /^cloudAccount: .* of account 210987654321 and those of gpu-clusters of 123456789012: .*AWS_PROFILE/,
    );
    assert.deepEqual(others, []);
    await scene.simulator.addFault({ action: "GetCallerIdentity", code: "InvalidClientTokenId", status: 403 });
    const [none] = await refusal("AccountReady", { awsProvider: { accountId: "123456789012", region } });
    assert.match(none!, /^cloudAccount: .* of account 123456789012, and gpu-clusters has none \(.*\): .*AWS_PROFILE/);
    assert.deepEqual(await refusal("AccountReady", {}), [], "where nobody has credentials, others say so");
    await scene.simulator.clearFaults();
  });

  it("names a region that AWS does not have, and asks nothing else there", async () => {
    await assert.rejects(
      inRegion("us-wset-2"),
      /aws\.region: "us-wset-2" is not a region .*did you mean "us-west-2"\?/,
    );
    await inRegion("us-west-9");
    assert.deepEqual(await refusal("AccountReady", { keyPair: "nobodys" }), [
      'region: AWS has no region "us-west-9" (did you mean "us-west-1"?)',
    ]);
    await inRegion(region);
    await scene.simulator.addFault({ action: "DescribeRegions", code: "UnauthorizedOperation", status: 403 });
    assert.match((await refusal("AccountReady", { keyPair: "nobodys" })).join(), /^keyPair: .* in us-west-2/);
    await scene.simulator.clearFaults();
  });

  it("has a simulated AWS whose organisation forbids public addresses", async () => {
    await scene.simulator.setAccount({ denied: ["AllocateAddress"] });
    await assert.rejects(scene.ec2.send(new AllocateAddressCommand({})), /ec2:AllocateAddress .*explicit deny/);
    await scene.simulator.setAccount({ denied: ["AssociatePublicIpAddress"] });
    const [SubnetId] = scene.subnetIds;
    const launch = () =>
      scene.ec2.send(new RunInstancesCommand({ ImageId: scene.imageId, SubnetId, MinCount: 1, MaxCount: 1 }));
    const addresses = (Value: boolean) =>
      scene.ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value } }));
    await addresses(true);
    await assert.rejects(launch(), /ec2:RunInstances .*explicit deny in a service control policy/);
    await addresses(false);
    await launch();
    await scene.simulator.setAccount({ denied: [] });
  });

  it("makes no role in an account that is refused", async () => {
    const account = resource("AccountReady", "elsewhere");
    const { inputs } = await account.check({ serviceRoles: ["spot.amazonaws.com"] });
    inputs.values["awsProvider"] = { accountId: "210987654321", region };
    await assert.rejects(account.create(inputs), /cloudAccount: /);
    const role = new GetRoleCommand({ RoleName: "AWSServiceRoleForEC2Spot" });
    await assert.rejects(scene.clients.iam.send(role), /cannot be found|NoSuchEntity/i);
  });

  it("knows at the preview which zones a new network will be in", async () => {
    const zones = resource("ZoneChoice", "previewed");
    const previewed = await zones.previewCreate((await zones.check({ count: 3 })).inputs);
    assert.deepEqual(
      previewed.values["zones"],
      ["a", "b", "c"].map((zone) => region + zone),
    );
  });

  it("asks once for a check and the preview after it, and anew for what is made and for other inputs", async () => {
    const image = resource("ImageChoice", "once");
    const asked = async () => (await scene.simulator.requests()).length;
    await scene.simulator.clearRequests();
    const { inputs } = await image.check({ gpu: true });
    const { imageId } = (await image.previewCreate(inputs)).values;
    assert.equal(await asked(), 1);
    assert.deepEqual([(await image.previewCreate(inputs)).values["imageId"], await asked()], [imageId, 2]);
    await image.check({ gpu: true });
    await image.create(inputs);
    assert.equal(await asked(), 4);
    const others = (await image.check({ ubuntu: "22.04" })).inputs;
    assert.notEqual((await image.previewCreate(inputs)).values["imageId"], undefined);
    assert.equal(await asked(), 6, "the check was of others");
    await image.check({ ubuntu: "22.04" });
    await inRegion("eu-west-1");
    await image.previewCreate(others);
    assert.equal(await asked(), 8, "the check was in another region");
  });

  it("keeps the zones of a network when AWS impairs or withdraws one", async () => {
    const zones = resource("ZoneChoice", "zones");
    await zones.up({ count: 3 });
    const chosen = zones.stored!.state.values["zones"];
    for (const state of ["impaired", "withdrawn"]) {
      await scene.simulator.setZones({ [`${region}a`]: state });
      await zones.refresh();
      assert.equal(await zones.up({ count: 3 }), "same", state);
      assert.deepEqual(zones.stored!.state.values["zones"], chosen);
    }
    const fresh = resource("ZoneChoice", "fresh");
    await fresh.up({ count: 3 });
    assert.deepEqual(
      fresh.stored!.state.values["zones"],
      ["b", "c", "d"].map((zone) => region + zone),
    );
    // To name what is there already is no change; to name others would move subnets with machines in them.
    assert.equal(await zones.up({ count: 3, names: chosen as string[] }), "update");
    await assert.rejects(zones.up({ count: 3, names: [`${region}d`] }), /cannot become us-west-2d/);
    await inRegion("eu-west-1");
    assert.equal(await zones.up({ count: 3 }), "replace");
    const { zones: there, region: where } = zones.stored!.state.values;
    assert.deepEqual([there, where], [["a", "b", "c"].map((zone) => `eu-west-1${zone}`), "eu-west-1"]);
  });

  it("refuses zones by id, zones elsewhere, local zones, and more zones than there are", async () => {
    const names = ["usw2-az1", "eu-west-1a", "us-west-2-lax-1a", "us-west-2b"];
    const found = await refusal("ZoneChoice", { count: 4, names });
    assert.equal(found.length, 3);
    assert.match(
      found[0]!,
      /^names\[0\]: "usw2-az1" is the id of a zone, whose name for this account is "us-west-2[a-d]"$/,
    );
    assert.match(found[1]!, /^names\[1\]: "eu-west-1a" is no zone of us-west-2; there are: us-west-2a, us-west-2b/);
    assert.match(found[2]!, /^names\[2\]: "us-west-2-lax-1a" is a local zone/);
    assert.match(
      (await refusal("ZoneChoice", { count: 5 })).join(),
      /^names: us-west-2 has 4 zones /,
      "a local zone that the account has not switched on is none of them",
    );
    await inRegion("us-west-1");
    const few = await refusal("ZoneChoice", { count: 3 });
    assert.match(few[0]!, /^names: us-west-1 has 2 zones .* name those to use$/);
  });

  it("keeps an image that is deprecated, then gone", async () => {
    const image = resource("ImageChoice", "image");
    await image.up({ gpu: true });
    const { imageId, rootDeviceName } = image.stored!.state.values as { imageId: string; rootDeviceName: string };
    assert.equal(rootDeviceName, "/dev/sda1");
    await scene.simulator.changeImage(imageId, "deprecated");
    assert.deepEqual(await refusal("ImageChoice", { imageId }), [], "named by id it can still be used");
    const next = resource("ImageChoice", "next");
    await next.up({ gpu: true });
    const newest = next.stored!.state.values["imageId"] as string;
    assert.notEqual(newest, imageId, "a search finds what is not deprecated");
    await scene.simulator.changeImage(imageId, "deregistered");
    await image.refresh();
    const warnings = plugin.messages.map(({ message }) => message).filter((message) => message.includes(imageId));
    assert.match(warnings.join("\n"), /is gone: what runs goes on, and .* `image` must name another/);
    assert.equal(await image.up({ gpu: true }), "same");
    assert.equal(image.stored!.state.values["imageId"], imageId);
    const [gone] = await refusal("ImageChoice", { imageId });
    assert.ok(gone!.startsWith(`imageId: there is no image "${imageId}" in us-west-2 that this account may use`));
    // The way out.
    assert.equal(await image.up({ gpu: true, imageId: newest }), "update");
    assert.equal(image.stored!.state.values["imageId"], newest);
    assert.match((await refusal("ImageChoice", { imageId: newest, architecture: "arm64" }))[0]!, /is for x86_64/);
  });

  it("goes on with a group whose image is gone, and makes none of such an image", async () => {
    const image = resource("ImageChoice", "old");
    await image.up({ ubuntu: "22.04" });
    const ImageId = image.stored!.state.values["imageId"] as string;
    const launchTemplateId = await makeTemplate(scene, "outlived", { ImageId });
    const group = resource("NodeGroup", "outlived");
    const inputs = {
      clusterName: "alpha",
      name: "outlived",
      minSize: 0,
      maxSize: 1,
      launchTemplateId,
      launchTemplateVersion: 1,
      instanceTypes: ["m5.large"],
      subnetIds: [...scene.subnetIds],
    };
    await group.up(inputs);
    await scene.simulator.changeImage(ImageId, "deregistered");
    const launchTemplateVersion = Number(await addTemplateVersion(scene, launchTemplateId, { KeyName: "newer" }));
    assert.equal(await group.up({ ...inputs, launchTemplateVersion }), "update");
    const warnings = plugin.messages.map(({ message }) => message).filter((message) => message.includes(ImageId));
    assert.match(warnings.join("\n"), /does not exist in the region: until `image` of the group names another/);
    assert.match((await refusal("NodeGroup", { ...inputs, name: "another" })).join("\n"), /does not exist/);
    await assert.rejects(group.up({ ...inputs, launchTemplateVersion, minSize: 1 }), (error: PluginError) => {
      assert.match(error.message, /InvalidAMIID.NotFound/);
      return true;
    });
    await group.destroy();
  });

  it("keeps what types are as long as they are named, and asks of others only", async () => {
    const types = resource("InstanceTypeFacts", "types");
    await types.up({ instanceTypes: ["p5.48xlarge"] });
    const facts = () =>
      types.stored!.state.values["facts"] as { name: string; efaInterfaces: number; networkCards: number }[];
    assert.deepEqual(
      facts().map(({ name, efaInterfaces }) => [name, efaInterfaces]),
      [["p5.48xlarge", 32]],
    );
    await scene.simulator.clearRequests();
    await types.refresh();
    assert.equal(await types.up({ instanceTypes: ["p5.48xlarge"] }), "same");
    assert.deepEqual(await scene.simulator.requests(), [], "AWS is not asked again");
    assert.equal(await types.up({ instanceTypes: ["m5.large", "p5.48xlarge"] }), "update");
    assert.deepEqual(
      facts().map(({ name }) => name),
      ["m5.large", "p5.48xlarge"],
    );
    // What the state has stays, whatever AWS says by now.
    types.stored!.state.values["facts"] = facts().map((each) => ({ ...each, networkCards: 7 }));
    assert.equal(await types.up({ instanceTypes: ["g5.xlarge", "p5.48xlarge"] }), "update");
    assert.deepEqual(
      facts().map(({ name, networkCards }) => [name, networkCards]),
      [
        ["g5.xlarge", 1],
        ["p5.48xlarge", 7],
      ],
    );
    await types.destroy();
  });

  it("refuses what the account cannot have, and examines what it has no more", async () => {
    const rest = { controlPlane: { instanceType: "m5.xlarge", count: 3 } };
    assert.match(
      (await refusal("AccountReady", { ...rest, keyPair: "nobodys" })).join(),
      /^keyPair: key pair "nobodys" does not exist/,
    );
    const account = resource("AccountReady", "account");
    await account.up(rest);
    assert.equal(account.stored!.state.values["accountId"], "123456789012");
    await scene.simulator.setQuotas({ "L-1216C47A": 4 });
    assert.equal(await account.up(rest), "same");
    const more = { controlPlane: { instanceType: "m5.2xlarge", count: 3 } };
    assert.match(
      (await refusal("AccountReady", more)).join(),
      /^controlPlane.instanceType: 3 × m5.2xlarge need 24 vCPUs/,
    );
    await scene.simulator.setQuotas({ "L-1216C47A": 1000 });
    assert.match(
      (await refusal("AccountReady", { controlPlane: { instanceType: "m9.xlarge", count: 1 } })).join(),
      /^controlPlane.instanceType: "m9.xlarge" is not offered in us-west-2/,
    );
    await scene.simulator.addFault({ action: "DescribeInstanceTypeOfferings", code: "UnauthorizedOperation" });
    assert.deepEqual(await refusal("AccountReady", more), []);
    await scene.simulator.clearFaults();
  });

  it("makes the roles that services lack, once, keeps them, and says who can where it may not", async () => {
    const account = resource("AccountReady", "roles");
    const inputs = { serviceRoles: ["ec2fleet.amazonaws.com", "spot.amazonaws.com"] };
    await scene.simulator.addFault({ action: "CreateServiceLinkedRole", code: "AccessDenied", status: 403 });
    await assert.rejects(account.up(inputs), (error: PluginError) => {
      assert.match(
        error.message,
        /lacks the role AWSServiceRoleForEC2Spot.*create-service-linked-role --aws-service-name spot/s,
      );
      return true;
    });
    await scene.simulator.clearFaults();
    await account.up(inputs);
    await resource("AccountReady", "another").up(inputs);
    await account.destroy();
    for (const name of ["EC2Fleet", "EC2Spot"]) {
      const command = new GetRoleCommand({ RoleName: `AWSServiceRoleFor${name}` });
      assert.ok((await scene.clients.iam.send(command)).Role, name);
    }
    // A cluster that gets its first group of spot machines later.
    await scene.clients.iam.send(new DeleteRoleCommand({ RoleName: "AWSServiceRoleForEC2Spot" }));
    const grown = resource("AccountReady", "grown");
    await grown.up({ serviceRoles: ["ec2fleet.amazonaws.com"] });
    assert.equal(await grown.up(inputs), "update");
    assert.ok((await scene.clients.iam.send(new GetRoleCommand({ RoleName: "AWSServiceRoleForEC2Spot" }))).Role);
    const unknown = await refusal("AccountReady", { serviceRoles: ["s3.amazonaws.com"] });
    assert.deepEqual(unknown, ['serviceRoles[0]: "s3.amazonaws.com" is not known']);
  });

  it("refuses a network that the quotas have no room for, and lets no unknown quota stand in the way", async () => {
    const network = { vpcs: 1, addresses: 2, natGateways: 1, securityGroupRules: 70 };
    assert.deepEqual(await refusal("AccountReady", { network }), []);
    await scene.simulator.setQuotas({ "L-0263D0A3": 1, "L-F678F1CE": 2, "L-0EA8095F": 60 });
    const found = await refusal("AccountReady", { network });
    assert.equal(found.length, 3);
    assert.match(
      found[0]!,
      /^network.vpcs: a VPC: 1 more needed, but .*"VPCs per Region" is 2 in us-west-2, of which 2 are used/,
    );
    assert.match(found[1]!, /^network.addresses: public addresses: 2 needed, but .* is 1 in us-west-2/);
    assert.match(found[2]!, /^network.securityGroupRules: /);
    await scene.simulator.addFault({ action: "GetServiceQuota", code: "IllegalArgumentException", status: 400 });
    assert.deepEqual(await refusal("AccountReady", { network }), []);
    await scene.simulator.clearFaults();
    await scene.simulator.setQuotas({ "L-0263D0A3": 100, "L-F678F1CE": 100, "L-0EA8095F": 100 });
  });

  it("refuses names of roles that another cluster of the account has, in whichever region", async () => {
    const role = (RoleName: string, stack: string) =>
      scene.clients.iam.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: "{}",
          Tags: [{ Key: "gpu-clusters/stack", Value: stack }],
        }),
      );
    await role("train-node-role", "infra/elsewhere");
    await role("own-node-role", "infra/here");
    const ownTags = { "gpu-clusters/stack": "infra/here" };
    assert.deepEqual(await refusal("AccountReady", { roleNames: ["own-node-role", "free"], ownTags }), []);
    assert.match(
      (await refusal("AccountReady", { roleNames: ["train-node-role"], ownTags })).join(),
      /^clusterName: the account has a role "train-node-role" already, and roles belong to all its regions/,
    );
  });

  it("refuses the name of another stack's cluster of the region, whatever stands before it", async () => {
    const group = (GroupName: string, tags: Record<string, string>) =>
      scene.ec2.send(
        new CreateSecurityGroupCommand({
          GroupName,
          Description: "d",
          VpcId: scene.vpcId,
          TagSpecifications: [
            { ResourceType: "security-group", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
          ],
        }),
      );
    const stack = "gpu-clusters/stack";
    await group("prod-shared-nodes", { "gpu-clusters/cluster": "shared", [stack]: "infra/prod" });
    await group("own-nodes", { "gpu-clusters/cluster": "own", [stack]: "infra/here" });
    // What a controller makes for a Service of another.
    await group("k8s-elb-x", { "kubernetes.io/cluster/own": "owned" });
    const ownTags = { [stack]: "infra/here" };
    const found = async (clusterName: string) => (await refusal("AccountReady", { clusterName, ownTags })).join();
    assert.deepEqual([await found("own"), await found("free")], ["", ""]);
    assert.match(
      await found("shared"),
      /^clusterName: ClusterNameInUse: another stack has a cluster "shared" in the region \(security groups sg-\w+\).*another namePrefix does not do$/,
    );
  });

  it("refuses in the simulated AWS what IAM and EC2 refuse", async () => {
    const Tags = [{ Key: "team", Value: "R&D (platform)" }];
    await assert.rejects(
      scene.clients.iam.send(new CreateRoleCommand({ RoleName: "r", AssumeRolePolicyDocument: "{}", Tags })),
      /Tags\[0\]\.Value: does not match/,
    );
    const named = { GroupName: "sg-train", Description: "d", VpcId: scene.vpcId };
    await assert.rejects(scene.ec2.send(new CreateSecurityGroupCommand(named)), /may not begin with sg-/);
    // Wrong on purpose.
    await scene.simulator.clearRequests();
  });
});
