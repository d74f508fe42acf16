/** The provider's configuration for AWS: what is wrong with it. */
import { assumeRoleProblems, type AwsProviderConfig } from "../../sdk/aws/config";
import { regionProblem } from "../../sdk/aws/regions";
import { isRecord } from "../../sdk/schema/record";
import type { CheckFailure } from "../server/resource";

/** Fills defaults from the environment and checks what is known. `given` may hold unknown values, which pass through. */
export function checkAwsConfig<T>(
  given: Partial<Record<keyof AwsProviderConfig, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { config: Partial<Record<keyof AwsProviderConfig, T | string>>; failures: CheckFailure[] } {
  const config = { ...given, region: given.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION };
  return { config, failures: configFailures(config) };
}

function configFailures({
  region,
  endpoint,
  assumeRole,
}: Partial<Record<keyof AwsProviderConfig, unknown>>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const noRegion = typeof region === "string" ? regionProblem(region) : undefined;
  if (noRegion !== undefined) failures.push({ property: "aws.region", reason: noRegion });
  if (typeof endpoint === "string" && !isHttpUrl(endpoint)) {
    failures.push({ property: "aws.endpoint", reason: `"${endpoint}" must be an http or https URL` });
  }
  for (const { field, reason } of isRecord(assumeRole) ? assumeRoleProblems(assumeRole) : [])
    failures.push({ property: `aws.assumeRole.${field}`, reason });
  return failures;
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
