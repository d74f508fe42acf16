import type { Instance } from "@aws-sdk/client-ec2";

/**
 * What a machine calls itself (`bootstrap/scripts/ec2.sh`): as EC2 would, whatever the network's DHCP says of names, which `PrivateDnsName` shows or
 * not. Empty as long as it has no address.
 */
export function nodeNameOf({ InstanceId, PrivateIpAddress, PrivateDnsNameOptions, Placement }: Instance): string {
  const region = (Placement?.AvailabilityZone ?? "").replace(/[a-z]$/, "");
  if (!PrivateIpAddress || region === "") return "";
  const label =
    PrivateDnsNameOptions?.HostnameType === "resource-name"
      ? InstanceId!
      : `ip-${PrivateIpAddress.replaceAll(".", "-")}`;
  return `${label}.${region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`}`;
}
