/** How much of what a network needs the account may still have. */
import { DescribeAddressesCommand, paginateDescribeVpcs, type Address } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { everyItem } from "../pages";
import { readQuota, type Quota } from "./quotas";

export type Limited = "vpcs" | "addresses" | "natGateways" | "securityGroupRules";

interface Limit extends Quota {
  /** In the user's words. */
  readonly what: string;
  /** How many there are that count; undefined: each cluster begins at zero. */
  used?(clients: AwsClients, accountId: string, signal: AbortSignal): Promise<number>;
}

/** Reference: Service Quotas, "Amazon VPC" and "Amazon EC2". */
const limits: Readonly<Record<Limited, Limit>> = {
  vpcs: {
    service: "vpc",
    code: "L-F678F1CE",
    name: "VPCs per Region",
    what: "a VPC",
    used: async ({ ec2 }, accountId, abortSignal) => {
      const vpcs = await everyItem(paginateDescribeVpcs({ client: ec2 }, {}, { abortSignal }), ({ Vpcs }) => Vpcs);
      // Those that others share with the account are listed too, and count for their owners.
      return vpcs.filter(({ OwnerId = accountId }) => OwnerId === accountId).length;
    },
  },
  addresses: {
    service: "ec2",
    code: "L-0263D0A3",
    name: "EC2-VPC Elastic IPs",
    what: "public addresses",
    used: async ({ ec2 }, _accountId, abortSignal) =>
      (await ec2.send(new DescribeAddressesCommand({}), { abortSignal })).Addresses?.filter(isAccounts).length ?? 0,
  },
  natGateways: { service: "vpc", code: "L-FE5A380F", name: "NAT gateways per Availability Zone", what: "NAT gateways" },
  securityGroupRules: {
    service: "vpc",
    code: "L-0EA8095F",
    name: "Inbound or outbound rules per security group",
    what: "rules in one security group",
  },
};

/** Those that load balancers have of AWS, and those of a customer's own ranges, are listed too, and do not count. */
function isAccounts({ ServiceManaged, PublicIpv4Pool = amazonsPool }: Address): boolean {
  return ServiceManaged === undefined && PublicIpv4Pool === amazonsPool;
}

const amazonsPool = "amazon";

export interface AccountPlace {
  readonly accountId: string;
  readonly region: string;
}

/** Nothing is said of what may not be asked, or is not known: a quota that AWS numbers anew blocks no preview. */
export async function limitFailures(
  clients: AwsClients,
  wanted: Readonly<Partial<Record<Limited, number>>>,
  { accountId, region }: AccountPlace,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const kinds = (Object.keys(limits) as Limited[]).filter((kind) => (wanted[kind] ?? 0) > 0);
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const { used, what, ...quota } = limits[kind];
      const facts = await Promise.all([
        readQuota(clients.quotas, quota, signal),
        used?.(clients, accountId, signal) ?? 0,
      ]).catch((error: unknown) => {
        if (isAwsError(error)) return undefined;
        throw error;
      });
      if (!facts || facts[1] + wanted[kind]! <= facts[0]) return [];
      const [most, there] = facts;
      const reason =
        `${what}: ${wanted[kind]} ${there > 0 ? "more " : ""}needed, but the account's quota "${quota.name}" is ${most} in ${region}` +
        `${there > 0 ? `, of which ${there} are used` : ""}. Ask for more: ` +
        `https://console.aws.amazon.com/servicequotas/home/services/${quota.service}/quotas/${quota.code}?region=${region}`;
      return [{ property: `network.${kind}`, reason }];
    }),
  );
  return found.flat();
}
