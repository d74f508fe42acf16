/** What the network ACLs of subnets certainly keep from a cluster's machines. Pure. */
import type { NetworkAcl, NetworkAclEntry } from "@aws-sdk/client-ec2";
import { covers, isPrivate, overlap, rangeOf, type Ipv4Range } from "../../sdk/ip-ranges";

type Protocol = "TCP" | "UDP";
type Peer = Ipv4Range | "internet";

interface Flow {
  readonly protocol: Protocol;
  readonly ports: readonly number[];
  readonly words: string;
}

export interface GuardedSubnet {
  readonly id: string;
  readonly range: string;
  readonly acl?: NetworkAcl | undefined;
}

/** As IANA numbers them, and -1 for all. */
const numbers: Readonly<Record<Protocol, string>> = { TCP: "6", UDP: "17" };

/** ACLs keep no state, so that answers need rules of their own. Linux takes its ports from 32768 to 60999. */
const answers: Flow = { protocol: "TCP", ports: [32_768, 46_000, 60_999], words: "answers (TCP 32768 to 60999)" };
const https: Flow = { protocol: "TCP", ports: [443], words: "HTTPS (TCP 443)" };
const api: Flow = { protocol: "TCP", ports: [6443], words: "connections to the API server (TCP 6443)" };
/** Between machines: kubelet, and the VXLAN of flannel and Cilium. */
const amongNodes: readonly Flow[] = [
  { protocol: "TCP", ports: [10_250], words: "connections to kubelets (TCP 10250)" },
  { protocol: "UDP", ports: [8472], words: "pods' traffic (VXLAN, UDP 8472)" },
  answers,
];

/** Why no machine in it can install itself; undefined: nothing is known against it. */
export function machineRefusal(acl: NetworkAcl | undefined): string | undefined {
  const out = refused(acl, true, https, "internet");
  if (out !== undefined) return `${out} out to the internet, where machines get all they install`;
  const back = refused(acl, false, answers, "internet");
  return back && `${back} in from the internet, where machines get all they install`;
}

/** Why nobody outside can reach an API server in it. */
export function apiRefusal(acl: NetworkAcl | undefined): string | undefined {
  const inward = refused(acl, false, api, "internet");
  if (inward !== undefined) return `${inward} in from the internet`;
  const back = refused(acl, true, answers, "internet");
  return back && `${back} out to the internet`;
}

/** Why machines in the one do not reach those in the other, where it is one of the two ACLs. */
export function pairRefusal(from: GuardedSubnet, to: GuardedSubnet): string | undefined {
  const [source, target] = [rangeOf(from.range), rangeOf(to.range)];
  if (!source || !target) return undefined;
  for (const flow of amongNodes) {
    const out = refused(from.acl, true, flow, target);
    if (out !== undefined) return `${from.id} ${out} out to ${to.id} (${to.range})`;
    const inward = refused(to.acl, false, flow, source);
    if (inward !== undefined) return `${to.id} ${inward} in from ${from.id} (${from.range})`;
  }
  return undefined;
}

function refused(acl: NetworkAcl | undefined, egress: boolean, flow: Flow, peer: Peer): string | undefined {
  if (!acl?.Entries) return undefined;
  const passes = flow.ports.every((port) => lets(acl.Entries!, egress, flow.protocol, port, peer));
  return passes ? undefined : `has the network ACL ${acl.NetworkAclId}, which lets no ${flow.words}`;
}

/** Whether any of the peer's addresses may pass: what is let through for some of them is taken at its word. */
function lets(
  entries: readonly NetworkAclEntry[],
  egress: boolean,
  protocol: Protocol,
  port: number,
  peer: Peer,
): boolean {
  const rules = entries
    .filter((rule) => (rule.Egress ?? false) === egress && isFor(rule, protocol, port))
    .sort((one, other) => (one.RuleNumber ?? 0) - (other.RuleNumber ?? 0));
  for (const { CidrBlock = "", RuleAction } of rules) {
    const range = rangeOf(CidrBlock);
    if (!range) continue;
    if (RuleAction === "allow" ? meets(range, peer) : keepsAll(range, peer)) return RuleAction === "allow";
  }
  return false;
}

function isFor({ Protocol = "", PortRange }: NetworkAclEntry, protocol: Protocol, port: number): boolean {
  if (Protocol === "-1") return true;
  const { From = 0, To = 65_535 } = PortRange ?? {};
  return Protocol === numbers[protocol] && From <= port && port <= To;
}

function meets(range: Ipv4Range, peer: Peer): boolean {
  return peer === "internet" ? !isPrivate(range) : overlap(range, peer);
}

function keepsAll(range: Ipv4Range, peer: Peer): boolean {
  return peer === "internet" ? range.prefix === 0 : covers(range, peer);
}
