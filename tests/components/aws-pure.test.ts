import assert from "node:assert/strict";
import fc from "fast-check";
import { closestPlace, fabricInterfaces } from "../../components/aws/fabric";
import { checkFabric } from "../../sdk/aws/type-checks";
import { architectureOf, instanceTypePattern, mayHaveGpus } from "../../components/aws/instance-types";
import { awsName, dnsName, securityGroupName } from "../../components/aws/names";
import { shortened } from "../../sdk/names";
import { keyPolicy } from "../../components/aws/key-policy";
import { keyArn, parameterArn, roleArn } from "../../components/aws/arns";
import { partitionOf, s3Gateway } from "../../components/aws/partitions";
import { controlPlanePolicy, instanceTrust, nodePolicy } from "../../components/aws/policies";
import { planSubnets, roomIn } from "../../components/aws/subnets";
import { checkTags, kubernetesTags } from "../../components/aws/tags";
import { Problems } from "../../components/errors";
import { formatIpv4, overlap, parseCidr } from "../../sdk/ip-ranges";
import { regionProblem } from "../../sdk/aws/regions";

const ranges = fc
  .tuple(fc.nat({ max: 2 ** 32 - 1 }), fc.integer({ min: 16, max: 24 }))
  .map(([address, prefix]) => `${formatIpv4(Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix))}/${prefix}`);
const zones = fc.integer({ min: 1, max: 3 });

describe("components/aws/subnets", () => {
  it("divides any range without overlap or gap, inside the range, with most room for the nodes", () => {
    fc.assert(
      fc.property(ranges, zones, (cidr, count) => {
        const whole = parseCidr(cidr)!;
        const plan = planSubnets(cidr, count)!;
        assert.deepEqual([plan.private.length, plan.public.length], [count, count]);
        const parts = [...plan.private, ...plan.public].map((part) => parseCidr(part)!);
        assert.ok(parts.every((part) => part.prefix <= 28));
        assert.equal(parts[0]!.base, whole.base);
        for (const [index, part] of parts.entries()) {
          if (index > 0) assert.equal(part.base, parts[index - 1]!.base + parts[index - 1]!.size);
          assert.ok(part.base + part.size <= whole.base + whole.size);
          assert.ok(parts.every((other) => other === part || !overlap(part, other)));
        }
        const room = plan.private.reduce((sum, part) => sum + roomIn(part), 0);
        assert.ok(room >= whole.size / 2 - 5 * count);
      }),
    );
  });

  it("has room for twenty groups of a hundred nodes in the default range", () => {
    const { private: subnets, public: open } = planSubnets("10.0.0.0/16", 3)!;
    assert.deepEqual(subnets, ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]);
    assert.deepEqual(open, ["10.0.192.0/20", "10.0.208.0/20", "10.0.224.0/20"]);
    assert.ok(subnets.every((subnet) => roomIn(subnet) >= 2000));
  });

  it("makes none in a range that is too small, or is none", () => {
    for (const cidr of ["10.0.0.0/27", "10.0.0.1/16", "10.0.0.0", "256.0.0.0/16"]) {
      assert.equal(planSubnets(cidr, 3), undefined, cidr);
    }
  });
});

describe("components/aws/names", () => {
  it("keeps names that fit, and shortens others to different ones", () => {
    assert.equal(awsName("train", "node-role", 64), "train-node-role");
    const base = fc.stringMatching(/^[a-z0-9-]{1,160}$/);
    fc.assert(
      fc.property(base, base, (one, other) => {
        const [a, b] = [awsName(one, "node-role", 64), awsName(other, "node-role", 64)];
        assert.ok(a.length <= 64);
        assert.equal(a === b, one === other);
        assert.ok(awsName("c", `x${one}`, 128).length <= 128);
        assert.equal(shortened(one, 106) === shortened(other, 106), one === other);
        assert.ok(Object.keys(kubernetesTags(one))[0]!.length <= 128);
      }),
    );
  });
});

