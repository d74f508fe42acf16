import assert from "node:assert/strict";
import type { Address, Vpc } from "@aws-sdk/client-ec2";
import type { AwsClients } from "../../../provider/aws/clients";
import { limitFailures } from "../../../provider/aws/preflight/account-limits";
import { cannedEc2 } from "./canned";

const accountId = "123456789012";
const place = { accountId, region: "us-west-2" };

describe("what counts for an account's quotas", () => {
  /** Refused fields, with quotas of 2 VPCs and 2 addresses. */
  async function refused(wanted: object, { vpcs = [], addresses = [] }: { vpcs?: Vpc[][]; addresses?: Address[] }) {
    const ec2 = cannedEc2((call, { NextToken = "0" }) => {
      const page = Number(NextToken);
      if (call === "DescribeAddresses") return { Addresses: addresses };
      return { Vpcs: vpcs[page], ...(page + 1 < vpcs.length && { NextToken: String(page + 1) }) };
    });
    const quotas = { send: () => Promise.resolve({ Quota: { Value: 2 } }) };
    const clients = { ec2, quotas } as unknown as AwsClients;
    return (await limitFailures(clients, wanted, place, AbortSignal.timeout(5_000))).map(({ property }) => property);
  }
  const own = { OwnerId: accountId };
  const shared = { OwnerId: "210987654321" };

  it("are the VPCs of its own, and not those that are shared with it", async () => {
    assert.deepEqual(await refused({ vpcs: 1 }, { vpcs: [[shared, own, shared]] }), []);
    assert.deepEqual(await refused({ vpcs: 1 }, { vpcs: [[own, own]] }), ["network.vpcs"]);
    assert.deepEqual(await refused({ vpcs: 1 }, { vpcs: [[own], [], [own]] }), ["network.vpcs"], "on any page");
  });

  it("are the addresses that it asked for itself, of AWS's own ranges", async () => {
    const asked = { PublicIpv4Pool: "amazon" };
    const ofBalancer = { PublicIpv4Pool: "amazon", ServiceManaged: "alb" } as const;
    const brought = { PublicIpv4Pool: "ipv4pool-ec2-0123456789abcdef0" };
    assert.deepEqual(await refused({ addresses: 1 }, { addresses: [asked, ofBalancer, ofBalancer, brought] }), []);
    assert.deepEqual(await refused({ addresses: 1 }, { addresses: [asked, asked] }), ["network.addresses"]);
    assert.deepEqual(await refused({ addresses: 1 }, { addresses: [{}, {}] }), ["network.addresses"]);
  });
});
