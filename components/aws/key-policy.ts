/** The policy of the KMS key that a cluster's keys are under. Pure. */
import type { ArnPlace } from "./arns";
import { contextOf, policy, type PolicyDocument } from "./policies";

export interface KeyPolicyOptions {
  place: ArnPlace;
  /** ARNs or patterns of those who make the cluster and read the administrator's credential. */
  administrators: readonly string[];
  /** ARN of the control plane's role. */
  controlPlaneRole: string;
  /** ARN of the one parameter that it opens. */
  keysParameter: string;
}

/** Who manages keys and does not use them: without it, a key whose makers are gone is nobody's. */
const managing = [
  "CancelKeyDeletion",
  "DescribeKey",
  "DisableKey",
  "DisableKeyRotation",
  "EnableKey",
  "EnableKeyRotation",
  "GetKeyPolicy",
  "GetKeyRotationStatus",
  "ListKeyPolicies",
  "ListResourceTags",
  "PutKeyPolicy",
  "ScheduleKeyDeletion",
  "TagResource",
  "UntagResource",
  "UpdateKeyDescription",
].map((action) => `kms:${action}`);

/**
 * The account's IAM says who manages the key. To use it, one must be named here, and be allowed by IAM besides: the account's others, readers of
 * all parameters among them, are not. Roles are named by condition, because KMS refuses a policy that names one which is not there yet.
 */
export function keyPolicy({
  place,
  administrators,
  controlPlaneRole,
  keysParameter,
}: KeyPolicyOptions): PolicyDocument {
  const account = { AWS: `arn:${place.partition}:iam::${place.accountId}:root` };
  return policy(
    { Sid: "Manage", Effect: "Allow", Principal: account, Action: managing, Resource: ["*"] },
    {
      Sid: "Administrators",
      Effect: "Allow",
      Principal: account,
      Action: ["kms:Decrypt", "kms:Encrypt"],
      Resource: ["*"],
      Condition: { ArnLike: { "aws:PrincipalArn": [...administrators] } },
    },
    {
      Sid: "ControlPlane",
      Effect: "Allow",
      Principal: account,
      Action: ["kms:Decrypt"],
      Resource: ["*"],
      Condition: { StringEquals: { "aws:PrincipalArn": controlPlaneRole, ...contextOf(keysParameter) } },
    },
  );
}
