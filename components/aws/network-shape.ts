/** What a new network is by default, and what of a network stays. Pure. */
import type { Input } from "../../sdk/pulumi";
import type { PlannedNetwork } from "../../sdk/aws/account-ready";
import { known } from "../inputs";
import type { AwsClusterArgs, AwsNetworkArgs } from "./args";

export const defaultCidr = "10.0.0.0/16";

/** Zones of a new network: as many as are named, else what all accounts have in the region. */
export function zoneCount({
  zones,
  region,
}: {
  zones: readonly string[] | undefined;
  region: string | undefined;
}): number {
  // New accounts get two of us-west-1's zones.
  return zones?.length ?? (region === "us-west-1" ? 2 : 3);
}

/**
 * What of a cluster's network cannot change in its life, because the control plane's machines would be made anew. Whether subnets are of the VPC that was
 * named before, or the other way round, knows AWS alone: `aws:SubnetChoice` asks.
 */
export function lastingNetwork({ vpcId, subnetIds, cidr, zones, nat }: AwsNetworkArgs = {}): Record<
  string,
  Input<string>
> {
  if (vpcId !== undefined) return { "network.vpcId": vpcId };
  if (subnetIds !== undefined) return { "network.subnetIds": "those of a network that exists" };
  return {
    "network.vpcId": "a new one",
    "network.subnetIds": "new ones",
    "network.cidr": cidr ?? defaultCidr,
    ...(zones && { "network.zones": zones.join(", ") }),
    // With the gateways go the subnets that machines are in.
    "network.nat": nat === "none" ? "none" : "single or perZone",
  };
}

/** How much of what accounts have few of a cluster takes. */
export function plannedNetwork(
  { network = {}, region, ...args }: AwsClusterArgs,
  stackRegion: string | undefined,
): PlannedNetwork {
  const { vpcId, subnetIds, nat = "single", zones } = network;
  const made = vpcId === undefined && subnetIds === undefined;
  const count = zoneCount({ zones, region: region ?? stackRegion });
  const gateways = !made || nat === "none" ? 0 : nat === "single" ? 1 : count;
  const ranges = [args.apiServerAccessCidrs, args.sshAccessCidrs].map((list) => known<unknown[]>(list)?.length ?? 1);
  return {
    vpcs: made ? 1 : 0,
    addresses: gateways + (args.controlPlane?.count === 3 || args.controlPlane?.publicAddress === false ? 0 : 1),
    natGateways: Math.min(gateways, 1),
    // One rule is for the machines themselves.
    securityGroupRules: Math.max(...ranges) + 1,
    ...(made ? { zoneCount: count, zones } : { vpcId, subnetIds, dnsNames: args.sharedStorage?.lustre !== undefined }),
    publicApi: args.controlPlane?.publicAddress ?? true,
  };
}
