/** AWS as components see it, under Pulumi's mocks. */
import * as pulumi from "@pulumi/pulumi";
import { gunzipSync } from "node:zlib";
import type { AwsClusterArgs, AwsNodeGroupArgs } from "../../components/aws/args";
import type { InstanceTypeResult } from "../../sdk/aws/functions";
import assert from "node:assert/strict";
import { AwsCluster } from "../../components/aws/cluster";
import { mockProgram, plain, settled, valueOf, type Functions, type Outputs, type Registered } from "./mocks";

export const group: AwsNodeGroupArgs = {
  name: "gpu",
  role: "worker",
  minSize: 1,
  maxSize: 4,
  instanceTypes: ["g5.12xlarge"],
  labels: { tier: "gpu" },
  taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
};

export const minimal: AwsClusterArgs = { keyPair: "ops", cni: "none", nodeGroups: [group] };

/** What must not be seen outside the kubeconfig. */
export const secretValues = ["ADMIN-KEY"];

export const ownKeyArn = "arn:aws:kms:us-west-2:123456789012:key/0c1f5e5e-1111-4222-8333-444455556666";

const plainType = {
  gpus: 0,
  gpuModel: "",
  gpuVendor: "",
  efaInterfaces: 0,
  networkCards: 1,
  placementStrategies: ["partition", "spread"],
  zones: ["us-west-2a", "us-west-2b"],
};
const fast = { ...plainType, placementStrategies: ["cluster", "partition", "spread"] };
const nvidia = (gpus: number, model: string) => ({ gpus, gpuModel: model, gpuVendor: "NVIDIA" });
const h100s = { ...fast, ...nvidia(8, "H100"), efaInterfaces: 32, networkCards: 32, zones: ["us-west-2b"] };
const knownTypes: Record<string, InstanceTypeResult> = {
  "p5.48xlarge": { ...h100s, name: "p5.48xlarge" },
  "p6-b300.48xlarge": { ...fast, ...nvidia(8, "B300"), name: "p6-b300.48xlarge", efaInterfaces: 16, networkCards: 17 },
  "g5.xlarge": { ...plainType, ...nvidia(1, "A10G"), name: "g5.xlarge" },
  "g5.8xlarge": { ...fast, ...nvidia(1, "A10G"), name: "g5.8xlarge", efaInterfaces: 1 },
  "g5.12xlarge": { ...plainType, ...nvidia(4, "A10G"), name: "g5.12xlarge" },
  "g4ad.xlarge": { ...plainType, gpus: 1, gpuModel: "Radeon Pro V520", gpuVendor: "AMD", name: "g4ad.xlarge" },
  // Of a family that came after this release.
  "g9.12xlarge": { ...plainType, ...nvidia(3, "X1"), name: "g9.12xlarge" },
};

/** What AWS says of instance types. */
export function typeFacts(instanceTypes: readonly string[]): InstanceTypeResult[] {
  return instanceTypes.map((name) => knownTypes[name] ?? { ...plainType, name });
}

