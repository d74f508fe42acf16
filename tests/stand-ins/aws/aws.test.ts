/** The stand-in as the engine starts it: the bundled executable, driven over gRPC against the simulated AWS. */
import assert from "node:assert/strict";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { awsFunctions, awsResourceTypes } from "../../components/aws-tokens";
import { PluginError, Secret } from "../../provider/server/harness";
import { DrivenStandIn, settles, stateOf } from "./driven-stand-in";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const policy = (action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });

describe("the stand-in for the aws provider", function () {
  let aws: DrivenStandIn;
  let ssm: SSMClient;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
    ssm = new SSMClient(aws.client);
  });
  after(async () => {
    ssm?.destroy();
    await aws?.close();
  });
  afterEach(async () => {
    await aws.scene.simulator.clearFaults();
    await aws.leavesNothing();
  });

  it("serves every type and function that the components use", async () => {
    for (const token of awsResourceTypes) await aws.resource(token, "it").check({});
    for (const token of awsFunctions) {
      await aws.plugin.invoke(token, {}).catch((error: Error) => assert.doesNotMatch(error.message, /does not do/));
    }
  });

  it("says what it does not do, and which plugin does", async () => {
    const install = /pulumi plugin install resource aws/;
    await assert.rejects(aws.resource("aws:s3/bucket:Bucket", "it").check({}), install);
    await assert.rejects(aws.plugin.invoke("aws:s3/getBucket:getBucket", {}), install);
    const { failures } = await aws
      .resource("aws:ec2/vpc:Vpc", "it")
      .check({ cidrBlock: "10.0.0.0/16", ipv6CidrBlock: "::/56" });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["ipv6CidrBlock"],
    );
    assert.match(failures[0]!.reason, install);
    await assert.rejects(
      aws.another({ endpoints: undefined }),
      /endpoints: names no endpoint for ec2.*install the official/s,
    );
    await assert.rejects(aws.another({ endpoints: [{ ec2: "https://ec2.amazonaws.com" }] }), /is not on this machine/);
    await assert.rejects(aws.another({ region: undefined }), /region: is required/);
  });

  it("roles have policies, profiles and tags", async () => {
    const program = { assumeRolePolicy: trust, description: "nodes", tags: { a: "1" } };
    const role = await aws.make("aws:iam/role:Role", "node", program);
    const name = stateOf(role)["name"] as string;
    assert.match(name, /^node-[0-9a-f]{7}$/);
    assert.match(String(stateOf(role)["arn"]), /^arn:aws:iam::\d+:role\/node-/);
    assert.deepEqual(await settles(role, program), ["name"]);
    assert.equal(await role.up({ ...program, description: "other", tags: { b: "2" } }), "update");
    assert.deepEqual(stateOf(role)["tagsAll"], { b: "2" });
    const inline = { role: name, name: "inline", policy: policy("ec2:Describe*") };
    const rolePolicy = await aws.make("aws:iam/rolePolicy:RolePolicy", "inline", inline);
    assert.deepEqual(await settles(rolePolicy, inline), []);
    assert.equal(await rolePolicy.up({ ...inline, policy: policy("ec2:*") }), "update");
    const attached = { role: name, policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" };
    const attachment = await aws.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "sessions", attached);
    assert.deepEqual(await settles(attachment, attached), []);
    const profile = await aws.make("aws:iam/instanceProfile:InstanceProfile", "profile", {
      role: name,
      tags: { a: "1" },
    });
    assert.equal(stateOf(profile)["role"], name);
    assert.deepEqual(await settles(profile, { role: name, tags: { a: "1" } }), ["name"]);
  });

  it("parameters are secret, and others may write them", async () => {
    const program = {
      name: "/cluster/join",
      type: "SecureString",
      value: new Secret("first secret"),
      tags: { a: "1" },
    };
    const parameter = await aws.make("aws:ssm/parameter:Parameter", "join", program);
    assert.ok(parameter.stored!.state.secrets.has("value") && parameter.stored!.inputs.secrets.has("value"));
    assert.equal(stateOf(parameter)["version"], 1);
    assert.deepEqual(await settles(parameter, program), []);
    assert.equal(await parameter.up({ ...program, value: new Secret("second secret") }), "update");
    assert.equal(stateOf(parameter)["version"], 2);
    await ssm.send(
      new PutParameterCommand({ Name: "/cluster/join", Value: "by hand", Type: "SecureString", Overwrite: true }),
    );
    await parameter.refresh();
    const { inputs } = await parameter.check(program);
    assert.deepEqual((await parameter.diff(inputs)).changes, { value: "update" });
    assert.deepEqual((await parameter.diff(inputs, ["value"])).changes, {});
    await aws.scene.simulator.addFault({ action: "PutParameter", code: "AccessDeniedException", message: "no" });
    await assert.rejects(parameter.up(program), (error: PluginError) => {
      assert.match(error.message, /no \(PutParameter: AccessDeniedException/);
      return !error.message.includes("first secret");
    });
  });

  it("keys of KMS have a policy and tags, and are scheduled for deletion", async () => {
    const program = { description: "d", policy: policy("kms:*"), deletionWindowInDays: 7, tags: { a: "1" } };
    const key = await aws.make("aws:kms/key:Key", "key", program);
    assert.match(String(stateOf(key)["arn"]), /^arn:aws:kms:us-west-2:\d+:key\//);
    assert.deepEqual(await settles(key, program), []);
    assert.equal(await key.up({ ...program, policy: policy("kms:Decrypt"), tags: { b: "2" } }), "update");
    assert.match(String(stateOf(key)["policy"]), /kms:Decrypt/);
    assert.deepEqual(stateOf(key)["tagsAll"], { b: "2" });
    const { id } = key.stored!;
    await key.destroy();
    assert.ok(!(await aws.scene.simulator.state()).keys.some((each) => each.id === id));
  });

  it("asks as the role that the provider's configuration names", async () => {
    const assuming = await aws.another({
      assumeRoles: JSON.stringify([{ roleArn: "arn:aws:iam::123456789012:role/deployer", externalId: "x1" }]),
    });
    const who = await assuming.invoke("aws:index/getCallerIdentity:getCallerIdentity", {});
    assert.match(String(who.result.values["arn"]), /assumed-role\/deployer/);
  });
});
