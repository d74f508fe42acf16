/** Whether a VPC that exists gives out the names that AWS's services have in it. */
import { DescribeVpcAttributeCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../../server/resource";
import { unlessGone } from "../errors";

/** FSx documents no other way to its files than their name. Reference: FSx for Lustre user guide, "File system mount using DNS name fails". */
export async function dnsNameFailures(
  ec2: EC2Client,
  vpcId: string,
  region: string,
  abortSignal: AbortSignal,
): Promise<CheckFailure[]> {
  const ask = (Attribute: "enableDnsSupport" | "enableDnsHostnames") =>
    unlessGone(ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute }), { abortSignal }));
  const [support, hostnames] = await Promise.all([ask("enableDnsSupport"), ask("enableDnsHostnames")]);
  const off = [
    ...(support?.EnableDnsSupport?.Value === false ? ["--enable-dns-support"] : []),
    ...(hostnames?.EnableDnsHostnames?.Value === false ? ["--enable-dns-hostnames"] : []),
  ];
  if (off.length === 0) return [];
  // AWS takes one at a time.
  const commands = off.map((flag) => `\`aws ec2 modify-vpc-attribute --region ${region} --vpc-id ${vpcId} ${flag}\``);
  const reason = `nodes mount it by its DNS name, which ${vpcId} does not give out: switch it on by ${commands.join(" and ")}`;
  return [{ property: "sharedStorage.lustre", reason }];
}
