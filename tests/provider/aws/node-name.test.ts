import assert from "node:assert/strict";
import { nodeNameOf } from "../../../provider/aws/node-name";

describe("the name of a machine's node on AWS", () => {
  const given = { InstanceId: "i-07", PrivateIpAddress: "10.0.64.9", Placement: { AvailabilityZone: "us-west-2b" } };
  const name = "ip-10-0-64-9.us-west-2.compute.internal";

  it("is the machine's own, whatever its network says of names", () => {
    for (const PrivateDnsName of [name, "ip-10-0-64-9.corp.example", "ip-10-0-64-9", "", undefined])
      assert.equal(nodeNameOf({ ...given, PrivateDnsName }), name);
    const first = { ...given, Placement: { AvailabilityZone: "us-east-1f" } };
    assert.equal(nodeNameOf(first), "ip-10-0-64-9.ec2.internal");
  });

  // awslabs/amazon-eks-ami took such a zone's name without its last letter for the region, too.
  it("is of its region in zones near a city or a phone network as well", () => {
    for (const AvailabilityZone of ["us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1"])
      assert.equal(nodeNameOf({ ...given, Placement: { AvailabilityZone } }), name);
    const first = { ...given, Placement: { AvailabilityZone: "us-east-1-bos-1a" } };
    assert.equal(nodeNameOf(first), "ip-10-0-64-9.ec2.internal");
    const partition = { ...given, Placement: { AvailabilityZone: "us-gov-west-1b" } };
    assert.equal(nodeNameOf(partition), "ip-10-0-64-9.us-gov-west-1.compute.internal");
  });

  it("is of its id, where its subnet says so", () => {
    const byId = { ...given, PrivateDnsNameOptions: { HostnameType: "resource-name" as const } };
    assert.equal(nodeNameOf(byId), "i-07.us-west-2.compute.internal");
    const byAddress = { ...given, PrivateDnsNameOptions: { HostnameType: "ip-name" as const } };
    assert.equal(nodeNameOf(byAddress), name);
  });

  it("is not known before the machine has an address", () => {
    assert.equal(nodeNameOf({ InstanceId: "i-07", Placement: given.Placement }), "");
  });
});
