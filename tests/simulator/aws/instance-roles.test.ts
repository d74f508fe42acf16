import assert from "node:assert/strict";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";
import { startScene, type Scene } from "../../provider/aws/scene";

const region = "us-west-2";

describe("roles of simulated instances", () => {
  let scene: Scene;
  let settings: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    const anyone = { accessKeyId: "anyone", secretAccessKey: "anyone" };
    settings = { endpoint: scene.simulator.endpoint, region, credentials: anyone };
    const iam = new IAM(settings);
    await iam.createRole({ RoleName: "reader", AssumeRolePolicyDocument: "{}" });
    const Resource = `arn:aws:ssm:${region}:123456789012:parameter/mine/*`;
    await iam.putRolePolicy({
      RoleName: "reader",
      PolicyName: "own",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: ["ssm:GetParameter"], Resource }],
      }),
    });
    const owner = new SSM(settings);
    for (const Name of ["/mine/a", "/others/b"]) await owner.putParameter({ Name, Value: "1", Type: "SecureString" });
  });
  after(() => scene.close());

  async function credentialsOf(session: string) {
    const RoleArn = "arn:aws:iam::123456789012:role/reader";
    const { Credentials: given } = await new STS(settings).assumeRole({ RoleArn, RoleSessionName: session });
    return {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
    };
  }
  const as = async (session: string) => new SSM({ ...settings, credentials: await credentialsOf(session) });

  it("may do with SSM's parameters what their policies say", async () => {
    const instance = await as("i-0123456789abcdef0");
    assert.equal((await instance.getParameter({ Name: "/mine/a" })).Parameter?.Name, "/mine/a");
    const refused = { name: "AccessDeniedException", message: /reader\/i-0123456789abcdef0 is not authorized/ };
    await assert.rejects(instance.getParameter({ Name: "/others/b" }), refused);
    await assert.rejects(instance.putParameter({ Name: "/mine/a", Value: "2", Overwrite: true }), refused);
  });

  it("open a parameter under a customer's key where their policies and the key's own say so", async () => {
    const kms = new KMS(settings);
    const account = "arn:aws:iam::123456789012";
    const key = async (...principals: string[]) => {
      const Statement = {
        Effect: "Allow",
        Principal: { AWS: `${account}:root` },
        Action: "kms:Decrypt",
        Resource: "*",
        Condition: { ArnLike: { "aws:PrincipalArn": principals } },
      };
      return (await kms.createKey({ Policy: JSON.stringify({ Version: "2012-10-17", Statement }) })).KeyMetadata!;
    };
    const [ours, theirs] = [await key(`${account}:role/reader`), await key(`${account}:role/other`)];
    const owner = new SSM(settings);
    for (const [Name, KeyId] of [
      ["/mine/ours", ours.Arn],
      ["/mine/theirs", theirs.Arn],
      ["/mine/not-named", ours.Arn],
    ])
      await owner.putParameter({ Name, KeyId, Value: "1", Type: "SecureString" });
    const instance = await as("i-0123456789abcdef0");
    const open = (Name: string) => instance.getParameter({ Name, WithDecryption: true });
    const refused = { name: "AccessDeniedException", message: /customer master key/ };
    await assert.rejects(open("/mine/ours"), refused);
    const PARAMETER_ARN = ["ours", "theirs"].map((name) => `arn:aws:ssm:${region}:123456789012:parameter/mine/${name}`);
    const Statement = {
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: [ours.Arn, theirs.Arn],
      Condition: { StringEquals: { "kms:EncryptionContext:PARAMETER_ARN": PARAMETER_ARN } },
    };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await new IAM(settings).putRolePolicy({ RoleName: "reader", PolicyName: "keys", PolicyDocument });
    assert.equal((await open("/mine/ours")).Parameter?.Value, "1");
    await assert.rejects(open("/mine/theirs"), refused, "the key's policy does not name the role");
    await assert.rejects(open("/mine/not-named"), refused, "the role's policy does not name the parameter");
    assert.equal((await open("/mine/a")).Parameter?.Value, "1", "AWS's own key asks no more than SSM does");
    await kms.scheduleKeyDeletion({ KeyId: ours.KeyId! });
    await assert.rejects(open("/mine/ours"), refused);
  });

  it("make the account's first load balancer only where they may look at what the account has", async () => {
    const balancing = new ElasticLoadBalancingV2({
      ...settings,
      credentials: await credentialsOf("i-0123456789abcdef0"),
    });
    const make = () => balancing.createLoadBalancer({ Name: "first", Type: "network", Subnets: [...scene.subnetIds] });
    const iam = new IAM(settings);
    const allow = (...Action: string[]) => {
      const Statement = { Effect: "Allow", Action, Resource: "*" };
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
      return iam.putRolePolicy({ RoleName: "reader", PolicyName: "balancers", PolicyDocument });
    };
    await allow("elasticloadbalancing:*", "ec2:DescribeAddresses", "ec2:DescribeInternetGateways");
    await assert.rejects(make(), {
      name: "AccessDenied",
      message: /not authorized to perform: ec2:DescribeAccountAttributes/,
    });
    await allow(
      "elasticloadbalancing:*",
      ...["AccountAttributes", "Addresses", "InternetGateways"].map((what) => `ec2:Describe${what}`),
    );
    assert.equal((await make()).LoadBalancers!.length, 1);
    await allow("elasticloadbalancing:*");
    await iam.createServiceLinkedRole({ AWSServiceName: "elasticloadbalancing.amazonaws.com" });
    await balancing.createLoadBalancer({ Name: "second", Type: "network", Subnets: [...scene.subnetIds] });
  });

  it("are not asked of those who are no instances", async () => {
    await (await as("somebody")).getParameter({ Name: "/others/b" });
    const stranger = new SSM({ ...settings, credentials: { ...settings.credentials, sessionToken: "made up" } });
    await assert.rejects(stranger.getParameter({ Name: "/others/b" }), { name: "UnrecognizedClientException" });
  });
});
