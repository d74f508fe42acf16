import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider";
import { AwsCluster } from "../../components/aws/cluster";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { awsAccount } from "../../components/aws/provider";
import { ClusterCouldNotBeDeployed, InvalidInput } from "../../components/errors";
import { Provider as GpuClusters } from "../../sdk/provider-resource";
import { cloud, deployed, functions, group, inputs, minimal } from "./aws-scene";
import { mockProgram, promiseOf, settled, valueOf, type Functions, type Registered, plain } from "./mocks";

describe("components/aws: one account", () => {
  it("enters another account through its role, with both providers", async () => {
    const cloudAccount = { roleArn: "arn:aws:iam::123456789012:role/x", externalId: "e1" };
    const { registered } = await deployed({ region: "eu-west-1", cloudAccount });
    const provider = inputs(registered, "train-aws");
    assert.equal(provider["region"], "eu-west-1");
    assert.deepEqual(JSON.parse(String(provider["assumeRoles"])), [cloudAccount]);
    const own = JSON.parse(String(inputs(registered, "train-gpu-clusters")["aws"])) as object;
    assert.deepEqual(own, { region: "eu-west-1", assumeRole: cloudAccount });
    const lost = { roleArn: "" };
    assert.throws(() => new AwsCluster("other", { ...minimal, cloudAccount: lost }), ClusterCouldNotBeDeployed);
  });

  it("refuses a role and an external id that are none, before AWS is asked, and repeats no external id", () => {
    const found = (roleArn: string, externalId: string) =>
      checkAwsClusterArgs("train", { ...minimal, cloudAccount: { roleArn, externalId } }).all.map(
        ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
      );
    const roleArn = "arn:aws-us-gov:iam::123456789012:role/teams/x";
    const wrong = "cloudAccount.externalId: must have 2 to 1224 letters, digits and characters of _+=,.@:/-";
    for (const good of ["e1", "team_a+b=c,d.e@f:g/h-i", "x".repeat(1224)]) assert.deepEqual(found(roleArn, good), []);
    for (const bad of ["", "e", "with space", "ä-1", "x".repeat(1225)]) assert.deepEqual(found(roleArn, bad), [wrong]);
    assert.deepEqual(found("deployer", "e"), [
      'cloudAccount.roleArn: "deployer" is not the ARN of a role, such as arn:aws:iam::123456789012:role/gpu-clusters',
      wrong,
    ]);
  });

  it("refuses a misspelt region where it is said, with all other mistakes, before AWS is asked or anything is made", async () => {
    const wrong = (where: string) =>
      new RegExp(`^  ${where}: "us-wset-2" is not a region such as us-west-2 \\(did you mean "us-west-2"\\?\\)$`, "m");
    const refused = async (where: string, args: object = {}, options?: pulumi.ComponentResourceOptions) => {
      const registered = await mockProgram(cloud, false, functions);
      const cluster = () => new AwsCluster("train", { ...minimal, ...args, namePrefix: "ä" }, options);
      assert.throws(cluster, (error: Error) => {
        assert.match(error.message, wrong(where));
        assert.match(error.message, /^ {2}namePrefix: /m);
        return error instanceof InvalidInput;
      });
      assert.deepEqual([registered.names(), registered.calls], [[], []]);
    };
    await refused("region", { region: "us-wset-2" });
    const { AWS_REGION } = process.env;
    try {
      process.env["AWS_REGION"] = "us-wset-2";
      await refused("AWS_REGION");
      await deployed({ region: "us-west-2" });
      process.env["AWS_REGION"] = "us-west-2";
      pulumi.runtime.setAllConfig({ "aws:region": "us-wset-2" });
      await refused("aws:region");
      await refused("aws:region", { cloudAccount: { roleArn: "arn:aws:iam::123456789012:role/x" } });
    } finally {
      pulumi.runtime.setAllConfig({});
      delete process.env["AWS_REGION"];
      if (AWS_REGION !== undefined) process.env["AWS_REGION"] = AWS_REGION;
    }
  });

  it("says of a provider's region, and of one that does not answer, what may be wrong, in one error and without a stack", async () => {
    const seen = async (region: string, answers: Functions = functions) => {
      const registered = await mockProgram(cloud, false, answers);
      const parent = new pulumi.ComponentResource(
        "test:index:Parent",
        "parent",
        {},
        {
          providers: [new Provider("eu", { region })],
        },
      );
      const problem = await promiseOf(awsAccount("train", {}, parent).seen).then(
        () => undefined,
        (error: Error) => error,
      );
      return { problem, asked: registered.calls };
    };
    const misspelt = await seen("us-wset-2");
    assert.match(
      String(misspelt.problem),
      /region of the AWS provider: "us-wset-2" is not .*did you mean "us-west-2"\?/,
    );
    assert.ok(misspelt.problem instanceof InvalidInput);
    assert.deepEqual(misspelt.asked, []);
    const silent = await seen("us-west-9", {
      ...functions,
      "aws:index/getCallerIdentity:getCallerIdentity": () => {
        throw new Error("no such host");
      },
    });
    assert.match(String(silent.problem), /AWS does not say whose .* in the region "us-west-9"\. Is the region right/);
    assert.ok(silent.problem instanceof ClusterCouldNotBeDeployed);
    for (const { problem } of [misspelt, silent]) {
      const { message } = problem!;
      // As the SDK does with what an input of a resource rejects with.
      problem!.message = `error serializing property "awsProvider": ${message}`;
      assert.equal(problem!.message, message);
    }
  });

  it("takes the region from where it is said once, for both providers, and compares what they are", async () => {
    const ownProvider = (registered: Registered) =>
      registered
        .all("pulumi:providers:gpu-clusters")
        .map(({ inputs }) => JSON.parse((plain(inputs) as { aws: string }).aws) as unknown);
    const seen = { accountId: "123456789012", region: "us-west-2" };

    // Wherever the AWS provider has it from: aws:region, AWS_REGION, a profile.
    const { registered: plainly } = await deployed();
    assert.deepEqual(ownProvider(plainly), [{ region: "us-west-2" }]);
    assert.deepEqual(inputs(plainly, "train-account")["awsProvider"], seen);

    pulumi.runtime.setAllConfig({
      "aws:region": "us-west-2",
      "gpu-clusters:aws": JSON.stringify({ endpoint: "http://127.0.0.1:1" }),
    });
    try {
      const endpoint = "http://127.0.0.1:1";
      assert.deepEqual(ownProvider((await deployed()).registered), [{ endpoint, region: "us-west-2" }]);
      pulumi.runtime.setAllConfig({
        "aws:region": "us-west-2",
        "gpu-clusters:aws": JSON.stringify({ region: "eu-west-1" }),
      });
      assert.deepEqual(ownProvider((await deployed()).registered), [], "AccountReady says that they differ");
    } finally {
      pulumi.runtime.setAllConfig({});
    }

    const inEurope = { ...functions, "aws:index/getRegion:getRegion": () => ({ region: "eu-central-1" }) };
    const ours = () => new GpuClusters("ours", { aws: { region: "eu-central-1" } });
    const ways: [string, (eu: Provider) => pulumi.ComponentResourceOptions, string][] = [
      ["provider", (eu) => ({ provider: eu }), "train-gpu-clusters"],
      ["providers", (eu) => ({ providers: [eu] }), "train-gpu-clusters"],
      ["both", (eu) => ({ providers: [eu, ours()] }), "ours"],
    ];
    for (const [how, optionsOf, own] of ways) {
      const registered = await mockProgram(cloud, false, inEurope);
      const options = optionsOf(new Provider("eu", { region: "eu-central-1" }));
      assert.equal(await valueOf(new AwsCluster("train", minimal, options).status), "ready");
      await settled();
      assert.deepEqual(ownProvider(registered), [{ region: "eu-central-1" }], how);
      for (const part of ["gpu", "network-zones", "account", "service-load-balancers", "gpu-image", "api-server"])
        assert.equal(registered.providerOf(`train-${part}`), own, `${part}, ${how}`);
      for (const part of ["gpu-template", "network-vpc", "node-role", "control-plane", "nodes-among-themselves"])
        assert.equal(registered.providerOf(`train-${part}`), "eu", `${part}, ${how}`);
    }
  });

  it("asks whether the account can have the cluster before anything is made in it", async () => {
    const kmsKeyId = "0c1f5e5e-1111-4222-8333-444455556666";
    const nodeGroups = [
      group,
      { ...group, name: "arm", instanceTypes: ["m6g.large"], image: "ami-arm", diskSizeGib: 50 },
    ];
    const { registered } = await deployed({
      controlPlane: { instanceType: "m6i.xlarge", count: 3 },
      kmsKeyId,
      nodeGroups,
    });
    const asked = inputs(registered, "train-account");
    const machines = { architecture: "x86_64", diskSizeGib: 100 };
    assert.deepEqual(asked["controlPlane"], { instanceType: "m6i.xlarge", count: 3, ...machines });
    const shape = { minSize: 1, maxSize: 4, gpuDriver: true };
    assert.deepEqual(asked["nodeGroups"], [
      { name: "gpu", instanceTypes: ["g5.12xlarge"], ...shape, ...machines, gpuVendor: "nvidia" },
      { name: "arm", instanceTypes: ["m6g.large"], ...shape, image: "ami-arm", architecture: "arm64", diskSizeGib: 50 },
    ]);
    assert.deepEqual([asked["keyPair"], asked["kmsKeyId"]], ["ops", kmsKeyId]);
    assert.equal((asked["network"] as { zoneCount: number }).zoneCount, 3);
    const subnetIds = ["subnet-0123456789abcdef0"];
    const there = inputs((await deployed({ network: { subnetIds } })).registered, "train-account");
    const { zoneCount, subnetIds: named } = there["network"] as { zoneCount?: number; subnetIds: string[] };
    assert.deepEqual([zoneCount, named], [undefined, subnetIds]);
    assert.deepEqual(there["ranges"], { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" });
    for (const name of ["train-network-vpc", "train-network-zones", "train-control-plane-1"]) {
      assert.ok(registered.dependenciesOf(name).includes("train-account"), name);
    }
  });

  it("names the services that a cluster's parts are made by, whose roles an account may lack", async () => {
    const roles = async (args: Parameters<typeof deployed>[0]) =>
      inputs((await deployed({ nodeGroups: [], ...args })).registered, "train-account")["serviceRoles"];
    assert.deepEqual(await roles({}), []);
    const spot = [{ ...group, capacity: { spot: {} } }];
    assert.deepEqual(await roles({ nodeGroups: spot }), ["ec2fleet.amazonaws.com", "spot.amazonaws.com"]);
    assert.deepEqual(await roles({ controlPlane: { count: 3 } }), ["elasticloadbalancing.amazonaws.com"]);
    assert.deepEqual(await roles({ sharedStorage: {} }), ["elasticfilesystem.amazonaws.com"]);
    assert.deepEqual(await roles({ sharedStorage: { lustre: { sizeGib: 1200 } } }), ["fsx.amazonaws.com"]);
  });

  it("makes nothing on AWS before it is sure that the account is the right one, with or without a preview", async () => {
    for (const args of [{ controlPlane: { count: 3 } }, { network: { nat: "perZone" } }, {}] as const) {
      const placementGroup = "partition" as const;
      const { registered } = await deployed({
        ...args,
        sshAccessCidrs: ["203.0.113.0/24"],
        nodeGroups: [{ ...group, placementGroup }],
      });
      const onAws = registered.resources.filter(({ type }) => type.startsWith("aws:"));
      assert.ok(onAws.length > 25);
      const waits = (name: string): boolean =>
        registered.dependenciesOf(name).some((other) => other === "train-account" || waits(other));
      for (const { name, type } of onAws) assert.ok(waits(`${type} ${name}`), name);
      assert.ok(registered.dependenciesOf("train-account").includes("train-choices"));
    }
  });
});
