import assert from "node:assert/strict";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { readVpcRanges } from "../../../provider/aws/existing-subnets";
import { findImage } from "../../../provider/aws/images";
import { readOfferings } from "../../../provider/aws/instance-types";
import { readZonesOf } from "../../../provider/aws/preflight/preflight-facts";
import { cannedEc2 } from "./canned";

/** EC2 looks at so many things for one answer, and not for so many that fit. */
describe("an answer of EC2's that has nothing but the word that there is more", () => {
  const signal = AbortSignal.timeout(5_000);
  const image = { ImageId: "ami-0123456789abcdef0", CreationDate: "2026-01-01T00:00:00.000Z" };
  const query = { ubuntu: "24.04", architecture: "x86_64", gpu: false } as const;
  const offer = { InstanceType: "m5.large", Location: "us-west-2a" } as const;
  for (const [what, found, ask, expected] of [
    ["images", { Images: [image] }, (ec2: EC2Client) => findImage(ec2, query, signal), image],
    [
      "VPCs",
      { Vpcs: [{ CidrBlock: "10.0.0.0/16" }] },
      (ec2: EC2Client) => readVpcRanges(ec2, "vpc-1", signal),
      ["10.0.0.0/16"],
    ],
    [
      "subnets",
      { Subnets: [{ SubnetId: "subnet-1", AvailabilityZone: "us-west-2a" }] },
      (ec2: EC2Client) => readZonesOf(ec2, ["subnet-1"], signal),
      new Map([["subnet-1", "us-west-2a"]]),
    ],
    [
      "offerings of types",
      { InstanceTypeOfferings: [offer] },
      (ec2: EC2Client) => readOfferings(ec2, ["m5.large"], signal),
      [{ instanceType: "m5.large", zone: "us-west-2a" }],
    ],
  ] as const) {
    it(`is not all that there is: ${what}`, async () => {
      const ec2 = cannedEc2((_call, { NextToken }) => (NextToken === undefined ? { NextToken: "more" } : found));
      assert.deepEqual(await ask(ec2), expected);
    });
  }
});
