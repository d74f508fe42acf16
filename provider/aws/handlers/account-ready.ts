import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type * as pulumi from "../../../sdk/pulumi";
import type { AccountReadyArgs } from "../../../sdk/aws/account-ready";
import { InvalidArguments, type CheckFailure, type ResourceLog } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { examineGroup } from "../preflight/preflight";
import { keyPairFailures, readGroupFacts } from "../preflight/preflight-facts";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<AccountReadyArgs>;

export const accountReadyHandler = keptAnswer<Inputs, { accountId: string }>({
  async ask(clients, { controlPlane, keyPair }, { signal, log }) {
    const region = await clients.region();
    const [identity, ...failures] = await Promise.all([
      clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
      controlPlane ? ifAllowed("controlPlane", log, controlPlaneFailures(clients, controlPlane, signal)) : [],
      keyPair === undefined
        ? []
        : ifAllowed("keyPair", log, keyPairFailures(clients.ec2, keyPair, "keyPair", region, signal)),
    ]);
    if (failures.flat().length > 0) throw new InvalidArguments(failures.flat());
    return { accountId: identity.Account ?? "" };
  },
});

/** Not every deployer may look at everything: whoever makes the machines finds out. */
async function ifAllowed(what: string, log: ResourceLog, looking: Promise<CheckFailure[]>): Promise<CheckFailure[]> {
  try {
    return await looking;
  } catch (error) {
    if (!isAwsError(error, "permission")) throw error;
    log.warn(`${what} is not checked against AWS: ${error.message}`);
    return [];
  }
}

async function controlPlaneFailures(
  clients: AwsClients,
  { instanceType, count }: NonNullable<Inputs["controlPlane"]>,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const plan = { instanceTypes: [instanceType], minSize: count, maxSize: count, capacityType: "on-demand" as const };
  const { failures } = examineGroup(plan, await readGroupFacts(clients, plan, {}, signal), "controlPlane");
  return failures.map(({ property, reason }) => ({
    property: property.replace(/\.instanceTypes(\[0\])?$/, ".instanceType"),
    reason,
  }));
}
