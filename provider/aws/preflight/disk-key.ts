/** The account's key for new disks. With one of the customer's, the roles that start machines need its leave, which only its owner can give. */
import { GetEbsDefaultKmsKeyIdCommand } from "@aws-sdk/client-ec2";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { CheckFailure, ResourceLog } from "../../server/resource";
import type { AwsClients } from "../clients";
import { describing } from "../describing";
import { isAwsError, unlessGone } from "../errors";
import { everyItem } from "../pages";
import { serviceRoleName, serviceRolePath, startsMachines } from "../service-roles";

/** Reference: EC2 user guide, "Prerequisites for EC2 Fleet", keys of encrypted disks. */
const operations = [
  "Encrypt",
  "Decrypt",
  "ReEncryptFrom",
  "ReEncryptTo",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "DescribeKey",
  "CreateGrant",
];

/** Fails for a key that no disk can have; warns of each service's role that lacks the leave, or of which that cannot be seen. */
export async function diskKeyFailures(
  { ec2, settings }: AwsClients,
  services: readonly string[],
  log: ResourceLog,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const { KmsKeyId: key } = await ec2.send(new GetEbsDefaultKmsKeyIdCommand({}), { abortSignal: signal });
  if (key === undefined || /(^|:)alias\/aws\/ebs$/.test(key)) return [];
  const { KMSClient } = await import("../kms.js");
  const kms = describing(new KMSClient(settings));
  const names = services.filter(startsMachines);
  try {
    const facts = await readKey(kms, key, signal);
    if (facts?.manager === "AWS") return [];
    if (facts?.state !== "Enabled") {
      const reason = `disks of this account are encrypted with ${key}, which is ${facts?.state ?? "not there"}: no machine can start`;
      return [{ property: "controlPlane", reason }];
    }
    for (const service of names) {
      const role = facts.arn.replace(/:kms:.*?:(\d+):key\/.*/, `:iam::$1:role/${serviceRolePath(service)}`);
      if (!(await mayUse(kms, facts.arn, role, signal)))
        log.warn(
          `disks of this account are encrypted with ${key}, and ${serviceRoleName(service)} has no grant for it: machines will end as soon as they start. ${remedy(key, service)}`,
        );
    }
  } catch (error) {
    if (!isAwsError(error, "permission")) throw error;
    for (const service of names)
      log.warn(
        `disks of this account are encrypted with ${key}, and whether ${serviceRoleName(service)} may use it cannot be seen (${error.message}). If machines end as soon as they start: ${remedy(key, service)}`,
      );
  }
  return [];
}

function remedy(key: string, service: string): string {
  return (
    `Let it use the key: aws kms create-grant --key-id ${key} --grantee-principal $(aws iam get-role --role-name ${serviceRoleName(service)} ` +
    `--query Role.Arn --output text) --operations ${operations.join(" ")}`
  );
}

async function readKey(kms: KMSClient, KeyId: string, abortSignal: AbortSignal) {
  const { DescribeKeyCommand } = await import("../kms.js");
  const answer = await unlessGone(kms.send(new DescribeKeyCommand({ KeyId }), { abortSignal }));
  const { Arn = "", KeyManager, KeyState } = answer?.KeyMetadata ?? {};
  return answer && { arn: Arn, manager: KeyManager, state: KeyState };
}

/** By a grant, or by the key's own policy. That the account's IAM may allow it is no leave: the role has no such policy. */
async function mayUse(kms: KMSClient, KeyId: string, role: string, abortSignal: AbortSignal): Promise<boolean> {
  const { GetKeyPolicyCommand, paginateListGrants } = await import("../kms.js");
  const pages = paginateListGrants({ client: kms }, { KeyId, GranteePrincipal: role }, { abortSignal });
  const grants = await everyItem(pages, ({ Grants }) => Grants);
  const granted = grants
    .filter(({ GranteePrincipal }) => GranteePrincipal === role)
    .flatMap((grant) => grant.Operations ?? []);
  if (operations.every((operation) => (granted as string[]).includes(operation))) return true;
  const { Policy = "{}" } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" }), { abortSignal });
  return policyNames(Policy, role);
}

/** Only whether the policy has a word for the role, or for all who come by EC2: what it allows in detail is for IAM to say. */
function policyNames(policy: string, role: string): boolean {
  const { Statement = [] } = JSON.parse(policy) as { Statement?: unknown };
  return [Statement].flat().some((each) => {
    const { Effect, Principal, Action, Condition } = each as Record<string, unknown>;
    const [who, when] = [JSON.stringify(Principal ?? ""), JSON.stringify(Condition ?? "")];
    const byEc2 = !when.includes("kms:ViaService") || when.includes('"ec2.');
    return (
      Effect === "Allow" &&
      (who.includes(role) || (who.includes('"*"') && byEc2)) &&
      JSON.stringify(Action ?? "").includes("kms:")
    );
  });
}
