import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyPolicy } from "../../components/aws/key-policy";
import { controlPlanePolicy, instanceTrust, nodePolicy } from "../../components/aws/policies";
import { kubernetesTags } from "../../components/aws/tags";
import { isAllowed, type IamRequest } from "./iam";

describe("components/aws/policies", () => {
  const parameter = (name: string) => `arn:aws:ssm:us-west-2:123456789012:parameter/gpu-clusters/train/${name}`;
  const kmsKey = "arn:aws:kms:us-west-2:123456789012:key/0c1f5e5e-1111-4222-8333-444455556666";
  const controlPlane = {
    clusterName: "train",
    keysParameter: parameter("control-plane-keys"),
    kmsKey,
    joinParameter: parameter("join"),
  };
  const files = (kind: string) => `arn:aws:elasticfilesystem:us-west-2:123456789012:${kind}`;
  const fileSystem = files("file-system/fs-1");
  const documents = {
    "aws-instance-trust": instanceTrust("aws"),
    "aws-node-policy": nodePolicy({ clusterName: "train", joinParameter: parameter("join") }),
    "aws-node-policy-files": nodePolicy({ clusterName: "train", joinParameter: parameter("join"), fileSystem }),
    "aws-control-plane-policy": controlPlanePolicy({ ...controlPlane, kubernetesTag: undefined }),
    "aws-control-plane-policy-cloud": controlPlanePolicy({
      ...controlPlane,
      kubernetesTag: Object.keys(kubernetesTags("train"))[0],
      blockStorage: true,
    }),
    "aws-control-plane-policy-reservation": controlPlanePolicy({
      ...controlPlane,
      kubernetesTag: Object.keys(kubernetesTags("train"))[0],
      blockStorage: true,
      reserved: { nodeRole: "arn:aws:iam::123456789012:role/train-node-role", vpcId: "vpc-1" },
    }),
    "aws-key-policy": keyPolicy({
      place: { partition: "aws", region: "us-west-2", accountId: "123456789012" },
      administrators: ["arn:aws:iam::123456789012:role/deployer", "arn:aws:iam::123456789012:role/*/deployer"],
      controlPlaneRole: "arn:aws:iam::123456789012:role/train-control-plane-role",
      keysParameter: parameter("control-plane-keys"),
    }),
  };
  it("let a machine read its own parameter and no other", () => {
    const readable = [documents["aws-node-policy"], documents["aws-control-plane-policy"]].map((document) =>
      document.Statement.filter(({ Action }) => Action.some((action) => /ssm:(\*|Get)/.test(action))).flatMap(
        ({ Resource }) => Resource,
      ),
    );
    assert.deepEqual(readable, [[parameter("join")], [parameter("control-plane-keys"), parameter("join")]]);
  });

  it("let the control plane open its own parameter with the key, and those who are named any; nobody else, and nobody the role's way", () => {
    const [role, key] = [documents["aws-control-plane-policy"], documents["aws-key-policy"]];
    const account = "arn:aws:iam::123456789012";
    const opening = (name: string, context: string | undefined, action = "kms:Decrypt"): IamRequest => ({
      action,
      resource: kmsKey,
      context: {
        "aws:PrincipalArn": `${account}:${name}`,
        ...(context !== undefined && { "kms:EncryptionContext:PARAMETER_ARN": context }),
      },
    });
    const keys = parameter("control-plane-keys");
    const controlPlaneRole = "role/train-control-plane-role";
    const attacks = [
      opening(controlPlaneRole, parameter("admin-credential")),
      opening(controlPlaneRole, parameter("control-plane-keys/x")),
      opening(controlPlaneRole, undefined),
      opening(controlPlaneRole, keys, "kms:Encrypt"),
      opening("role/other-control-plane-role", keys),
      opening("role/train-node-role", keys),
      opening("role/not-the-deployer", keys),
      opening("role/deployer-of-others", keys),
      opening("user/reader", parameter("admin-credential")),
      opening("root", keys),
      ...["CreateGrant", "ReEncryptFrom", "GenerateDataKey"].map((action) =>
        opening("role/deployer", keys, `kms:${action}`),
      ),
    ];
    assert.deepEqual(
      attacks.filter((request) => isAllowed(key, request)),
      [],
    );
    const others = attacks.slice(0, 4);
    assert.deepEqual(
      [...others, { ...opening(controlPlaneRole, keys), resource: `${kmsKey.slice(0, -1)}7` }].filter((request) =>
        isAllowed(role, request),
      ),
      [],
    );
    assert.ok(isAllowed(role, opening(controlPlaneRole, keys)) && isAllowed(key, opening(controlPlaneRole, keys)));
    for (const name of ["role/deployer", "role/aws-reserved/sso/deployer"])
      for (const action of ["kms:Decrypt", "kms:Encrypt"])
        assert.ok(isAllowed(key, opening(name, parameter("admin-credential"), action)), name);
    assert.ok(isAllowed(key, opening("role/whoever-iam-lets", undefined, "kms:ScheduleKeyDeletion")));
  });

  it("let nothing be changed that is not the cluster's own", () => {
    const { Statement } = documents["aws-control-plane-policy-cloud"];
    const changing =
      /:(Delete|Modify|Terminate|Authorize|Revoke|Register|Deregister|Set|Attach|Detach|Apply|Configure)/;
    const free = Statement.filter(({ Condition }) => !Condition).flatMap(({ Action }) => Action);
    assert.deepEqual(
      free.filter((action) => changing.test(action)),
      [],
    );
    // A role takes 10240 characters of policies.
    assert.ok(JSON.stringify(documents["aws-control-plane-policy-reservation"]).length < 10_000);
  });

  it("keeps root on a worker from files, parameters and machines that are another's", () => {
    const [own, foreign] = [{ "gpu-clusters/cluster": "train" }, { "gpu-clusters/cluster": "other" }];
    const drivers = { "efs.csi.aws.com/cluster": "true" };
    const efs = (action: string, resource: string, more: Partial<IamRequest> = {}): IamRequest => ({
      action: `elasticfilesystem:${action}`,
      resource,
      ...more,
    });
    const point = files("access-point/fsap-1");
    const attacks: IamRequest[] = [
      // Those of all other clusters of the account have the driver's own mark.
      ...["DeleteAccessPoint", "TagResource"].flatMap((action) =>
        [{}, drivers, foreign].map((resourceTags) => efs(action, point, { resourceTags, requestTags: own })),
      ),
      efs("CreateAccessPoint", files("file-system/fs-2"), { requestTags: own }),
      efs("CreateAccessPoint", fileSystem, { requestTags: drivers }),
      ...["DeleteFileSystem", "PutFileSystemPolicy", "DeleteMountTarget", "TagResource"].map((action) =>
        efs(action, fileSystem, { resourceTags: own, requestTags: own }),
      ),
      ...["control-plane-keys", "admin-credential"].map((name) => ({
        action: "ssm:GetParameter",
        resource: parameter(name),
      })),
      { action: "ssm:PutParameter", resource: parameter("join") },
      ...["ec2:TerminateInstances", "ec2:CreateTags", "ec2:AttachVolume", "ec2:DeleteVolume"].map((action) => ({
        action,
        resource: "arn:aws:ec2:us-west-2:123456789012:instance/i-1",
        resourceTags: own,
      })),
      { action: "kms:Decrypt", resource: kmsKey },
      { action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/train-node-role" },
    ];
    const document = documents["aws-node-policy-files"];
    assert.deepEqual(
      attacks.filter((request) => isAllowed(document, request)),
      [],
    );
    const marked = { ...own, ...drivers };
    const needed = [
      efs("CreateAccessPoint", fileSystem, { requestTags: marked }),
      efs("DeleteAccessPoint", point, { resourceTags: marked }),
      efs("DescribeAccessPoints", "*"),
      { action: "ssm:GetParameter", resource: parameter("join") },
    ];
    assert.deepEqual(
      needed.filter((request) => !isAllowed(document, request)),
      [],
    );
  });

  it("keeps the control plane from a cluster of the same name in another region", () => {
    const document = documents["aws-control-plane-policy-reservation"];
    const marks = { "gpu-clusters/cluster": "train" };
    const context = { "ec2:LaunchTemplate": "arn:aws:ec2:us-west-2:123456789012:launch-template/lt-1" };
    const of = (region: string) =>
      [
        ...["instance", "fleet"].map((kind) => ["TerminateInstances", kind]),
        ...["DeleteVolume", "AttachVolume"].map((action) => [action, "volume"]),
        ["RunInstances", "launch-template"],
        ["RunInstances", "instance"],
      ].map(([action, kind]): IamRequest => ({
        action: `ec2:${action}`,
        resource: `arn:aws:ec2:${region}:123456789012:${kind}/x-1`,
        context,
        resourceTags: marks,
        requestTags: marks,
      }));
    assert.ok(of("us-west-2").every((request) => isAllowed(document, request)));
    assert.deepEqual(
      of("eu-west-1").filter((request) => isAllowed(document, request)),
      [],
    );
  });

  it("keeps the cloud controller from what is another's, load balancers above all", () => {
    const document = documents["aws-control-plane-policy-cloud"];
    const tag = "kubernetes.io/cluster/train";
    const [own, foreign] = [{ [tag]: "owned" }, { [tag.replace("train", "other")]: "owned" }];
    const elb = (kind: string) => `arn:aws:elasticloadbalancing:us-west-2:123456789012:${kind}/net/x/1`;
    const ec2 = (kind: string) => `arn:aws:ec2:us-west-2:123456789012:${kind}/x-1`;
    const lb = "elasticloadbalancing";
    const attacks: IamRequest[] = [
      // The way in: a foreign balancer is tagged as the cluster's own.
      { action: `${lb}:AddTags`, resource: elb("loadbalancer"), requestTags: own },
      { action: `${lb}:AddTags`, resource: elb("loadbalancer"), resourceTags: foreign, requestTags: own },
      { action: `${lb}:AddTags`, resource: elb("listener"), createAction: "CreateRule", requestTags: own },
      { action: `${lb}:CreateLoadBalancer`, resource: elb("loadbalancer") },
      { action: `${lb}:CreateTargetGroup`, resource: elb("targetgroup"), requestTags: foreign },
      ...["CreateListener", "CreateLoadBalancerListeners", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes"].map(
        (action) => ({ action: `${lb}:${action}`, resource: elb("loadbalancer"), resourceTags: foreign }),
      ),
      ...["ModifyListener", "DeleteListener"].map((action) => ({
        action: `${lb}:${action}`,
        resource: elb("listener"),
      })),
      { action: `${lb}:RegisterTargets`, resource: elb("targetgroup"), resourceTags: foreign },
      { action: `${lb}:RemoveTags`, resource: elb("loadbalancer"), resourceTags: own },
      { action: `${lb}:SetSecurityGroups`, resource: elb("loadbalancer"), resourceTags: own },
      { action: "ec2:CreateTags", resource: ec2("security-group"), requestTags: own },
      { action: "ec2:CreateTags", resource: ec2("security-group"), createAction: "CreateSecurityGroup" },
      { action: "ec2:CreateTags", resource: ec2("instance"), resourceTags: own },
      { action: "ec2:CreateSecurityGroup", resource: ec2("security-group") },
      { action: "ec2:AuthorizeSecurityGroupIngress", resource: ec2("security-group"), resourceTags: foreign },
      {
        action: "ec2:TerminateInstances",
        resource: ec2("instance"),
        resourceTags: { "gpu-clusters/cluster": "other" },
      },
      { action: "ec2:RunInstances", resource: ec2("instance"), requestTags: own },
      { action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/train-control-plane-role" },
      { action: "iam:CreateServiceLinkedRole", resource: "*" },
      { action: "ssm:GetParameter", resource: parameter("admin-credential") },
      { action: "ssm:PutParameter", resource: parameter("control-plane-keys") },
    ];
    assert.deepEqual(
      attacks.filter((request) => isAllowed(document, request)),
      [],
    );
    // What it does for a Service, as version 1.36 does it.
    const needed: IamRequest[] = [
      { action: "ec2:CreateSecurityGroup", resource: ec2("vpc") },
      { action: "ec2:CreateSecurityGroup", resource: ec2("security-group"), requestTags: own },
      {
        action: "ec2:CreateTags",
        resource: ec2("security-group"),
        createAction: "CreateSecurityGroup",
        requestTags: own,
      },
      ...["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"].map((createAction) => ({
        action: `${lb}:AddTags`,
        resource: elb("loadbalancer"),
        createAction,
        requestTags: own,
      })),
      { action: `${lb}:CreateLoadBalancer`, resource: elb("loadbalancer"), requestTags: own },
      { action: `${lb}:CreateTargetGroup`, resource: elb("targetgroup"), requestTags: own },
      ...["AddTags", "CreateListener", "DeleteLoadBalancer", "ConfigureHealthCheck"].map((action) => ({
        action: `${lb}:${action}`,
        resource: elb("loadbalancer"),
        resourceTags: own,
      })),
      { action: `${lb}:ModifyListener`, resource: elb("listener"), resourceTags: own },
      { action: "ec2:DescribeAccountAttributes", resource: "*" },
      { action: "ec2:DescribeInternetGateways", resource: "*" },
      { action: "ec2:DescribeAddresses", resource: "*" },
    ];
    assert.deepEqual(
      needed.filter((request) => !isAllowed(document, request)),
      [],
    );
  });

  for (const [file, document] of Object.entries(documents)) {
    it(`gives the policy in golden/${file}.json`, () => {
      const path = join(__dirname, "golden", `${file}.json`);
      const text = `${JSON.stringify(document, null, 2)}\n`;
      if (process.env["UPDATE_GOLDEN"]) writeFileSync(path, text);
      assert.equal(text, readFileSync(path, "utf8"), "UPDATE_GOLDEN=1 writes the golden files anew");
    });
  }
});
