/** IAM policies of a cluster's machines. Pure. */
import { tagKeys } from "../../sdk/aws/tag-keys";
import { ec2Principal } from "./partitions";

export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: PolicyStatement[];
}

interface PolicyStatement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource?: string[];
  Principal?: { Service: string } | { AWS: string };
  Condition?: Record<string, Record<string, string | string[]>>;
}

export function policy(...Statement: PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement };
}

/** Lets EC2 instances take the role. */
export function instanceTrust(partition: string): PolicyDocument {
  return policy({
    Sid: "Instances",
    Effect: "Allow",
    Action: ["sts:AssumeRole"],
    Principal: { Service: ec2Principal(partition) },
  });
}

/**
 * Sessions of SSM's agent, which need no open port. AWS's own policy for it, AmazonSSMManagedInstanceCore, lets machines read every parameter
 * of the account, the cluster's keys too.
 */
const sessions: PolicyStatement = {
  Sid: "Sessions",
  Effect: "Allow",
  Action: [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ],
  Resource: ["*"],
};

export interface NodePolicyOptions {
  clusterName: string;
  joinParameter: string;
  /** ARN of the cluster's file system, where it has one. */
  fileSystem?: string | undefined;
}

/** A node reads the token with which it joins, and no other parameter. The driver of shared files acts with its role. */
export function nodePolicy({ clusterName, joinParameter, fileSystem }: NodePolicyOptions): PolicyDocument {
  return policy(
    { Sid: "Join", Effect: "Allow", Action: ["ssm:GetParameter"], Resource: [joinParameter] },
    ...(fileSystem === undefined ? [] : sharedFiles(fileSystem, clusterName)),
    sessions,
  );
}

/**
 * What makes volumes of a file system, and of this one alone. The driver gives its access points the cluster's mark besides its own, which those of other
 * clusters of the account have too. Reference: kubernetes-sigs/aws-efs-csi-driver, docs/iam-policy-example.json.
 */
function sharedFiles(fileSystem: string, clusterName: string): PolicyStatement[] {
  const accessPoints = fileSystem.replace(/:file-system\/.*/, ":access-point/*");
  return [
    {
      Sid: "FilesLook",
      Effect: "Allow",
      Action: [
        "ec2:DescribeAvailabilityZones",
        "elasticfilesystem:DescribeAccessPoints",
        "elasticfilesystem:DescribeFileSystems",
        "elasticfilesystem:DescribeMountTargets",
      ],
      Resource: ["*"],
    },
    {
      Sid: "FilesMake",
      Effect: "Allow",
      Action: ["elasticfilesystem:CreateAccessPoint"],
      Resource: [fileSystem],
      Condition: { StringEquals: { "aws:RequestTag/gpu-clusters/cluster": clusterName } },
    },
    {
      Sid: "FilesChange",
      Effect: "Allow",
      Action: ["elasticfilesystem:DeleteAccessPoint", "elasticfilesystem:TagResource"],
      Resource: [accessPoints],
      Condition: ofCluster(clusterName),
    },
  ];
}

export interface ControlPlanePolicyOptions {
  clusterName: string;
  /** ARN of the parameter with the cluster's keys. */
  keysParameter: string;
  /** ARN of the KMS key that these are under. */
  kmsKey: string;
  /** ARN of the parameter with the nodes' token. */
  joinParameter: string;
  /** Key of the tag that AWS's cloud controller manager knows its cluster by, where it runs. */
  kubernetesTag: string | undefined;
  /** Whether AWS's driver for EBS runs. */
  blockStorage?: boolean;
  /** Where a group runs in a Capacity Reservation: the autoscaler launches such machines itself. With the ARN of the nodes' role. */
  reserved?: { nodeRole: string; vpcId: string } | undefined;
}

/** All of a kind that the region has. */
type Ec2Arn = (kind: string) => string;

/** SSM tells KMS which parameter it opens. Reference: SSM user guide, "How Parameter Store uses AWS KMS". */
export function contextOf(parameter: string): Record<string, string> {
  return { "kms:EncryptionContext:PARAMETER_ARN": parameter };
}

/**
 * The control plane reads the cluster's keys, and writes the nodes' token, which several control planes also read. The autoscaler, which runs there, looks at EC2, and changes only
 * the fleets and instances that carry the cluster's tag.
 */
