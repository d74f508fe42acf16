import { DescribeRegionsCommand, paginateDescribeSecurityGroups, type Tag } from "@aws-sdk/client-ec2";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type * as pulumi from "../../../sdk/pulumi";
import type { AccountReadyArgs } from "../../../sdk/aws/account-ready";
import { didYouMean } from "../../../sdk/schema/spelling";
import { withReason } from "../../cloud/wait";
import { InvalidArguments, type CheckFailure, type ResourceContext, type ResourceLog } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError, unlessGone } from "../errors";
import { connect } from "../connection";
import { fromTagList, tagFilters, tagKeys } from "../ownership";
import { everyItem } from "../pages";
import { limitFailures } from "../preflight/account-limits";
import { diskKeyFailures } from "../preflight/disk-key";
import { examineGroup } from "../preflight/preflight";
import { accountDifferences, credentialsMissing } from "../preflight/same-account";
import { keyPairFailures, readGroupFacts } from "../preflight/preflight-facts";
import { hasServiceRole, makeServiceRole, serviceRoleName } from "../service-roles";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<AccountReadyArgs>;

const answer = keptAnswer<Inputs, { accountId: string }>({
  async ask(clients, inputs, { signal, log, again }) {
    const { controlPlane, keyPair, network, serviceRoles = [], roleNames = [], ownTags = {}, awsProvider } = inputs;
    const { clusterName } = inputs;
    const region = await clients.region();
    const nowhere = await regionFailures(clients, region, signal);
    if (nowhere.length > 0) throw new InvalidArguments(nowhere);
    const accountId = await ownAccount(clients, awsProvider, signal);
    const looks: [string, Promise<CheckFailure[]>][] = [
      ["serviceRoles", serviceRoleFailures(clients, serviceRoles, log, signal)],
      ["the key of disks", diskKeyFailures(clients, serviceRoles, log, signal)],
    ];
    if (!again) looks.push(["roleNames", takenRoleFailures(clients, roleNames, ownTags, signal)]);
    if (clusterName !== undefined && !again)
      looks.push(["clusterName", takenNameFailures(clients, clusterName, ownTags, signal)]);
    if (controlPlane) looks.push(["controlPlane", controlPlaneFailures(clients, controlPlane, signal)]);
    if (keyPair !== undefined)
      looks.push(["keyPair", keyPairFailures(clients.ec2, keyPair, "keyPair", region, signal)]);
    // What there is of an older cluster counts itself.
    if (network && !again) looks.push(["network", limitFailures(clients, network, region, signal)]);
    const elsewhere = awsProvider ? accountDifferences(awsProvider, { accountId, region }) : [];
    const failures = await Promise.all(looks.map(([what, looking]) => ifAllowed(what, log, looking)));
    const all = [...elsewhere, ...failures.flat()];
    if (all.length > 0) throw new InvalidArguments(all);
    return { accountId };
  },
});

export const accountReadyHandler: typeof answer = {
  ...answer,
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

async function makeServiceRoles({ serviceRoles = [] }: Inputs, context: ResourceContext): Promise<void> {
  const { iam } = connect(context.config);
  for (const service of serviceRoles)
    await withReason(context.signal, () => makeServiceRole(iam, service, context.signal));
}

async function serviceRoleFailures(
  { iam }: AwsClients,
  services: readonly string[],
  log: ResourceLog,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const failures: CheckFailure[] = [];
  for (const [index, service] of services.entries()) {
    const role = serviceRoleName(service);
    if (role === undefined) failures.push({ property: `serviceRoles[${index}]`, reason: `"${service}" is not known` });
    else if (!(await hasServiceRole(iam, service, signal))) log.info(`the account lacks the role ${role}: it is made`);
  }
  return failures;
}

/** Two clusters of one name in two regions of an account would have roles of one name. */
async function takenRoleFailures(
  { iam }: AwsClients,
  names: readonly string[],
  own: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const found = await Promise.all(
    names.map(async (RoleName) => {
      const answer = await unlessGone(iam.send(new GetRoleCommand({ RoleName }), { abortSignal: signal }));
      return answer === undefined || hasTags(answer.Role?.Tags, own) ? [] : [RoleName];
    }),
  );
  return found.flat().map((name) => {
    const reason = `the account has a role "${name}" already, and roles belong to all its regions: another clusterName is needed`;
    return { property: "clusterName", reason };
  });
}

/** Another prefix makes other names, and the same marks. Every cluster has security groups. */
async function takenNameFailures(
  { ec2 }: AwsClients,
  clusterName: string,
  own: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const Filters = tagFilters({ [tagKeys.cluster]: clusterName });
  const pages = paginateDescribeSecurityGroups({ client: ec2 }, { Filters }, { abortSignal: signal });
  const groups = await everyItem(pages, ({ SecurityGroups }) => SecurityGroups);
  const others = groups.filter(({ Tags }) => !hasTags(Tags, own)).map(({ GroupId }) => GroupId);
  if (others.length === 0) return [];
  const reason =
    `another stack has a cluster "${clusterName}" in the region (security groups ${others.join(", ")}), and machines are told apart by this name: ` +
    "another clusterName is needed, another namePrefix does not do";
  return [{ property: "clusterName", reason }];
}

function hasTags(given: readonly Tag[] | undefined, wanted: Readonly<Record<string, string>>): boolean {
  const tags = fromTagList(given);
  return Object.entries(wanted).every(([key, value]) => tags[key] === value);
}

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
