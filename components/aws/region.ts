import { regionProblem } from "../../sdk/aws/regions";
import * as pulumi from "../../sdk/pulumi";
import type { Problems } from "../errors";

/** Where the stack's own AWS provider has its region from, as the user knows it, in the provider's order. */
function said(): [string, string | undefined][] {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  return [
    ["aws:region", new pulumi.Config("aws").get("region")],
    ...Object.entries({ AWS_REGION, AWS_DEFAULT_REGION }),
  ];
}

/** The region that the stack's own AWS provider is configured with, where it is. */
export function awsRegion(): string | undefined {
  return said().find(([, region]) => region !== undefined)?.[1];
}

/** The AWS provider says of a region that there cannot be only that it does not answer, or that the credentials are wrong. */
export function checkStackRegion(problems: Problems): void {
  const [where, region] = said().find(([, region]) => region !== undefined) ?? [];
  const noRegion = region === undefined ? undefined : regionProblem(region);
  if (noRegion !== undefined) problems.add(where!, noRegion);
}
