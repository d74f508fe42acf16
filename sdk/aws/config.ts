/** How to reach AWS: the provider's configuration, which each resource can refine. */

/** A role that is assumed before anything else is asked of AWS. */
export interface AssumeRole {
  /** For example `arn:aws:iam::123456789012:role/gpu-clusters`. */
  roleArn: string;
  /** What the role's trust policy asks for, where another organisation owns the account. */
  externalId?: string;
}

/**
 * Which AWS to talk to. Credentials come from where every AWS tool finds them (environment, `~/.aws`, instance role); they are never kept
 * in state.
 * @providerConfig aws
 */
export interface AwsProviderConfig {
  /** For example `us-west-2`. Default: the environment's `AWS_REGION` or `AWS_DEFAULT_REGION`, else that of the profile. */
  region?: string;
  /** Root of all services' APIs, for a simulated AWS. Default: AWS's own. */
  endpoint?: string;
  /** Default: none, the credentials are used as they are. */
  assumeRole?: AssumeRole;
}

/** What one resource has of its own, for programs with several regions or accounts; what it leaves out comes from the provider. */
export interface AwsConnection {
  /** For example `us-west-2`. */
  region?: string;
  /** Root of all services' APIs, for a simulated AWS. */
  endpoint?: string;
  /** A role that is assumed first. */
  assumeRole?: AssumeRole;
}

/** The provider's configuration with a resource's own on top. A resource that names a role does not use the provider's. */
export function combineConnections(provider: AwsProviderConfig, own: AwsConnection | undefined): AwsConnection {
  return { ...defined(provider), ...defined(own ?? {}) };
}

function defined(connection: AwsConnection): AwsConnection {
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
}

export interface ConfigFailure {
  property: string;
  reason: string;
}

/** In every partition: `us-west-2`, `cn-north-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export const regionPattern = /^[a-z]{2,5}(-[a-z]+)+-\d+$/;
const rolePattern = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** Fills defaults from the environment and checks what is known. `given` may hold unknown values, which pass through. */
export function checkAwsConfig<T>(
  given: Partial<Record<keyof AwsProviderConfig, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { config: Partial<Record<keyof AwsProviderConfig, T | string>>; failures: ConfigFailure[] } {
  const config = { ...given, region: given.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION };
  return { config, failures: connectionFailures(config, "aws") };
}

/** What is wrong with a connection, as far as it is known. `path`: the user's own name of it. */
export function connectionFailures(
  connection: Partial<Record<keyof AwsProviderConfig, unknown>>,
  path: string,
): ConfigFailure[] {
  const failures: ConfigFailure[] = [];
  const { region, endpoint, assumeRole } = connection;
  if (typeof region === "string" && !regionPattern.test(region)) {
    failures.push({ property: `${path}.region`, reason: `"${region}" is not a region such as us-west-2` });
  }
  if (typeof endpoint === "string" && !isHttpUrl(endpoint)) {
    failures.push({ property: `${path}.endpoint`, reason: `"${endpoint}" must be an http or https URL` });
  }
  const roleArn = isRecord(assumeRole) ? assumeRole.roleArn : undefined;
  if (typeof roleArn === "string" && !rolePattern.test(roleArn)) {
    const reason = `"${roleArn}" is not the ARN of a role, such as arn:aws:iam::123456789012:role/gpu-clusters`;
    failures.push({ property: `${path}.assumeRole.roleArn`, reason });
  }
  return failures;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
