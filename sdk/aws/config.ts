/** How to reach AWS: the provider's configuration. */

/** A role that is assumed before anything else is asked of AWS. */
export interface AssumeRole {
  /** For example `arn:aws:iam::123456789012:role/gpu-clusters`. */
  roleArn: string;
  /** What the role's trust policy asks for, where another organisation owns the account: 2 to 1224 letters, digits and `_+=,.@:/-`. */
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
  /** Of the shared credentials file (`~/.aws`), whose credentials are used. Default: the environment's `AWS_PROFILE`. */
  profile?: string;
  /** Root of all services' APIs, for a simulated AWS. Default: AWS's own. */
  endpoint?: string;
  /** Default: none, the credentials are used as they are. */
  assumeRole?: AssumeRole;
}

const roleArnPattern = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** Reference: STS API, AssumeRole. */
const externalIdPattern = /^[\w+=,.@:/-]{2,1224}$/;

/** What is wrong with a role to assume, by its field. */
export function assumeRoleProblems({ roleArn, externalId }: { roleArn?: unknown; externalId?: unknown }): {
  field: string;
  reason: string;
}[] {
  const problems: { field: string; reason: string }[] = [];
  if (typeof roleArn === "string" && !roleArnPattern.test(roleArn)) {
    const reason = `"${roleArn}" is not the ARN of a role, such as arn:aws:iam::123456789012:role/gpu-clusters`;
    problems.push({ field: "roleArn", reason });
  }
  // Whoever has it may be let in by it: it is not repeated.
  if (typeof externalId === "string" && !externalIdPattern.test(externalId))
    problems.push({ field: "externalId", reason: "must have 2 to 1224 letters, digits and characters of _+=,.@:/-" });
  return problems;
}
