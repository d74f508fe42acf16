import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2Client, ImportKeyPairCommand } from "@aws-sdk/client-ec2";
import { STS } from "@aws-sdk/client-sts";
import { defaultRegion } from "../../commands/simulated-aws";
import { compiledDefaultProgram, compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

const group = { name: "cpu", role: "worker", minSize: 1, maxSize: 1, instanceTypes: ["m5.large"] };
const base = {
  "pulumi-gpu-clusters:cloud": "aws",
  "pulumi-gpu-clusters:cni": "none",
  "pulumi-gpu-clusters:keyPair": "ops",
  "pulumi-gpu-clusters:nodeGroups": [group],
};
const elsewhere = "eu-west-1";
const another = "111122223333";

describe("one AWS account for both providers, on the engine", function () {
  this.timeout(200_000);

  let environment: EngineEnvironment;
  let programs: { usual: string; explicit: string };
  /** Of the other account. */
  let keys: { accessKey: string; secretKey: string; token: string };

  before(async () => {
    const explicit = join(__dirname, "programs", "aws-explicit-provider");
    programs = { usual: await compiledDefaultProgram(), explicit: await compiledProgram(explicit) };
    environment = await EngineEnvironment.start({ machines: false, aws: {} });
    const { endpoint } = environment.aws;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const sts = new STS({ endpoint, region: defaultRegion, credentials });
    const role = { RoleArn: `arn:aws:iam::${another}:role/deployer`, RoleSessionName: "test" };
    const { Credentials } = await sts.assumeRole(role);
    const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials!;
    keys = { accessKey: AccessKeyId!, secretKey: SecretAccessKey!, token: SessionToken! };
    await environment.aws.provideKeyPair({ name: "ops", region: elsewhere, publicKey });
  });
  after(async () => {
    await environment?.stop();
    for (const folder of Object.values(programs ?? {})) rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => environment.aws.clearRequests());

  /** The stack's AWS config: without keys unless given, and without a region of our own. */
  const config = (changes: Record<string, unknown>) => ({
    ...environment.providerConfig,
    "aws:accessKey": undefined,
    "aws:secretKey": undefined,
    "gpu-clusters:aws": { endpoint: environment.aws.endpoint },
    ...base,
    ...changes,
  });
  const stackOf = (
    changes: Record<string, unknown>,
    variables: Record<string, string> = {},
    program = programs.usual,
  ) => environment.stack(config(changes), { program, environment: variables });

  /** Neither at a preview nor without one is anything made. */
  async function isRefused(stack: EngineStack, words: RegExp): Promise<void> {
    await assert.rejects(stack.preview(), words);
    const up = await stack.up();
    assert.ok(!up.ok);
    assert.match(up.text, words);
    const asked = (await environment.aws.requests()).map(({ action }) => action);
    assert.deepEqual(
      asked.filter((action) => !/^(Describe|Get|List)/.test(action)),
      [],
    );
  }

  async function isIn(region: string, stack: EngineStack): Promise<void> {
    assert.ok((await stack.preview()).length > 40);
    const regional = (await environment.aws.requests()).filter(({ service }) => service === "ec2");
    assert.ok(regional.length > 0);
    assert.deepEqual([...new Set(regional.map((request) => request.region))], [region]);
  }

  it("refuses another region of gpu-clusters:aws", async () => {
    const stack = await stackOf({ "gpu-clusters:aws": { endpoint: environment.aws.endpoint, region: elsewhere } });
    await isRefused(stack, /the AWS provider is in us-west-2 and gpu-clusters in eu-west-1: say it once/);
  });

  it("goes by aws:region where AWS_REGION is another", async () => {
    await isIn(defaultRegion, await stackOf({}, { AWS_REGION: elsewhere }));
  });

  it("goes by AWS_REGION where nothing else is said", async () => {
    const stack = await stackOf({ "aws:region": undefined }, { AWS_REGION: elsewhere });
    await isIn(elsewhere, stack);
  });

  it("goes to the simulator where the config has a region alone, and the environment is that of `npm run env`", async () => {
    const others = Object.keys(environment.providerConfig).map((key) => [key, undefined]);
    const settings = { ...Object.fromEntries(others), ...base, "aws:region": elsewhere };
    await isIn(elsewhere, await environment.stack(settings, { program: programs.usual }));
  });

  it("refuses a misspelt region in one clean error, before AWS is asked", async () => {
    const hint = '"us-wset-2" is not a region such as us-west-2 (did you mean "us-west-2"?)';
    for (const [where, changes, variables] of [
      ["aws:region", { "aws:region": "us-wset-2" }, {}],
      ["AWS_REGION", { "aws:region": undefined }, { AWS_REGION: "us-wset-2" }],
    ] as const) {
      const up = await (await stackOf(changes, variables)).up();
      assert.ok(!up.ok);
      assert.equal(up.text.split(`${where}: ${hint}`).length, 2, up.text);
      assert.doesNotMatch(up.text, /unhandled|\n\s+at /);
      assert.ok(!up.text.includes("\u001b["), "colours");
    }
    assert.deepEqual(await environment.aws.requests(), []);
    const silent = await (await stackOf({ "aws:region": "us-west-22" })).up();
    assert.match(
      silent.text,
      /error: ClusterCouldNotBeDeployed: AWS does not say whose .* in the region "us-west-22"\./,
    );
    assert.doesNotMatch(silent.text, /unhandled|serializing|\n\s+at /);
  });

  it("tells at once, by the user's fields, what AWS does not have of all that is asked of it", async () => {
    const image = "ami-0123456789abcdef0";
    const stack = await stackOf({
      "pulumi-gpu-clusters:controlPlane": { instanceType: "m9.xlarge", image },
      "pulumi-gpu-clusters:keyPair": "nobodys",
      "pulumi-gpu-clusters:kmsKeyId": "0c1f5e5e-1111-4222-8333-444455556666",
      "pulumi-gpu-clusters:network": { subnetIds: ["subnet-0123456789abcdef0"] },
      "pulumi-gpu-clusters:nodeGroups": [
        { ...group, image },
        { ...group, name: "held", capacity: { reservation: { id: "cr-0123456789abcdef0" } } },
        { ...group, name: "odd", instanceTypes: ["m5.9xlarge"] },
      ],
    });
    const up = await stack.up();
    assert.ok(!up.ok);
    // Above it is the same as it came.
    const [, list = ""] = up.text.split("Diagnostics:");
    const told = list.split("\n").filter((line) => line.includes("has a problem: "));
    const paths = told.map((line) => line.replace(/.*has a problem: ([^:]*): .*/, "$1")).sort();
    assert.deepEqual(
      paths,
      [
        "controlPlane.image",
        "controlPlane.instanceType",
        "keyPair",
        "kmsKeyId",
        "network.subnetIds[0]",
        "nodeGroups[0].image",
        "nodeGroups[1].capacity.reservation.id",
        "nodeGroups[2].instanceTypes[0]",
      ],
      up.text,
    );
    assert.doesNotMatch(up.text, /unhandled|\n\s+at |MaxListeners/);
    const asked = (await environment.aws.requests()).map(({ action }) => action);
    assert.deepEqual(
      asked.filter((action) => !/^(Describe|Get|List)/.test(action)),
      [],
    );
  });

  it("refuses keys of another account in aws:accessKey", async () => {
    const theirs = { "aws:accessKey": keys.accessKey, "aws:secretKey": keys.secretKey, "aws:token": keys.token };
    const stack = await stackOf(theirs);
    await isRefused(
      stack,
      /credentials are of account 111122223333 and those of gpu-clusters of 123456789012: .*AWS_PROFILE/s,
    );
  });

  it("refuses keys in aws:accessKey where the environment has none", async () => {
    const stack = await stackOf(
      { "aws:accessKey": "test", "aws:secretKey": "test" },
      { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
    );
    await isRefused(stack, /credentials are of account 123456789012, and gpu-clusters has none/);
  });

  it("goes by aws:profile for both providers", async () => {
    const { accessKey: accessKeyId, secretKey: secretAccessKey, token: sessionToken } = keys;
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const ec2 = new EC2Client({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    await ec2.send(new ImportKeyPairCommand({ KeyName: "theirs", PublicKeyMaterial: Buffer.from(publicKey) }));
    const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-profile-"));
    const file = join(folder, "credentials");
    const lines = [
      "[theirs]",
      `aws_access_key_id=${accessKeyId}`,
      `aws_secret_access_key=${secretAccessKey}`,
      `aws_session_token=${sessionToken}`,
    ];
    writeFileSync(file, lines.join("\n"));
    try {
      // Only that account has the key pair, which our provider looks for, and the AWS provider is held against it.
      const theirs = { "aws:profile": "theirs", "pulumi-gpu-clusters:keyPair": "theirs" };
      await isIn(defaultRegion, await stackOf(theirs, { AWS_SHARED_CREDENTIALS_FILE: file }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("goes where an explicit AWS provider is, and refuses one of another account", async () => {
    const there = { "aws-explicit-provider:region": elsewhere };
    await isIn(elsewhere, await stackOf(there, {}, programs.explicit));
    const theirs = Object.fromEntries(
      Object.entries({ region: elsewhere, ...keys }).map(([key, value]) => [`aws-explicit-provider:${key}`, value]),
    );
    await environment.aws.clearRequests();
    await isRefused(
      await stackOf(theirs, {}, programs.explicit),
      /credentials are of account 111122223333 and those of gpu-clusters/,
    );
  });
});

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
