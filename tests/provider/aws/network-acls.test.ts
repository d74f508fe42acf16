import assert from "node:assert/strict";
import type { NetworkAcl, NetworkAclEntry } from "@aws-sdk/client-ec2";
import { apiRefusal, machineRefusal, pairRefusal } from "../../../provider/aws/network-acls";

const everywhere = "0.0.0.0/0";
const tcp = "6";

describe("what network ACLs keep from machines", () => {
  const rule = (RuleNumber: number, Egress: boolean, more: Partial<NetworkAclEntry> = {}): NetworkAclEntry => ({
    RuleNumber,
    Egress,
    Protocol: "-1",
    CidrBlock: everywhere,
    RuleAction: "allow",
    ...more,
  });
  const acl = (...Entries: NetworkAclEntry[]): NetworkAcl => ({
    NetworkAclId: "acl-1",
    Entries: [...Entries, rule(32_767, true, { RuleAction: "deny" }), rule(32_767, false, { RuleAction: "deny" })],
  });
  const open = acl(rule(100, true), rule(100, false));
  const ports = (From: number, To: number) => ({ Protocol: tcp, PortRange: { From, To } });

  it("is nothing where all may pass, none is known, or a few are denied", () => {
    const few = rule(50, false, { RuleAction: "deny", CidrBlock: "203.0.113.0/24" });
    const mail = rule(60, true, { RuleAction: "deny", ...ports(25, 25) });
    for (const each of [open, undefined, acl(few, mail, rule(100, true), rule(100, false))]) {
      assert.equal(machineRefusal(each), undefined);
      assert.equal(apiRefusal(each), undefined);
    }
  });

  it("is HTTPS out, or answers in, for machines that install themselves", () => {
    const answers = rule(100, false, ports(1024, 65_535));
    assert.equal(machineRefusal(acl(rule(100, true, ports(443, 443)), answers)), undefined);
    assert.match(
      machineRefusal(acl(rule(100, true, { CidrBlock: "10.0.0.0/8" }), answers))!,
      /no HTTPS \(TCP 443\) out/,
    );
    const windows = rule(100, false, ports(49_152, 65_535));
    assert.match(machineRefusal(acl(rule(100, true), windows))!, /^has the network ACL acl-1, which lets no answers/);
    const denied = rule(90, true, { RuleAction: "deny", ...ports(443, 443) });
    assert.match(machineRefusal(acl(denied, rule(100, true), rule(100, false)))!, /no HTTPS/);
    const sixOnly = {
      NetworkAclId: "acl-6",
      Entries: [{ ...rule(100, true), CidrBlock: undefined }, rule(100, false)],
    };
    assert.match(machineRefusal(sixOnly)!, /acl-6/);
  });

  it("is the API's port in, or answers out, where it has a public address", () => {
    const answers = rule(100, true, ports(1024, 65_535));
    assert.equal(
      apiRefusal(acl(rule(100, false, { ...ports(6443, 6443), CidrBlock: "203.0.113.0/24" }), answers)),
      undefined,
    );
    assert.match(
      apiRefusal(acl(rule(100, false, ports(443, 443)), answers))!,
      /API server \(TCP 6443\) in from the internet/,
    );
    assert.match(apiRefusal(acl(rule(100, false)))!, /no answers .* out to the internet/);
  });

  it("is what machines say to each other between two subnets, in the one that holds it back", () => {
    const one = { id: "subnet-a", range: "10.0.1.0/24", acl: open };
    const two = { id: "subnet-b", range: "10.0.2.0/24" };
    assert.equal(pairRefusal(one, { ...two, acl: open }), undefined);
    const tcpOnly = acl(rule(100, true), rule(100, false, { Protocol: tcp, CidrBlock: "10.0.0.0/16" }));
    assert.equal(
      pairRefusal(one, { ...two, acl: tcpOnly }),
      "subnet-b has the network ACL acl-1, which lets no pods' traffic (VXLAN, UDP 8472) in from subnet-a (10.0.1.0/24)",
    );
    assert.equal(pairRefusal({ ...two, acl: tcpOnly }, one), undefined, "what goes out is another rule's");
    const apart = acl(
      rule(90, true, { RuleAction: "deny", CidrBlock: "10.0.0.0/8" }),
      rule(100, true),
      rule(100, false),
    );
    assert.match(pairRefusal({ ...two, acl: apart }, one)!, /^subnet-b has .* kubelets \(TCP 10250\) out to subnet-a/);
  });
});
