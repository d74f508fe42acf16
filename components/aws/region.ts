import * as pulumi from "../../sdk/pulumi";

/** The region that the stack's own AWS provider is configured with, where it is. */
export function awsRegion(): string | undefined {
  return new pulumi.Config("aws").get("region") ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
}
