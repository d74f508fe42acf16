/** Programs that are measured. They are text, because the types of `@pulumi/aws` as a whole would make each check of ours slow. */

const groupNames = `Array.from({ length: 20 }, (_, index) => \`group-\${index + 1}\`)`;

/** Twenty groups as our component makes them. */
export const twentyGroups = `import { AwsCluster } from "pulumi-gpu-clusters/aws";

const cluster = new AwsCluster("train", {
  keyPair: "ops",
  region: "us-west-2",
  nodeGroups: ${groupNames}.map((name) => ({
    name,
    role: "worker",
    minSize: 0,
    maxSize: 10,
    instanceTypes: ["g5.2xlarge"],
  })),
});
export const kubeconfig = cluster.kubeconfig;
`;

/** The same shape as users write it today: a launch template and a mixed-instances Auto Scaling group each. */
export const twentyPlainGroups = `import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true });
const subnets = ["a", "b", "c"].map(
  (zone, index) =>
    new aws.ec2.Subnet(\`private-\${zone}\`, {
      vpcId: vpc.id,
      cidrBlock: \`10.0.\${index * 64}.0/18\`,
      availabilityZone: \`us-west-2\${zone}\`,
    }),
);
const nodes = new aws.ec2.SecurityGroup("nodes", {
  vpcId: vpc.id,
  ingress: [{ protocol: "-1", fromPort: 0, toPort: 0, self: true }],
  egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
});
const role = new aws.iam.Role("node-role", {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
});
const profile = new aws.iam.InstanceProfile("instance-profile", { role: role.name });
const controlPlane = new aws.ec2.Instance("control-plane", {
  ami: "ami-0123456789abcdef0",
  instanceType: "t3.xlarge",
  keyName: "ops",
  subnetId: subnets[0].id,
  vpcSecurityGroupIds: [nodes.id],
});

export const groups = ${groupNames}.map((name) => {
  const template = new aws.ec2.LaunchTemplate(name, {
    imageId: "ami-0123456789abcdef0",
    keyName: "ops",
    updateDefaultVersion: true,
    iamInstanceProfile: { arn: profile.arn },
    vpcSecurityGroupIds: [nodes.id],
    metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { volumeSize: 100, volumeType: "gp3", encrypted: "true" } }],
    tagSpecifications: [{ resourceType: "instance", tags: { group: name } }],
    userData: pulumi
      .interpolate\`#!/bin/bash\\nkubeadm join \${controlPlane.privateIp}:6443\\n\`
      .apply((script) => Buffer.from(script).toString("base64")),
  });
  const group = new aws.autoscaling.Group(name, {
    minSize: 0,
    maxSize: 10,
    vpcZoneIdentifiers: subnets.map(({ id }) => id),
    mixedInstancesPolicy: {
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: template.id, version: "$Latest" },
        overrides: [{ instanceType: "g5.2xlarge" }],
      },
      instancesDistribution: { onDemandPercentageAboveBaseCapacity: 100 },
    },
  });
  return group.name;
});
`;

/** A page as a user writes it. */
export const onePage = `import { AwsCluster, type AwsNodeGroupArgs } from "pulumi-gpu-clusters/aws";

/** Groups of one GPU generation: machines that stay, and cheaper ones that AWS may take back. */
function gpuGroups(name: string, instanceTypes: string[], most: number): AwsNodeGroupArgs[] {
  const common = {
    role: "worker",
    minSize: 0,
    instanceTypes,
    diskSizeGib: 500,
    labels: { accelerator: name },
    taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
  } as const;
  return [
    { ...common, name, maxSize: most },
    { ...common, name: \`\${name}-spot\`, maxSize: 2 * most, capacity: { spot: { allocationStrategy: "capacity-optimized" } } },
  ].map((group) => ({ ...group, taints: [...common.taints] }) as AwsNodeGroupArgs);
}

const cluster = new AwsCluster("train", {
  keyPair: "ops",
  region: "us-west-2",
  network: { cidr: "10.20.0.0/16", nat: "perZone" },
  controlPlane: { instanceType: "m6i.xlarge", count: 3 },
  kubernetesVersion: "1.36",
  apiServerAccessCidrs: ["203.0.113.0/24"],
  tags: { team: "search" },
  nodeGroups: [
    { name: "system", role: "worker", minSize: 2, maxSize: 6, instanceTypes: ["m6i.large", "m5.large"] },
    ...gpuGroups("a10g", ["g5.12xlarge"], 10),
    ...gpuGroups("h100", ["p5.48xlarge"], 4),
  ],
});

export const { kubeconfig, kubeconfigExec, endpoint, vpcId, subnetIds } = cluster;
export const machines = cluster.nodeGroups.apply((groups) => groups.reduce((sum, { size }) => sum + size, 0));
`;
