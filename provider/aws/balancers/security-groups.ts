/** Security groups of a VPC, and the rules by which they hold on to each other. */
import {
  DeleteSecurityGroupCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  paginateDescribeSecurityGroups,
  type EC2Client,
  type IpPermission,
  type SecurityGroup,
} from "@aws-sdk/client-ec2";
import { unlessGone } from "../errors";
import { everyItem } from "../pages";

const pageSize = 1000;

export async function listSecurityGroups(ec2: EC2Client, vpcId: string, signal: AbortSignal): Promise<SecurityGroup[]> {
  const Filters = [{ Name: "vpc-id", Values: [vpcId] }];
  const pages = paginateDescribeSecurityGroups({ client: ec2, pageSize }, { Filters }, { abortSignal: signal });
  return everyItem(pages, ({ SecurityGroups }) => SecurityGroups);
}

/** What the rules of one group say about others. */
export interface GroupReference {
  readonly groupId: string;
  readonly isEgress: boolean;
  readonly permissions: IpPermission[];
}

/** The rules that keep groups from being deleted: those of other groups that name them, and of these rules nothing else. Pure. */
export function referencesTo(leaving: ReadonlySet<string>, groups: readonly SecurityGroup[]): GroupReference[] {
  return groups.flatMap((group) => {
    const groupId = group.GroupId!;
    const naming = (permissions: IpPermission[] | undefined, isEgress: boolean): GroupReference[] => {
      const found = (permissions ?? []).flatMap(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs = [] }) => {
        const pairs = UserIdGroupPairs.filter(({ GroupId }) => leaving.has(GroupId!) && GroupId !== groupId);
        const ports = FromPort === undefined ? {} : { FromPort, ToPort };
        const named = pairs.map(({ GroupId }) => ({ GroupId }));
        return named.length === 0 ? [] : [{ IpProtocol, ...ports, UserIdGroupPairs: named }];
      });
      return found.length === 0 ? [] : [{ groupId, isEgress, permissions: found }];
    };
    return [...naming(group.IpPermissions, false), ...naming(group.IpPermissionsEgress, true)];
  });
}

/** Gone already is success. */
export async function revoke(
  ec2: EC2Client,
  { groupId, isEgress, permissions }: GroupReference,
  signal: AbortSignal,
): Promise<void> {
  const request = { GroupId: groupId, IpPermissions: permissions };
  const options = { abortSignal: signal };
  await unlessGone(
    isEgress
      ? ec2.send(new RevokeSecurityGroupEgressCommand(request), options)
      : ec2.send(new RevokeSecurityGroupIngressCommand(request), options),
  );
}

/** Gone already is success. */
export async function deleteSecurityGroup(ec2: EC2Client, groupId: string, signal: AbortSignal): Promise<void> {
  await unlessGone(ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }), { abortSignal: signal }));
}
