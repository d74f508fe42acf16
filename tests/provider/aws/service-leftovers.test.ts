import assert from "node:assert/strict";
import fc from "fast-check";
import type { SecurityGroup } from "@aws-sdk/client-ec2";
import { referencesTo } from "../../../provider/aws/balancers/security-groups";
import { isGroupMadeForServices, isMadeForServices } from "../../../provider/aws/balancers/service-leftovers";

const cluster = { clusterName: "train", vpcId: "vpc-1" };

const keys = [
  "kubernetes.io/cluster/train",
  "kubernetes.io/cluster/other",
  "kubernetes.io/service-name",
  "elbv2.k8s.aws/cluster",
  "gpu-clusters/cluster",
  "gpu-clusters/stack",
  "gpu-clusters/anything",
  "Name",
];
const things = fc.record({
  vpcId: fc.constantFrom("vpc-1", "vpc-2", undefined),
  tags: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom("owned", "shared", "train", "other", "")),
  name: fc.constantFrom("k8s-elb-a1", "k8s-traffic-train-12", "eks-cluster-sg-train-1", "train-nodes", "default"),
});

describe("what controllers made for Services", () => {
  it("is in the VPC, has a controller's tag with the cluster's name, and none of this package's", () => {
    fc.assert(
      fc.property(things, (thing) => {
        const { vpcId, tags } = thing;
        const isMarked = tags["kubernetes.io/cluster/train"] === "owned" || tags["elbv2.k8s.aws/cluster"] === "train";
        const isOurs = Object.keys(tags).some((key) => key.startsWith("gpu-clusters/"));
        const isMade = vpcId === "vpc-1" && isMarked && !isOurs;
        assert.equal(isMadeForServices(thing, cluster), isMade);
        assert.equal(isGroupMadeForServices(thing, cluster), isMade && thing.name.startsWith("k8s-"));
      }),
      { numRuns: 500 },
    );
  });

  it("holds for both controllers, and not for a cluster of a longer name", () => {
    const made = (tags: Record<string, string>) => isMadeForServices({ vpcId: "vpc-1", tags }, cluster);
    assert.ok(made({ "kubernetes.io/cluster/train": "owned", "kubernetes.io/service-name": "default/web" }));
    assert.ok(made({ "elbv2.k8s.aws/cluster": "train", "service.k8s.aws/stack": "default/web" }));
    assert.ok(!made({ "kubernetes.io/cluster/train-2": "owned" }));
    assert.ok(!made({ "kubernetes.io/cluster/train": "shared" }));
    assert.ok(!made({ "kubernetes.io/cluster/train": "owned", "gpu-clusters/cluster": "train" }));
  });
});

describe("rules that keep security groups from being deleted", () => {
  const ids = fc.constantFrom("sg-1", "sg-2", "sg-3", "sg-4");
  const permission = fc.record({
    IpProtocol: fc.constantFrom("tcp", "-1"),
    FromPort: fc.constantFrom(80, undefined),
    ToPort: fc.constant(80),
    IpRanges: fc.array(fc.constant({ CidrIp: "0.0.0.0/0" }), { maxLength: 1 }),
    UserIdGroupPairs: fc.array(fc.record({ GroupId: ids, UserId: fc.constant("123456789012") }), { maxLength: 3 }),
  });
  const permissions = fc.array(permission, { maxLength: 3 });
  const groups = fc.uniqueArray(
    fc.record({ GroupId: ids, IpPermissions: permissions, IpPermissionsEgress: permissions }),
    { selector: ({ GroupId }) => GroupId },
  );
  const pairsOf = ({ GroupId, IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup, leaving: Set<string>) =>
    [...IpPermissions, ...IpPermissionsEgress]
      .flatMap(({ UserIdGroupPairs = [] }) => UserIdGroupPairs)
      .filter((pair) => leaving.has(pair.GroupId!) && pair.GroupId !== GroupId).length;

  it("are those of other groups that name them, all of these and nothing else", () => {
    fc.assert(
      fc.property(groups, fc.uniqueArray(ids), (all, going) => {
        const leaving = new Set<string>(going);
        const found = referencesTo(leaving, all);
        const revoked = found.flatMap(({ permissions }) => permissions);
        for (const { groupId, permissions } of found) {
          for (const { IpRanges, UserIdGroupPairs } of permissions) {
            assert.equal(IpRanges, undefined);
            assert.ok(UserIdGroupPairs!.length > 0);
            for (const { GroupId } of UserIdGroupPairs!) assert.ok(leaving.has(GroupId!) && GroupId !== groupId);
          }
        }
        assert.equal(
          revoked.flatMap(({ UserIdGroupPairs }) => UserIdGroupPairs!).length,
          all.reduce((sum, group) => sum + pairsOf(group, leaving), 0),
        );
      }),
    );
  });
});
