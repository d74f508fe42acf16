/** Zones of accounts that have others than most. */
import assert from "node:assert/strict";
import type { AvailabilityZone, EC2Client } from "@aws-sdk/client-ec2";
import { chooseZones } from "../../../provider/aws/zones";

describe("zones of a region", () => {
  const chosen = (region: string, ids: readonly string[], { count, names }: { count: number; names?: string[] }) => {
    const AvailabilityZones = ids.map((ZoneId, index): AvailabilityZone => {
      const ZoneName = `${region}${"abcdef"[index]!}`;
      return {
        ZoneName,
        ZoneId,
        State: "available",
        ZoneType: "availability-zone",
        OptInStatus: "opt-in-not-required",
      };
    });
    const ec2 = { send: () => Promise.resolve({ AvailabilityZones }) } as Partial<EC2Client> as EC2Client;
    return chooseZones({ ec2, region }, { count, names }, "network.zones", new AbortController().signal);
  };

  it("are chosen without those of older accounts that have no machines of the last years", async () => {
    for (const [region, ids, zones] of [
      ["us-east-1", ["use1-az3", "use1-az6", "use1-az1", "use1-az2"], ["us-east-1b", "us-east-1c"]],
      ["us-west-1", ["usw1-az3", "usw1-az2", "usw1-az1"], ["us-west-1a", "us-west-1c"]],
      ["ca-central-1", ["cac1-az1", "cac1-az3", "cac1-az2", "cac1-az4"], ["ca-central-1a", "ca-central-1c"]],
    ] as const)
      assert.deepEqual(await chosen(region, ids, { count: 2 }), { zones, failures: [] });
  });

  it("are taken where they are named", async () => {
    const names = ["us-west-1a", "us-west-1b"];
    assert.deepEqual(await chosen("us-west-1", ["usw1-az3", "usw1-az2"], { count: 2, names }), {
      zones: names,
      failures: [],
    });
    const { failures } = await chosen("ca-central-1", ["cac1-az1", "cac1-az3"], { count: 2 });
    assert.match(failures[0]!.reason, /^ca-central-1 has 1 zone for this account \(ca-central-1a\), not 2: name those/);
  });
});
