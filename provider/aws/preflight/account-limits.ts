/** How much of what a network needs the account may still have. */
import { DescribeAddressesCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { readQuota, type Quota } from "./quotas";

export type Limited = "vpcs" | "addresses" | "natGateways" | "securityGroupRules";

interface Limit extends Quota {
  /** In the user's words. */
  readonly what: string;
  /** How many there are; undefined: each cluster begins at zero. */
  used?(clients: AwsClients, signal: AbortSignal): Promise<number>;
}

/** Reference: Service Quotas, "Amazon VPC" and "Amazon EC2". */
const limits: Readonly<Record<Limited, Limit>> = {
  vpcs: {
    service: "vpc",
    code: "L-F678F1CE",
    name: "VPCs per Region",
    what: "a VPC",
    used: async ({ ec2 }, abortSignal) =>
      (await ec2.send(new DescribeVpcsCommand({}), { abortSignal })).Vpcs?.length ?? 0,
  },
  addresses: {
    service: "ec2",
    code: "L-0263D0A3",
    name: "EC2-VPC Elastic IPs",
    what: "public addresses",
    used: async ({ ec2 }, abortSignal) =>
      (await ec2.send(new DescribeAddressesCommand({}), { abortSignal })).Addresses?.length ?? 0,
  },
  natGateways: { service: "vpc", code: "L-FE5A380F", name: "NAT gateways per Availability Zone", what: "NAT gateways" },
  securityGroupRules: {
    service: "vpc",
    code: "L-0EA8095F",
    name: "Inbound or outbound rules per security group",
    what: "rules in one security group",
  },
};

/** Nothing is said of what may not be asked, or is not known: a quota that AWS numbers anew blocks no preview. */
export async function limitFailures(
  clients: AwsClients,
  wanted: Readonly<Partial<Record<Limited, number>>>,
  region: string,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const kinds = (Object.keys(limits) as Limited[]).filter((kind) => (wanted[kind] ?? 0) > 0);
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const { used, what, ...quota } = limits[kind];
      const facts = await Promise.all([readQuota(clients.quotas, quota, signal), used?.(clients, signal) ?? 0]).catch(
        (error: unknown) => {
          if (isAwsError(error)) return undefined;
          throw error;
        },
      );
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
