/** The way out where an organisation forbids what has public addresses. */
export const withoutPublicAddresses =
  "Where the organisation forbids this, name subnets that it made (network.subnetIds) and that lead out by a NAT or transit gateway, with " +
  "controlPlane.publicAddress: false, and run pulumi up from inside the VPC";
