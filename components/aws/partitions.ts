/** What AWS's partitions have of their own, besides the ARNs. Pure. Reference: botocore's partitions.json. */

/** By the beginning of a region's name. */
const partitions = [
  ["cn-", "aws-cn"],
  ["eusc-", "aws-eusc"],
  ["us-gov-", "aws-us-gov"],
  ["us-iso-", "aws-iso"],
  ["us-isob-", "aws-iso-b"],
  ["eu-isoe-", "aws-iso-e"],
  ["us-isof-", "aws-iso-f"],
] as const;

export function partitionOf(region: string): string {
  return partitions.find(([beginning]) => region.startsWith(beginning))?.[1] ?? "aws";
}

/** EC2 as IAM knows it, for machines' roles. Roles of AWS's other services have `amazonaws.com` everywhere. Reference: AWS in China, "IAM". */
export function ec2Principal(partition: string): string {
  return partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
}

/** The gateway of a VPC to S3. Reference: AWS PrivateLink, "Gateway endpoints"; the European Sovereign Cloud begins its names with its own domain. */
export function s3Gateway(region: string): string {
  return `${partitionOf(region) === "aws-eusc" ? "eu" : "com"}.amazonaws.${region}.s3`;
}