describe("components/aws: names that AWS takes", () => {
  const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,126}[A-Za-z0-9]$/);

  it("has no capitals where a name becomes one of the DNS, and keeps different ones apart", () => {
    assert.equal(dnsName("train", "api", 32), "train-api");
    fc.assert(
      fc.property(names, names, (one, other) => {
        const [a, b] = [dnsName(one, "api-inner", 32), dnsName(other, "api-inner", 32)];
        assert.match(a, /^[a-z0-9-]{1,32}$/);
        assert.equal(a === b, one === other);
      }),
    );
    assert.notEqual(dnsName("Train", "api", 32), dnsName("train", "api", 32));
  });

  it("gives no security group a name that looks like an id", () => {
    for (const base of ["sg-1", "SG-x"]) assert.doesNotMatch(securityGroupName(base, "nodes"), /^sg-/i);
    assert.equal(securityGroupName("train", "nodes"), "train-nodes");
  });

  it("takes tags that every service takes, and says what is wrong with others", () => {
    const wrong = (tags: Record<string, string>, defaults: Record<string, string> = {}) => {
      const problems = new Problems();
      checkTags(tags, problems, { from: "aws:defaultTags", tags: defaults });
      try {
        problems.raise("AwsCluster");
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    assert.equal(wrong({ "cost:Center/1": "größe 5 + x@y=z", "müll.": "" }), "");
    assert.match(wrong({ team: "R&D (platform)" }), /tags\["team"\]: the value has & \( \), which IAM refuses/);
    assert.match(wrong({ "a,b": "" }), /the key has ,/);
    assert.match(wrong({ "kubernetes.io/cluster/other": "owned" }), /is how Kubernetes' controllers know whose/);
    assert.match(wrong({ Team: "a", team: "b" }), /tags\["team"\]: differs from "Team" by case only/);
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, ""]));
    assert.match(wrong(many(41)), /tags: has 41 tags; with ours/);
    // Those of the AWS provider are on the same things.
    assert.match(
      wrong(many(1), { ...many(2), ...many(40), a: "" }),
      /tags: has 1 tag, and 40 come from aws:defaultTags/,
    );
    assert.equal(wrong(many(40), many(40)), "");
    assert.match(wrong({}, { unit: "R&D" }), /aws:defaultTags\["unit"\]: the value has &, which IAM refuses/);
    assert.match(wrong({ team: "a" }, { Team: "b" }), /aws:defaultTags\["Team"\]: differs from "team" by case only/);
    assert.equal(wrong({ unit: "search" }, { unit: "R&D" }), "", "the cluster's own counts");
    const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (value) => {
        assert.equal(wrong({ key: value }) === "", allowed.test(value));
      }),
    );
  });

  it("takes regions of every partition", () => {
    for (const region of ["us-west-2", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"]) {
      assert.equal(regionProblem(region), undefined);
    }
    for (const region of ["us-west", "west", "us_west_2", "us-wset-2"])
      assert.match(regionProblem(region)!, new RegExp(`^"${region}" is not a region such as us-west-2`));
  });
});

describe("components/aws/instance-types", () => {
  it("knows by name whether there are GPUs, and processors", () => {
    const some = ["p5.48xlarge", "p6-b200.48xlarge", "p6e-gb200.36xlarge", "g5g.16xlarge", "gr6f.4xlarge", "g9.large"];
    assert.ok(some.every(mayHaveGpus));
    assert.ok(!["m5.large", "m6g.large", "c7gn.large", "trn1.32xlarge", "hpc7g.4xlarge"].some(mayHaveGpus));
    assert.deepEqual(
      [
        "m5.large",
        "g5.xlarge",
        "c7g.large",
        "m6gd.metal",
        "g5g.xlarge",
        "t4g.nano",
        "a1.large",
        "p6e-gb200.36xlarge",
      ].map(architectureOf),
      ["x86_64", "x86_64", "arm64", "arm64", "arm64", "arm64", "arm64", "arm64"],
    );
    for (const type of [...some, "u-6tb1.metal", "m7i.metal-24xl", "x2iedn.32xlarge", "trn1.2xlarge"]) {
      assert.match(type, instanceTypePattern);
    }
    for (const type of ["large", "m5", "m5.", "M5.large", "m5.huge", "m5.large "]) {
      assert.doesNotMatch(type, instanceTypePattern);
    }
  });
});

