import { DescribeRegionsCommand } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type * as pulumi from "../../../sdk/pulumi";
import type { AccountReadyArgs } from "../../../sdk/aws/account-ready";
import { didYouMean } from "../../../sdk/schema/spelling";
import type { Fields } from "../../cloud/inputs";
import { withReason } from "../../cloud/wait";
import {
  InvalidArguments,
  type CheckFailure,
  type ResourceContext,
  type UnknowableProperties,
} from "../../server/resource";
import { isUnknown } from "../../server/values";
import { containsUnknown } from "../../server/wire";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { connect } from "../connection";
import { accountFailures } from "../preflight/looks";
import { accountDifferences, credentialsMissing } from "../preflight/same-account";
import { hasServiceRole, makeServiceRole } from "../service-roles";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<AccountReadyArgs>;
type Network = NonNullable<Inputs["network"]>;

const answer = keptAnswer<Inputs, { accountId: string }>({
  known: whatIsKnown,

  async ask(clients, inputs, { signal, log, asked }) {
    const { awsProvider } = inputs;
    const region = await clients.region();
    const nowhere = await regionFailures(clients, region, signal);
    if (nowhere.length > 0) throw new InvalidArguments(nowhere);
    const accountId = await ownAccount(clients, awsProvider, signal);
    const elsewhere = awsProvider ? accountDifferences(awsProvider, { accountId, region }) : [];
    const all = [...elsewhere, ...(await accountFailures(clients, inputs, asked, { accountId, region, signal, log }))];
    if (all.length > 0) throw new InvalidArguments(all);
    return { accountId };
  },
});

export const accountReadyHandler: typeof answer = {
  ...answer,

  /** What only the check looks at is no change of anything. */
  plan: () => ({ ignores: ["controlPlane", "nodeGroups", "network", "ranges", "kmsKeyId", "permissionsBoundary"] }),

  /** A role that somebody deleted is one that is not made yet. */
  async read(id, state, context) {
    const found = await answer.read(id, state, context);
    const { serviceRoles } = found?.inputs ?? {};
    if (found === undefined || serviceRoles === undefined) return found;
    return { ...found, inputs: { ...found.inputs, serviceRoles: await rolesNow(serviceRoles, context) } };
  },

  async create(inputs, context) {
    // A role is made in no account that is refused.
    const made = await answer.create(inputs, context);
    await makeServiceRoles(inputs, context);
    return made;
  },
  async update(id, inputs, state, context) {
    const outputs = await answer.update!(id, inputs, state, context);
    const { serviceRoles: before = [] } = state.inputs;
    const serviceRoles = inputs.serviceRoles?.filter((service) => !before.includes(service));
    await makeServiceRoles({ ...inputs, serviceRoles }, context);
    return outputs;
  },
};

/** Where the AWS provider finds credentials, all of a cluster must be made with these: without any of ours, half of it would be. */
async function ownAccount({ sts }: AwsClients, aws: Inputs["awsProvider"], signal: AbortSignal): Promise<string> {
  try {
    const { Account = "" } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return Account;
  } catch (error) {
    if (aws === undefined || !isAwsError(error, "credentials")) throw error;
    throw new InvalidArguments([credentialsMissing(aws, error.message)]);
  }
}

/** Where there is no such region, nothing else can be asked. Who may not ask for regions finds out. */
async function regionFailures({ ec2 }: AwsClients, region: string, signal: AbortSignal): Promise<CheckFailure[]> {
  try {
    const { Regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }), { abortSignal: signal });
    const names = Regions.flatMap(({ RegionName }) => RegionName ?? []);
    if (names.length === 0 || names.includes(region)) return [];
    return [{ property: "region", reason: `AWS has no region "${region}"${didYouMean(region, names)}` }];
  } catch (error) {
    if (!isAwsError(error, "permission", "credentials")) throw error;
    return [];
  }
}

async function rolesNow(services: string[], { config, signal, log }: ResourceContext): Promise<string[]> {
  const { iam } = connect(config);
  try {
    const there = await Promise.all(services.map((service) => hasServiceRole(iam, service, signal)));
    return services.filter((_, index) => there[index]);
  } catch (error) {
    if (!isAwsError(error)) throw error;
    log.warn(`roles of AWS's services are not looked at: ${error.message}`);
    return services;
  }
}

async function makeServiceRoles({ serviceRoles = [] }: Inputs, context: ResourceContext): Promise<void> {
  const { iam } = connect(context.config);
  for (const service of serviceRoles)
    await withReason(context.signal, () => makeServiceRole(iam, service, context.signal));
}

/** What is not known yet is left out, and with it what would be judged wrongly without it: a group, or where its machines are. */
function whatIsKnown(given: UnknowableProperties<Inputs>): Inputs {
  const { network, nodeGroups, ...others } = given;
  const { vpcId, subnetIds, ...numbers } = (isUnknown(network) ? {} : (network ?? {})) as Fields<Network>;
  const place = containsUnknown([vpcId, subnetIds]) ? {} : { vpcId, subnetIds };
  return {
    ...Object.fromEntries(Object.entries(others).filter(([, value]) => !containsUnknown(value))),
    network: containsUnknown(numbers) ? undefined : { ...numbers, ...place },
    // Each has its place among the user's.
    nodeGroups: isUnknown(nodeGroups)
      ? undefined
      : nodeGroups?.map((group) => (containsUnknown(group) ? undefined : group)),
  } as Inputs;
}