export function controlPlanePolicy(options: ControlPlanePolicyOptions): PolicyDocument {
  const [, partition, , region] = options.keysParameter.split(":") as [string, string, string, string];
  // Of this region: another one's may have a cluster of the same name. Subnets and reservations may be another account's, which shares them.
  const ec2 = (kind: string) => `arn:${partition}:ec2:${region}:*:${kind}/*`;
  const owned = ofCluster(options.clusterName);
  return policy(
    { Sid: "Keys", Effect: "Allow", Action: ["ssm:GetParameter"], Resource: [options.keysParameter] },
    {
      Sid: "OpenKeys",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: [options.kmsKey],
      Condition: { StringEquals: contextOf(options.keysParameter) },
    },
    {
      Sid: "Join",
      Effect: "Allow",
      Action: ["ssm:GetParameter", "ssm:PutParameter"],
      Resource: [options.joinParameter],
    },
    {
      Sid: "Look",
      Effect: "Allow",
      Action: [
        "ec2:DescribeFleetHistory",
        "ec2:DescribeFleets",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeSubnets",
      ],
      Resource: ["*"],
    },
    {
      Sid: "Scale",
      Effect: "Allow",
      Action: ["ec2:ModifyFleet", "ec2:TerminateInstances"],
      Resource: ["fleet", "instance"].map(ec2),
      Condition: owned,
    },
    {
      // By the others others know whose a machine is.
      Sid: "ScaleMark",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [ec2("instance")],
      Condition: { ...owned, "ForAllValues:StringEquals": { "aws:TagKeys": [tagKeys.removing] } },
    },
    ...(options.kubernetesTag === undefined ? [] : cloudController(ec2, options.kubernetesTag)),
    ...(options.blockStorage ? volumes(ec2, options.clusterName) : []),
    ...(options.reserved === undefined ? [] : reservedLaunches(ec2, options, options.reserved)),
    sessions,
  );
}

/** By the mark that what is there carries. */
function ofCluster(clusterName: string) {
  return { StringEquals: { "aws:ResourceTag/gpu-clusters/cluster": clusterName } };
}

/**
 * What the driver for EBS needs for volumes, and not for snapshots: it makes them with the cluster's mark, changes only what carries it, and attaches
 * them to the cluster's machines. Reference: kubernetes-sigs/aws-ebs-csi-driver, docs/AmazonEBSCSIDriverPolicyV2.json.
 */
function volumes(ec2: Ec2Arn, clusterName: string): PolicyStatement[] {
  const born = { "aws:RequestTag/gpu-clusters/cluster": clusterName };
  const owned = ofCluster(clusterName);
  return [
    {
      Sid: "VolumesLook",
      Effect: "Allow",
      Action: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
        "ec2:DescribeVolumeStatus",
      ],
      Resource: ["*"],
    },
    {
      Sid: "VolumesMake",
      Effect: "Allow",
      Action: ["ec2:CreateVolume"],
      Resource: [ec2("volume")],
      Condition: { StringEquals: born },
    },
    {
      Sid: "VolumesTag",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [ec2("volume")],
      Condition: { StringEquals: { "ec2:CreateAction": "CreateVolume", ...born } },
    },
    {
      Sid: "VolumesChange",
      Effect: "Allow",
      Action: ["ec2:DeleteVolume", "ec2:ModifyVolume"],
      Resource: [ec2("volume")],
      Condition: owned,
    },
    {
      Sid: "VolumesAttach",
      Effect: "Allow",
      Action: ["ec2:AttachVolume", "ec2:DetachVolume"],
      Resource: [ec2("volume"), ec2("instance")],
      Condition: owned,
    },
  ];
}

/**
 * Other machines are launched by AWS's own role for fleets. These are launched from the cluster's own templates only, with its mark, and with the
 * nodes' role. What a template says can be overridden, the script too: the image, which that could read, must be the template's, and networks the
 * cluster's. Reference: Service Authorization Reference, "Amazon EC2", RunInstances.
 */
function reservedLaunches(
  ec2: Ec2Arn,
  { clusterName, keysParameter }: ControlPlanePolicyOptions,
  { nodeRole, vpcId }: NonNullable<ControlPlanePolicyOptions["reserved"]>,
): PolicyStatement[] {
  const [, partition, , region] = keysParameter.split(":") as [string, string, string, string];
  const launch = { Effect: "Allow" as const, Action: ["ec2:RunInstances"] };
  const fromTemplate = { ArnLike: { "ec2:LaunchTemplate": ec2("launch-template") } };
  const owned = ofCluster(clusterName);
  // Of the account that shares it, where it is shared.
  const inVpc = { ArnLike: { ...fromTemplate.ArnLike, "ec2:Vpc": `arn:${partition}:ec2:${region}:*:vpc/${vpcId}` } };
  return [
    {
      Sid: "ReservedLook",
      Effect: "Allow",
      Action: ["ec2:DescribeCapacityReservations"],
      Resource: ["*"],
    },
    {
      ...launch,
      Sid: "ReservedTemplate",
      Resource: [ec2("launch-template")],
      Condition: owned,
    },
    {
      ...launch,
      Sid: "ReservedParts",
      Resource: [`arn:${partition}:ec2:${region}::image/*`, ...["key-pair", "placement-group"].map(ec2)],
      Condition: { ...fromTemplate, Bool: { "ec2:IsLaunchTemplateResource": "true" } },
    },
    {
      ...launch,
      Sid: "ReservedRoom",
      Resource: ["capacity-reservation", "volume"].map(ec2),
      Condition: fromTemplate,
    },
    {
      ...launch,
      Sid: "ReservedNetwork",
      Resource: ["network-interface", "subnet"].map(ec2),
      Condition: inVpc,
    },
    {
      ...launch,
      Sid: "ReservedGroups",
      Resource: [ec2("security-group")],
      Condition: { ...fromTemplate, ...owned },
    },
    {
      ...launch,
      Sid: "ReservedMachine",
      Resource: [ec2("instance")],
      Condition: { ...fromTemplate, StringEquals: { "aws:RequestTag/gpu-clusters/cluster": clusterName } },
    },
    {
      Sid: "ReservedTags",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [ec2("instance"), ec2("volume")],
      Condition: { StringEquals: { "ec2:CreateAction": "RunInstances" } },
    },
    {
      Sid: "ReservedRole",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: [nodeRole],
      Condition: { StringEquals: { "iam:PassedToService": ec2Principal(partition) } },
    },
  ];
}

