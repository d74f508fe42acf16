/** Names that another cluster of the account has already. */
import { paginateDescribeSecurityGroups, type Tag } from "@aws-sdk/client-ec2";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { unlessGone } from "../errors";
import { fromTagList, tagFilters, tagKeys } from "../ownership";
import { everyItem } from "../pages";

/** Two clusters of one name in two regions of an account would have roles of one name. */
export async function takenRoleFailures(
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
export async function takenNameFailures(
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
    `ClusterNameInUse: another stack has a cluster "${clusterName}" in the region (security groups ${others.join(", ")}), and machines are told apart by this name: ` +
    "another clusterName is needed, another namePrefix does not do";
  return [{ property: "clusterName", reason }];
}

function hasTags(given: readonly Tag[] | undefined, wanted: Readonly<Record<string, string>>): boolean {
  const tags = fromTagList(given);
  return Object.entries(wanted).every(([key, value]) => tags[key] === value);
}
