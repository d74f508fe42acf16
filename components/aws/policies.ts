/** IAM policies of a cluster's machines. Pure. */

export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: PolicyStatement[];
}

interface PolicyStatement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource?: string[];
  Principal?: { Service: string };
  Condition?: Record<string, Record<string, string | string[]>>;
}

function policy(...Statement: PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement };
}

/** Lets EC2 instances take the role. */
export function instanceTrust(): PolicyDocument {
  return policy({
    Sid: "Instances",
    Effect: "Allow",
    Action: ["sts:AssumeRole"],
    Principal: { Service: "ec2.amazonaws.com" },
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

/** A node reads the token with which it joins, and no other parameter. */
export function nodePolicy({ joinParameter }: { joinParameter: string }): PolicyDocument {
  return policy({ Sid: "Join", Effect: "Allow", Action: ["ssm:GetParameter"], Resource: [joinParameter] }, sessions);
}

export interface ControlPlanePolicyOptions {
  clusterName: string;
  /** ARN of the parameter with the cluster's keys. */
  keysParameter: string;
  /** ARN of the parameter with the nodes' token. */
  joinParameter: string;
}

/**
 * The control plane reads the cluster's keys and writes the nodes' token. The autoscaler, which runs there, looks at EC2, and changes only
 * the fleets and instances that carry the cluster's tag.
 */
export function controlPlanePolicy(options: ControlPlanePolicyOptions): PolicyDocument {
  const partition = options.keysParameter.split(":")[1];
  return policy(
    { Sid: "Keys", Effect: "Allow", Action: ["ssm:GetParameter"], Resource: [options.keysParameter] },
    { Sid: "Join", Effect: "Allow", Action: ["ssm:PutParameter"], Resource: [options.joinParameter] },
    {
      Sid: "Look",
      Effect: "Allow",
      Action: [
        "ec2:DescribeFleetHistory",
        "ec2:DescribeFleetInstances",
        "ec2:DescribeFleets",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplateVersions",
      ],
      Resource: ["*"],
    },
    {
      Sid: "Scale",
      Effect: "Allow",
      Action: ["ec2:CreateTags", "ec2:DeleteTags", "ec2:ModifyFleet", "ec2:TerminateInstances"],
      Resource: ["fleet", "instance"].map((kind) => `arn:${partition}:ec2:*:*:${kind}/*`),
      Condition: { StringEquals: { "aws:ResourceTag/gpu-clusters/cluster": options.clusterName } },
    },
    sessions,
  );
}
