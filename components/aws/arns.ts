/** ARNs that are computed from another one of the same place. Pure. */

export interface ArnPlace {
  partition: string;
  region: string;
  accountId: string;
}

export function placeOf(arn: string): ArnPlace {
  const [, partition = "", , region = "", accountId = ""] = arn.split(":");
  return { partition, region, accountId };
}

/** Of SSM's parameter with this name, which begins with a slash. */
export function parameterArn({ partition, region, accountId }: ArnPlace, name: string): string {
  return `arn:${partition}:ssm:${region}:${accountId}:parameter${name}`;
}

export function roleArn({ partition, accountId }: ArnPlace, name: string): string {
  return `arn:${partition}:iam::${accountId}:role/${name}`;
}

/** Of a KMS key, by its id or ARN. */
export function keyArn({ partition, region, accountId }: ArnPlace, key: string): string {
  return key.startsWith("arn:") ? key : `arn:${partition}:kms:${region}:${accountId}:key/${key}`;
}
