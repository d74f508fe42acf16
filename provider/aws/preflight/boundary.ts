/** The policy that a user names as the boundary of the machines' roles. */
import { GetPolicyCommand } from "@aws-sdk/client-iam";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { unlessGone } from "../errors";

export async function boundaryFailures(
  { iam }: AwsClients,
  arn: string,
  abortSignal: AbortSignal,
): Promise<CheckFailure[]> {
  // AWS's own policies are everywhere.
  if (/:iam::aws:policy\//.test(arn)) return [];
  if (await unlessGone(iam.send(new GetPolicyCommand({ PolicyArn: arn }), { abortSignal }))) return [];
  const reason = `there is no policy "${arn}" in the account: name one of \`aws iam list-policies --scope Local\``;
  return [{ property: "permissionsBoundary", reason }];
}
