/** Mistakes in an AwsCluster's arguments that are told before AWS is asked. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { AwsClusterArgs } from "../../components/aws/args";
import { groupTypes } from "../../components/aws/group-types";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { cloud, functions, group, minimal } from "./aws-scene";
import { mockProgram, promiseOf } from "./mocks";

describe("components/aws: plain mistakes", () => {
  const refused = (args: Partial<AwsClusterArgs>) =>
    checkAwsClusterArgs("train", { ...minimal, ...args }).all.map(
      ({ propertyPath, reason }) => `${propertyPath}: ${reason}`,
    );

  it("are told before AWS is asked: images that are no ids, of groups and of the control plane", () => {
    const images = { controlPlane: { image: "ubuntu-24.04" }, nodeGroups: [{ ...group, image: "Deep Learning" }] };
    assert.deepEqual(refused(images), [
      'controlPlane.image: "ubuntu-24.04" is no image id such as ami-0123456789abcdef0',
      'nodeGroups[0].image: "Deep Learning" is no image id such as ami-0123456789abcdef0',
    ]);
    const good = {
      controlPlane: { image: "ami-0123456789abcdef0" },
      nodeGroups: [{ ...group, image: "ami-01234567" }],
    };
    assert.deepEqual(refused(good), []);
  });

  it("are told before AWS is asked: a switch in the place of a key pair's name", () => {
    assert.deepEqual(refused({ keyPair: "true" }), [
      "keyPair: must be the name of an EC2 key pair of the region, not the boolean true",
    ]);
  });

  it("are told before AWS is asked: sizes that there are not, with the one that was probably meant", () => {
    for (const [given, meant] of [
      ["g5.12xlrage", "g5.12xlarge"],
      ["m5.lage", "m5.large"],
      ["p6-b200.48xlarg", "p6-b200.48xlarge"],
      ["m7i.metel", "m7i.metal"],
      ["G5.XLARGE", "g5.xlarge"],
      ["P5.48xlarge", "p5.48xlarge"],
    ]) {
      const hint = `"${given}" is not an instance type such as p5.48xlarge (did you mean "${meant}"?)`;
      assert.deepEqual(refused({ controlPlane: { instanceType: given! } }), [`controlPlane.instanceType: ${hint}`]);
    }
    const sizes = "after the dot is a size, one of nano, micro, small, medium, large, xlarge, metal, 2xlarge and so on";
    assert.deepEqual(refused({ controlPlane: { instanceType: "m6i.huge" } }), [
      `controlPlane.instanceType: "m6i.huge" is not an instance type such as p5.48xlarge: ${sizes}`,
    ]);
    assert.deepEqual(refused({ controlPlane: { instanceType: "big" } }), [
      'controlPlane.instanceType: "big" is not an instance type such as p5.48xlarge',
    ]);
  });

  it("are told before AWS is asked: names in the place of ids and ARNs, and a subnet that is named twice", () => {
    const wrong = (args: Partial<AwsClusterArgs>) =>
      checkAwsClusterArgs("train", { ...minimal, ...args }).all.map(({ propertyPath }) => propertyPath);
    for (const permissionsBoundary of ["", "boundary", "arn:aws:iam::123456789012:role/boundary"])
      assert.deepEqual(wrong({ permissionsBoundary }), ["permissionsBoundary"]);
    for (const permissionsBoundary of [
      "arn:aws-us-gov:iam::123456789012:policy/team/boundary",
      "arn:aws:iam::aws:policy/PowerUserAccess",
    ])
      assert.deepEqual(wrong({ permissionsBoundary }), []);
    for (const vpcId of ["", "main", "subnet-1"]) assert.deepEqual(wrong({ network: { vpcId } }), ["network.vpcId"]);
    const subnetIds = ["subnet-1", pulumi.output("later"), "private-a", "subnet-1"];
    assert.deepEqual(wrong({ network: { vpcId: "vpc-1", subnetIds } }), [
      "network.subnetIds[2]",
      "network.subnetIds[3]",
    ]);
  });

  it("are told once: a range that no VPC can have is not compared with others besides", () => {
    assert.deepEqual(refused({ network: { cidr: "10.96.0.0/15" } }), [
      'network.cidr: "10.96.0.0/15" must be an IPv4 range from /16 to /24 such as 10.0.0.0/16',
    ]);
  });

  it("are told before AWS is asked: zones by their id, of another region, and what is no zone", () => {
    assert.deepEqual(refused({ region: "us-west-2", network: { zones: ["usw2-az1", "eu-west-1a", "us-west-2"] } }), [
      'network.zones[0]: "usw2-az1" is the id of a zone: its name is meant, such as us-west-2a',
      'network.zones[1]: "eu-west-1a" is no zone of us-west-2',
      'network.zones[2]: "us-west-2" is no name of a zone such as us-west-2a',
    ]);
    assert.deepEqual(refused({ network: { zones: ["us-west-2a", "us-west-2-lax-1a", "eusc-de-east-1b"] } }), []);
  });

  it("are told where machines with several adapters would have no way out, in subnets that exist too", async () => {
    await mockProgram(cloud, false, functions);
    const asked = {
      group: { instanceTypes: ["p5.48xlarge"], efa: true },
      path: "nodeGroups[0]",
    };
    const [types] = groupTypes("fast", [{ ...asked, publicSubnets: pulumi.output(true) }], {});
    await assert.rejects(
      promiseOf(types!),
      /nodeGroups\[0\]\.efa: machines with several adapters get no public address/,
    );
    const [hidden] = groupTypes("hidden", [{ ...asked, publicSubnets: false }], {});
    assert.equal((await promiseOf(hidden!)).length, 1);
  });
});