/**
 * What AWS's cloud controller manager needs for nodes and for load balancers of both generations, and no more: it neither makes volumes nor
 * routes. It changes and deletes only what carries the cluster's tag, which it gives to everything at its making, listeners too.
 * Reference: kubernetes/cloud-provider-aws, docs/prerequisites.md.
 */
function cloudController(ec2: Ec2Arn, tag: string): PolicyStatement[] {
  const owned = { StringEquals: { [`aws:ResourceTag/${tag}`]: "owned" } };
  const born = { [`aws:RequestTag/${tag}`]: "owned" };
  const all = (service: string, ...actions: string[]) => actions.map((action) => `${service}:${action}`);
  return [
    {
      Sid: "CloudLook",
      Effect: "Allow",
      Action: [
        ...all("ec2", "DescribeAvailabilityZones", "DescribeInstanceTopology", "DescribeRouteTables"),
        ...all("ec2", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
        // Asked with the caller's rights by the first CreateLoadBalancer of an account.
        ...all("ec2", "DescribeAccountAttributes", "DescribeAddresses", "DescribeInternetGateways"),
        "elasticloadbalancing:Describe*",
      ],
      Resource: ["*"],
    },
    {
      Sid: "CloudMake",
      Effect: "Allow",
      Action: all("elasticloadbalancing", "CreateLoadBalancer", "CreateTargetGroup"),
      Resource: ["*"],
      Condition: { StringEquals: born },
    },
    {
      Sid: "CloudMakeGroup",
      Effect: "Allow",
      Action: ["ec2:CreateSecurityGroup"],
      Resource: [ec2("security-group")],
      Condition: { StringEquals: born },
    },
    { Sid: "CloudMakeInVpc", Effect: "Allow", Action: ["ec2:CreateSecurityGroup"], Resource: [ec2("vpc")] },
    {
      // Whoever may tag what is there could make it his own: tags are given to what is being made.
      Sid: "CloudTagNew",
      Effect: "Allow",
      Action: ["elasticloadbalancing:AddTags"],
      Resource: ["*"],
      Condition: {
        StringEquals: {
          "elasticloadbalancing:CreateAction": ["CreateListener", "CreateLoadBalancer", "CreateTargetGroup"],
          ...born,
        },
      },
    },
    {
      Sid: "CloudTag",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [ec2("security-group")],
      Condition: { StringEquals: { "ec2:CreateAction": "CreateSecurityGroup", ...born } },
    },
    {
      Sid: "CloudChange",
      Effect: "Allow",
      Action: [
        ...all("ec2", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "RevokeSecurityGroupIngress"),
        ...all("elasticloadbalancing", "AddTags", "CreateListener", "CreateLoadBalancerListeners"),
        ...all("elasticloadbalancing", "CreateLoadBalancerPolicy", "ApplySecurityGroupsToLoadBalancer"),
        ...all("elasticloadbalancing", "AttachLoadBalancerToSubnets", "ConfigureHealthCheck"),
        ...all("elasticloadbalancing", "DeleteListener", "DeleteLoadBalancer"),
        ...all("elasticloadbalancing", "DeleteLoadBalancerListeners", "DeleteTargetGroup"),
        ...all("elasticloadbalancing", "DeregisterInstancesFromLoadBalancer", "DeregisterTargets"),
        ...all("elasticloadbalancing", "DetachLoadBalancerFromSubnets", "ModifyListener"),
        ...all("elasticloadbalancing", "ModifyLoadBalancerAttributes", "ModifyTargetGroup"),
        ...all("elasticloadbalancing", "ModifyTargetGroupAttributes", "RegisterInstancesWithLoadBalancer"),
        ...all("elasticloadbalancing", "RegisterTargets", "SetLoadBalancerPoliciesForBackendServer"),
        ...all("elasticloadbalancing", "SetLoadBalancerPoliciesOfListener"),
      ],
      Resource: ["*"],
      Condition: owned,
    },
    {
      Sid: "CloudRole",
      Effect: "Allow",
      Action: ["iam:CreateServiceLinkedRole"],
      Resource: ["*"],
      Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
  ];
}
