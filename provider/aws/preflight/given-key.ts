/** The KMS key that a user names for the cluster's secrets. */
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { describing } from "../describing";
import { isAwsError, unlessGone } from "../errors";

export async function givenKeyFailures(
  { settings }: AwsClients,
  key: string,
  region: string,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const refuse = (reason: string) => [{ property: "kmsKeyId", reason }];
  const [, there] = /^arn:[^:]+:kms:([^:]+):/.exec(key) ?? [];
  if (there !== undefined && there !== region) return refuse(`"${key}" is in ${there}, and the cluster in ${region}`);
  const { DescribeKeyCommand, KMSClient } = await import("../kms.js");
  const kms = describing(new KMSClient(settings));
  try {
    const answer = await unlessGone(kms.send(new DescribeKeyCommand({ KeyId: key }), { abortSignal: signal }));
    const { KeyState, KeySpec, KeyUsage = "ENCRYPT_DECRYPT" } = answer?.KeyMetadata ?? {};
    if (answer === undefined)
      return refuse(
        `there is no KMS key "${key}" in ${region}: name one of \`aws kms list-keys\`, or none to have one made`,
      );
    if (KeyState !== "Enabled") {
      const way = KeyState === undefined ? undefined : waysToEnabled[KeyState];
      return refuse(`"${key}" is ${KeyState}, and must be Enabled${way ? `: by \`aws kms ${way}\`` : ""}`);
    }
    if (KeyUsage !== "ENCRYPT_DECRYPT" || (KeySpec ?? "SYMMETRIC_DEFAULT") !== "SYMMETRIC_DEFAULT")
      return refuse(`"${key}" is for ${KeyUsage} by ${KeySpec}, and must be a symmetric one that encrypts`);
    return [];
  } catch (error) {
    if (!isAwsError(error, "invalid")) throw error;
    return refuse(error.message);
  }
}

const waysToEnabled: Readonly<Record<string, string>> = {
  Disabled: "enable-key",
  PendingDeletion: "cancel-key-deletion` and `aws kms enable-key",
};
