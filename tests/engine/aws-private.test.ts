import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { defaultRegion } from "../../commands/simulated-aws";
import { runCommand } from "../../toolchain/tools/command";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { InsideProxy } from "./inside-proxy";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

/** What an organisation forbids that lets nothing have a public address. */
const denied = [
  "AssociatePublicIpAddress",
  "AllocateAddress",
  "AssociateAddress",
  "CreateInternetGateway",
  "AttachInternetGateway",
  "CreateNatGateway",
];

describe("an AWS cluster in an account that forbids public addresses, on the engine", function () {
  this.timeout(400_000);
  oneLife();

  let environment: EngineEnvironment;
  let program: string;
  let directory: string;
  let proxy: InsideProxy;
  let stack: EngineStack;
  let ec2: EC2;
  let subnetIds: string[];

  before(async () => {
    program = await compiledDefaultProgram();
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-aws-private-"));
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ endpoint: environment.aws.endpoint, region: defaultRegion, credentials });
    subnetIds = await companyNetwork(ec2);
    await environment.aws.setAccount({ denied });
    proxy = await InsideProxy.start(environment.simulator);
    stack = await environment.stack(
      {
        "pulumi-gpu-clusters:cloud": "aws",
        "pulumi-gpu-clusters:clusterName": "inside",
        "pulumi-gpu-clusters:cni": "none",
        "pulumi-gpu-clusters:keyPair": "ops",
        "pulumi-gpu-clusters:controlPlane": { publicAddress: false },
        "pulumi-gpu-clusters:network": { subnetIds },
        "pulumi-gpu-clusters:nodeGroups": [
          { name: "cpu", role: "worker", minSize: 1, maxSize: 2, instanceTypes: ["m5.large"] },
        ],
      },
      { program, environment: proxy.environment },
    );
  });

  after(async () => {
    proxy?.close();
    await environment?.stop();
    for (const folder of [directory, program]) if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("is ready for who reaches into its network, and nothing of it has a public address", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    const { host } = new URL(outputs.endpoint as string);
    assert.match(host, /^10\.40\.\d+\.\d+:6443$/);
    assert.ok(proxy.asked.includes(host), "its API server was asked from within");
    const { instances, addresses, internetGateways, natGateways } = await environment.aws.state();
    assert.equal(instances.length, 2);
    for (const { InstanceId, PublicIpAddress, SubnetId } of await described(ec2)) {
      assert.equal(PublicIpAddress, undefined, InstanceId);
      assert.ok(subnetIds.includes(SubnetId!));
    }
    assert.deepEqual([addresses, internetGateways, natGateways], [[], [], []]);
  });

  it("has a kubeconfig with which kubectl sees its nodes from there", async () => {
    const kubeconfig = join(directory, "kubeconfig");
    writeFileSync(kubeconfig, (await stack.outputs()).kubeconfig as string, { mode: 0o600 });
    const { stdout } = await runCommand(
      environment.tools.kubectl,
      ["--kubeconfig", kubeconfig, "get", "nodes", "-o", "name"],
      { env: { ...process.env, ...proxy.environment } },
    );
    assert.equal(stdout.trim().split("\n").length, 2, stdout);
  });

  it("shows no change at a second preview", async () => {
    assert.deepEqual(await stack.preview(), []);
  });

  it("leaves nothing behind but the network that was there", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await stack.resources(), []);
    const { aws, machines } = await environment.simulator.state();
    assert.deepEqual(machines, []);
    const left = Object.entries(aws!).flatMap(([kind, objects]) => (objects.length > 0 ? [kind] : []));
    assert.deepEqual(left.sort(), ["routeTables", "subnets", "vpcs"]);
  });
});

/** Two private subnets that lead out by a transit gateway, as another team of the organisation made them. */
async function companyNetwork(ec2: EC2): Promise<string[]> {
  const { Vpc } = await ec2.createVpc({ CidrBlock: "10.40.0.0/16" });
  const VpcId = Vpc!.VpcId!;
  for (const attribute of ["EnableDnsHostnames", "EnableDnsSupport"] as const)
    await ec2.modifyVpcAttribute({ VpcId, [attribute]: { Value: true } });
  const subnets = await Promise.all(
    ["a", "b"].map(async (zone, index) => {
      const place = { VpcId, AvailabilityZone: defaultRegion + zone, CidrBlock: `10.40.${index}.0/24` };
      return (await ec2.createSubnet(place)).Subnet!.SubnetId!;
    }),
  );
  const { TransitGateway } = await ec2.createTransitGateway({});
  const { TransitGatewayId } = TransitGateway!;
  await ec2.createTransitGatewayVpcAttachment({ TransitGatewayId, VpcId, SubnetIds: subnets });
  const { RouteTables } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  const { RouteTableId } = RouteTables![0]!;
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", TransitGatewayId });
  return subnets;
}

async function described(ec2: EC2) {
  const { Reservations = [] } = await ec2.describeInstances({});
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}
