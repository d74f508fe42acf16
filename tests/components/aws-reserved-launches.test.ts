import assert from "node:assert/strict";
import { controlPlanePolicy } from "../../components/aws/policies";
import { isAllowed, type IamRequest } from "./iam";

const parameter = (name: string) => `arn:aws:ssm:us-west-2:123456789012:parameter/gpu-clusters/train/${name}`;
const options = {
  clusterName: "train",
  keysParameter: parameter("control-plane-keys"),
  kmsKey: "arn:aws:kms:us-west-2:123456789012:key/0c1f5e5e-1111-4222-8333-444455556666",
  joinParameter: parameter("join"),
  kubernetesTag: "kubernetes.io/cluster/train",
};
const reserved = controlPlanePolicy({
  ...options,
  reserved: { nodeRole: "arn:aws:iam::123456789012:role/train-node-role", vpcId: "vpc-1" },
});

describe("components/aws/policies: launches in a reservation", () => {
  it("lets the autoscaler launch the cluster's own machines in a reservation, and no others", () => {
    const ec2 = (kind: string) => `arn:aws:ec2:us-west-2:123456789012:${kind}/x-1`;
    const image = "arn:aws:ec2:us-west-2::image/ami-1";
    const run = (resource: string, more: Partial<IamRequest> = {}) => ({
      action: "ec2:RunInstances",
      resource,
      ...more,
    });
    const context = { "ec2:LaunchTemplate": ec2("launch-template") };
    const [own, foreign] = [{ "gpu-clusters/cluster": "train" }, { "gpu-clusters/cluster": "other" }];
    const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const passed = { "iam:PassedToService": "ec2.amazonaws.com" };
    const attacks: IamRequest[] = [
      ...[image, ec2("subnet"), ec2("capacity-reservation")].map((part) => run(part)),
      run(ec2("instance"), { requestTags: own }),
      run(ec2("instance"), { requestTags: foreign, context }),
      run(ec2("launch-template"), { context }),
      run(ec2("launch-template"), { resourceTags: foreign, context }),
      { action: "ec2:CreateTags", resource: ec2("instance"), requestTags: own },
      { action: "ec2:CreateTags", resource: ec2("volume"), requestTags: own, createAction: "CreateVolume" },
      { action: "iam:PassRole", resource: role("train-control-plane-role"), context: passed },
      { action: "iam:PassRole", resource: role("train-node-role") },
    ];
    assert.deepEqual(
      attacks.filter((request) => isAllowed(reserved, request)),
      [],
    );
    const needed: IamRequest[] = [
      ...["capacity-reservation", "volume"].map((kind) => run(ec2(kind), { context })),
      run(ec2("launch-template"), { resourceTags: own, context }),
      run(ec2("instance"), { requestTags: own, context }),
      ...["instance", "volume"].map((kind) => ({
        action: "ec2:CreateTags",
        resource: ec2(kind),
        requestTags: own,
        createAction: "RunInstances",
      })),
      { action: "iam:PassRole", resource: role("train-node-role"), context: passed },
      { action: "ec2:DescribeCapacityReservations", resource: "*" },
    ];
    assert.deepEqual(
      needed.filter((request) => !isAllowed(reserved, request)),
      [],
    );
    const without = controlPlanePolicy(options);
    assert.deepEqual(
      needed.filter((request) => isAllowed(without, request)),
      [],
    );
  });

  it("lets the control plane launch what the cluster's templates say, and mark its machines as leaving, and no more", () => {
    const own = { "gpu-clusters/cluster": "train" };
    const ec2 = (kind: string) => `arn:aws:ec2:us-west-2:${kind === "image" ? "" : "123456789012"}:${kind}/x-1`;
    const vpc = (id: string) => ({ "ec2:Vpc": `arn:aws:ec2:us-west-2:210987654321:vpc/${id}` });
    const template = { "ec2:LaunchTemplate": ec2("launch-template") };
    const ofTemplate = { ...template, "ec2:IsLaunchTemplateResource": "true" };
    const given = { ...template, "ec2:IsLaunchTemplateResource": "false" };
    const launch = (kind: string, context: Record<string, string>, more: Partial<IamRequest> = {}): IamRequest => ({
      action: "ec2:RunInstances",
      resource: ec2(kind),
      context,
      ...more,
    });
    const tagging = (action: string, kind: string, key: string): IamRequest => ({
      action: `ec2:${action}`,
      resource: ec2(kind),
      resourceTags: own,
      ...(action === "CreateTags" ? { requestTags: { [key]: "x" } } : { removedTags: [key] }),
    });
    const attacks: IamRequest[] = [
      // Whoever boots an image with a script of his own reads all that is on it.
      launch("image", given),
      launch("image", {}),
      launch("snapshot", given),
      launch("key-pair", given),
      launch("placement-group", given),
      // Into other networks, and behind other systems' walls.
      launch("subnet", { ...given, ...vpc("vpc-2") }),
      launch("network-interface", { ...given, ...vpc("vpc-12") }),
      launch("security-group", { ...given, ...vpc("vpc-1") }, { resourceTags: { "gpu-clusters/cluster": "other" } }),
      launch("security-group", { ...given, ...vpc("vpc-1") }),
      launch("launch-template", {}, { resourceTags: { "gpu-clusters/cluster": "other" } }),
      launch("instance", ofTemplate),
      launch("instance", {}, { requestTags: own }),
      { action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/admin" },
      {
        action: "iam:PassRole",
        resource: "arn:aws:iam::123456789012:role/train-node-role",
        context: { "iam:PassedToService": "lambda.amazonaws.com" },
      },
      // Tags say whose a machine is, to other clusters and to others' policies.
      ...["gpu-clusters/cluster", "gpu-clusters/node-group", "team", "Name"].flatMap((key) => [
        tagging("CreateTags", "instance", key),
        tagging("DeleteTags", "instance", key),
      ]),
      tagging("CreateTags", "fleet", "gpu-clusters/cluster"),
      tagging("DeleteTags", "fleet", "gpu-clusters/cluster"),
      { ...tagging("CreateTags", "instance", "gpu-clusters/removing"), resourceTags: {} },
      ...["launch-template", "image", "security-group", "subnet"].map((kind) => ({
        action: "ec2:ModifyFleet",
        resource: ec2(kind),
        resourceTags: own,
      })),
    ];
    assert.deepEqual(
      attacks.filter((request) => isAllowed(reserved, request)),
      [],
    );
    const needed = [
      launch("launch-template", {}, { resourceTags: own }),
      ...["image", "key-pair", "placement-group"].map((kind) => launch(kind, ofTemplate)),
      // A group with adapters names them again, each with its subnet.
      ...["subnet", "network-interface"].map((kind) => launch(kind, { ...given, ...vpc("vpc-1") })),
      launch("security-group", { ...given, ...vpc("vpc-1") }, { resourceTags: own }),
      ...["volume", "capacity-reservation"].map((kind) => launch(kind, given)),
      launch("instance", template, { requestTags: own }),
      tagging("CreateTags", "instance", "gpu-clusters/removing"),
      { action: "ec2:ModifyFleet", resource: ec2("fleet"), resourceTags: own },
    ];
    assert.deepEqual(
      needed.filter((request) => !isAllowed(reserved, request)),
      [],
    );
  });
});