export const cloud: Outputs = {
  "gpu-clusters:aws:AccountReady": () => ({ accountId: "123456789012" }),
  "gpu-clusters:aws:ImageChoice": ({ inputs: { imageId, gpu, architecture } }) => ({
    imageId: (imageId as string | undefined) ?? `ami-${String(architecture)}${gpu ? "-gpu" : ""}`,
    rootDeviceName: imageId === "ami-amazon-linux" ? "/dev/xvda" : "/dev/sda1",
    rootDiskGib: 15,
  }),
  "gpu-clusters:aws:InstanceTypeFacts": ({ inputs: { instanceTypes } }) => ({
    facts: typeFacts(instanceTypes as string[]),
  }),
  "gpu-clusters:aws:SubnetChoice": () => ({
    vpcId: "vpc-there",
    nodeSubnetIds: ["subnet-a", "subnet-b"],
    zones: ["us-west-2a", "us-west-2b"],
    publicSubnetIds: ["subnet-public"],
    publicNodes: false,
  }),
  "gpu-clusters:aws:ZoneChoice": ({ inputs: { names, count } }) => ({
    zones: (names as string[] | undefined) ?? ["us-west-2a", "us-west-2b", "us-west-2c"].slice(0, Number(count)),
  }),
  "gpu-clusters:aws:Deployer": () => ({ principals: ["arn:aws:iam::123456789012:user/deployer"] }),
  "gpu-clusters:aws:ClusterKeys": ({ inputs: { parameterPath } }) => ({
    keysParameter: `${String(parameterPath)}/control-plane-keys`,
    adminParameter: `${String(parameterPath)}/admin-credential`,
    caCertificate: "CA-CERT",
    adminCertificate: "ADMIN-CERT",
    adminPrivateKey: pulumi.secret("ADMIN-KEY"),
    adminExpiresAt: "2027-01-01T00:00:00Z",
    sealedKeys: "SEALED",
  }),
  "aws:ec2/vpc:Vpc": () => ({ region: "us-west-2" }),
  "aws:efs/fileSystem:FileSystem": ({ name }) => ({
    arn: `arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/${name}-id`,
  }),
  "aws:fsx/lustreFileSystem:LustreFileSystem": () => ({
    dnsName: "fs-0123.fsx.us-west-2.amazonaws.com",
    mountName: "abcdefgh",
  }),
  "aws:ec2/eip:Eip": ({ name }) => ({ publicIp: "203.0.113.7", allocationId: `${name}-allocation` }),
  "aws:ec2/instance:Instance": () => ({ privateIp: "10.0.192.4" }),
  "aws:kms/key:Key": () => ({ arn: ownKeyArn }),
  "aws:lb/loadBalancer:LoadBalancer": ({ inputs }) => ({
    arn: `arn:${String(inputs["name"])}`,
    dnsName: `${String(inputs["name"])}.elb.us-west-2.amazonaws.com`,
  }),
  "aws:lb/targetGroup:TargetGroup": ({ name }) => ({ arn: `arn:${name}` }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
  "aws:iam/role:Role": ({ inputs }) => ({ arn: `arn:aws:iam::123456789012:role/${String(inputs["name"])}` }),
  "aws:ssm/parameter:Parameter": ({ inputs }) => ({
    arn: `arn:aws:ssm:us-west-2:123456789012:parameter${String(inputs["name"])}`,
  }),
  "gpu-clusters:aws:NodeGroup": () => ({ size: 1, machines: [], problems: ["no Spot capacity"], fleetId: "fleet-1" }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ ready: true, version: "v1.36.3" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
};

export const functions: Functions = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: "123456789012" }),
  "aws:index/getRegion:getRegion": () => ({ region: "us-west-2" }),
  "aws:index/getDefaultTags:getDefaultTags": () => ({ tags: {} }),
};

/** The script in an instance's user data. */
export function scriptOf(userData: unknown): string {
  return gunzipSync(Buffer.from(String(userData), "base64")).toString("utf8");
}

/** A cluster after its `pulumi up`. */
export async function deployed(
  args: Partial<AwsClusterArgs> = {},
): Promise<{ registered: Registered; cluster: AwsCluster }> {
  const registered = await mockProgram(cloud, false, functions);
  const cluster = new AwsCluster("train", { ...minimal, ...args });
  assert.equal(await valueOf(cluster.status), "ready");
  await settled();
  return { registered, cluster };
}

/** Inputs of the one resource with this name. */
export function inputs(registered: Registered, name: string): Record<string, unknown> {
  const found = registered.resources.filter((resource) => resource.name === name);
  assert.equal(found.length, 1, `${name}; there are: ${registered.names().join(", ")}`);
  return plain(found[0]!.inputs) as Record<string, unknown>;
}
