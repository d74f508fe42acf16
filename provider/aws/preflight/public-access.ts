/** Whether the account lets anybody reach a network that is made now. */
import { DescribeVpcBlockPublicAccessOptionsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../../server/resource";
import { isAwsError } from "../errors";

/** Exclusions are for VPCs and subnets that exist. Reference: Amazon VPC user guide, "VPC Block Public Access". */
export async function publicAccessFailures(
  ec2: EC2Client,
  region: string,
  abortSignal: AbortSignal,
): Promise<CheckFailure[]> {
  const mode = await blockMode(ec2, abortSignal);
  if (mode === "off") return [];
  const reason =
    `VPC Block Public Access (${mode}) keeps the internet from every VPC that is made in ${region}, and nobody would reach the API: name subnets that ` +
    "are excluded from it (network.subnetIds), or private ones with controlPlane.publicAddress false, or switch it off " +
    `(\`aws ec2 modify-vpc-block-public-access-options --region ${region} --internet-gateway-block-mode off\`)`;
  return [{ property: "network", reason }];
}

async function blockMode(ec2: EC2Client, abortSignal: AbortSignal): Promise<string> {
  try {
    const answer = await ec2.send(new DescribeVpcBlockPublicAccessOptionsCommand({}), { abortSignal });
    return answer.VpcBlockPublicAccessOptions?.InternetGatewayBlockMode ?? "off";
  } catch (error) {
    // Some partitions do not know the call.
    if (isAwsError(error, "invalid")) return "off";
    throw error;
  }
}
