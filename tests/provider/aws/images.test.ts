import assert from "node:assert/strict";
import type { EC2Client, Image } from "@aws-sdk/client-ec2";
import { chooseImage } from "../../../provider/aws/images";

const imageId = "ami-0123456789abcdef0";
const ubuntu: Image = {
  ImageId: imageId,
  Name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101",
  Architecture: "x86_64",
  PlatformDetails: "Linux/UNIX",
  Public: true,
  State: "available",
};

describe("the image that machines on AWS start from", () => {
  const chosen = (changes: Partial<Image>) => {
    const Images = [{ ...ubuntu, ...changes }];
    const ec2 = { config: { region: () => Promise.resolve("us-west-2") }, send: () => Promise.resolve({ Images }) };
    const query = { imageId, ubuntu: "24.04", architecture: "x86_64", gpu: false } as const;
    return chooseImage(ec2 as unknown as EC2Client, query, AbortSignal.timeout(1_000));
  };

  it("is of a system that machines can install themselves on", async () => {
    for (const [changes, system] of [
      [{ Name: "al2023-ami-2023.6.20260101.0-kernel-6.1-x86_64" }, "Amazon Linux"],
      [{ Name: "amzn2-ami-hvm-2.0.20260101.0-x86_64-gp2" }, "Amazon Linux"],
      [{ Name: "amazon-eks-node-al2023-x86_64-standard-1.34-v20260101" }, "Amazon Linux"],
      [{ Name: "Deep Learning Base OSS Nvidia Driver GPU AMI (Amazon Linux 2023) 20260101" }, "Amazon Linux"],
      [{ Name: "bottlerocket-aws-k8s-1.34-x86_64-v1.50.0" }, "Bottlerocket"],
      [{ Name: "RHEL-9.5", PlatformDetails: "Red Hat Enterprise Linux" }, "Red Hat Enterprise Linux"],
      [{ Name: "suse-sles-15", PlatformDetails: "SUSE Linux" }, "SUSE Linux"],
    ] as const) {
      const expected = `"${imageId}" is ${system}, and machines install themselves by apt: name one of Ubuntu`;
      assert.ok(String(await chosen(changes)).startsWith(expected), changes.Name);
      // An image of somebody's own may have all that is needed in it.
      assert.equal(typeof (await chosen({ ...changes, Public: false })), "object", changes.Name);
    }
    for (const Name of [ubuntu.Name, "debian-13-amd64-20260101", "team-node-7", undefined])
      assert.equal(typeof (await chosen({ Name })), "object", Name);
  });

  it("is there to be started from", async () => {
    for (const State of ["pending", "failed", "disabled", "error"] as const)
      assert.match(String(await chosen({ State })), new RegExp(`^"${imageId}" is ${State}, and must be available`));
  });
});
