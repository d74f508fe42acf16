import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type * as pulumi from "../../../sdk/pulumi";
import type { DeployerArgs } from "../../../sdk/aws/deployer";
import { keptAnswer } from "./kept-answer";

export const deployerHandler = keptAnswer<pulumi.Unwrap<DeployerArgs>, { principals: string[] }>({
  async ask({ sts }, _inputs, { signal }) {
    const { Arn = "" } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { principals: principalPatterns(Arn) };
  },
});

/** A session's role, whose name is the account's only one, whatever its path; anybody else as he is. Pure. */
export function principalPatterns(arn: string): string[] {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (role === undefined) return [arn];
  return ["role", "role/*"].map((path) => `arn:${partition}:iam::${account}:${path}/${role}`);
}
