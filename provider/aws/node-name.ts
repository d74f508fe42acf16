import type { Instance } from "@aws-sdk/client-ec2";

/**
 * What a machine calls itself (`bootstrap/scripts/ec2.sh`): as EC2 would, whatever the network's DHCP says of names, which `PrivateDnsName` shows or
 * not. Empty as long as it has no address.
 */
export function nodeNameOf({ InstanceId, PrivateIpAddress, PrivateDnsNameOptions, Placement }: Instance): string {
  // A zone near a city has a name of its own after its region's: us-west-2-lax-1a.
  const region = /^[a-z]+(-[a-z]+)+-\d+/.exec(Placement?.AvailabilityZone ?? "")?.[0] ?? "";
  if (!PrivateIpAddress || region === "") return "";
  const label =
    PrivateDnsNameOptions?.HostnameType === "resource-name"
      ? InstanceId!
      : `ip-${PrivateIpAddress.replaceAll(".", "-")}`;
  return `${label}.${region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`}`;
}
