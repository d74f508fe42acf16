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
  reservedNodeRole: "arn:aws:iam::123456789012:role/train-node-role",
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
    const parts = ["capacity-reservation", "network-interface", "security-group", "subnet", "volume", "key-pair"];
    const needed: IamRequest[] = [
      ...[image, ...parts.map(ec2)].map((part) => run(part, { context })),
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
});