describe("components/aws/fabric", () => {
  const type = (efaInterfaces: number, networkCards: number) => ({
    name: "any",
    efaInterfaces,
    networkCards,
    placementStrategies: [],
  });
  const kinds = (efa: number, cards: number) =>
    fabricInterfaces(type(efa, cards)).map(
      ({ networkCardIndex, interfaceType }) => `${networkCardIndex} ${interfaceType}`,
    );

  it("gives each network card one adapter, and the first the machine's address", () => {
    assert.deepEqual(kinds(1, 1), ["0 efa"]);
    assert.deepEqual(kinds(1, 2), ["0 efa"]);
    assert.deepEqual(kinds(4, 4), ["0 efa", "1 efa-only", "2 efa-only", "3 efa-only"]);
    // p6-b300.48xlarge: the first card has none.
    assert.deepEqual([kinds(16, 17)[0], kinds(16, 17).length], ["0 interface", 17]);
  });

  it("asks that types of a group are alike", () => {
    const problems = new Problems();
    const types = [type(4, 4), { ...type(32, 32), name: "other" }];
    checkFabric("nodeGroups[1]", { efa: true }, types, { publicSubnets: false }, problems);
    assert.match(problems.all[0]!.reason, /split it: any \(4 on 4 network cards\), other \(32 on 32 network cards\)/);
  });

  it("chooses the first zone that offers all types, and leaves it to the group to say that none does", () => {
    const places = ["a", "b", "c"].map((zone) => ({ subnetId: `subnet-${zone}`, zone }));
    assert.equal(closestPlace(places, [{ zones: ["b", "c"] }, { zones: ["c"] }]).zone, "c");
    assert.equal(closestPlace(places, [{ zones: ["d"] }]).zone, "a");
  });
});

describe("components/aws: partitions", () => {
  // From botocore's partitions.json: a region, its partition; then EC2's name for IAM and the gateway to S3, where they are of its own.
  const table: Record<string, { partition: string; ec2?: string; s3?: string }> = {
    "us-west-2": { partition: "aws" },
    "eu-central-1": { partition: "aws" },
    "cn-northwest-1": { partition: "aws-cn", ec2: "ec2.amazonaws.com.cn" },
    "us-gov-west-1": { partition: "aws-us-gov" },
    "eusc-de-east-1": { partition: "aws-eusc", s3: "eu.amazonaws.eusc-de-east-1.s3" },
    "us-iso-east-1": { partition: "aws-iso" },
    "us-isob-east-1": { partition: "aws-iso-b" },
    "eu-isoe-west-1": { partition: "aws-iso-e" },
    "us-isof-south-1": { partition: "aws-iso-f" },
  };
  for (const [region, { partition, ec2 = "ec2.amazonaws.com", s3 = `com.amazonaws.${region}.s3` }] of Object.entries(
    table,
  )) {
    it(`says ${partition} of all that is in ${region}`, () => {
      assert.equal(partitionOf(region), partition);
      assert.equal(s3Gateway(region), s3);
      const place = { partition, region, accountId: "123456789012" };
      const [keysParameter, joinParameter] = ["keys", "join"].map((name) =>
        parameterArn(place, `/gpu-clusters/${name}`),
      );
      const nodeRole = roleArn(place, "train-node-role");
      const fileSystem = `arn:${partition}:elasticfilesystem:${region}:123456789012:file-system/fs-1`;
      const documents = [
        instanceTrust(partition),
        nodePolicy({ clusterName: "train", joinParameter: joinParameter!, fileSystem }),
        controlPlanePolicy({
          clusterName: "train",
          keysParameter: keysParameter!,
          joinParameter: joinParameter!,
          kmsKey: keyArn(place, "0c1f"),
          kubernetesTag: "kubernetes.io/cluster/train",
          reserved: { nodeRole, vpcId: "vpc-1" },
        }),
        keyPolicy({ place, administrators: [nodeRole], controlPlaneRole: nodeRole, keysParameter: keysParameter! }),
      ];
      const text = JSON.stringify(documents);
      assert.deepEqual([...new Set(text.match(/arn:[^:"]*/g))], [`arn:${partition}`]);
      assert.deepEqual([...new Set(text.match(/"ec2\.amazonaws\.[a-z.]+"/g))], [`"${ec2}"`]);
    });
  }
});
