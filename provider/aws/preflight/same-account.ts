import type { CheckFailure } from "../../server/resource";

/** Where and as whom AWS is asked. */
export interface AskedAs {
  accountId: string;
  region: string;
}

/** Half of a cluster is made by the AWS provider and half by ours. Pure. */
export function accountDifferences(aws: AskedAs, own: AskedAs): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (aws.region !== own.region) {
    const reason =
      `the AWS provider is in ${aws.region} and gpu-clusters in ${own.region}: say it once, as aws:region or as region of the cluster, ` +
      "and leave out gpu-clusters:aws.region";
    failures.push({ property: "region", reason });
  }
  if (aws.accountId !== own.accountId) {
    const reason = `the AWS provider's credentials are of account ${aws.accountId} and those of gpu-clusters of ${own.accountId}: ${giveTheSame}`;
    failures.push({ property: "cloudAccount", reason });
  }
  return failures;
}

export function credentialsMissing({ accountId }: AskedAs, why: string): CheckFailure {
  const reason = `the AWS provider's credentials are of account ${accountId}, and gpu-clusters has none (${why}): ${giveTheSame}`;
  return { property: "cloudAccount", reason };
}

const giveTheSame =
  "give both the same by aws:profile or AWS_PROFILE, or by AWS_ACCESS_KEY_ID with its key in the environment in the place of aws:accessKey; " +
  "or name a role as cloudAccount; or give the cluster a provider of gpu-clusters beside that of AWS";
