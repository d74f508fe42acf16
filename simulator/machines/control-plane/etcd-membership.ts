/**
 * How the etcd of another control plane enters the cluster's, as `kubeadm join` has it: as a learner, which has no vote and so cannot cost the
 * others their quorum, and with a vote once it has caught up (reference: etcd, "Learner", and the JSON gateway of its API).
 */
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import type { KeyPair } from "../../../bootstrap/document";
import { ApiConnection } from "../api-connection";

/** What a member must know at its first start. */
export interface EtcdMembership {
  readonly id: string;
  /** `name=peer,…` of all members, its own among them. */
  readonly initialCluster: string;
  /** Client URLs of the members that were there before. */
  readonly others: readonly string[];
  readonly votes: boolean;
}

/** A machine's etcd and what it shows to the others. */
export interface EtcdIdentity {
  readonly name: string;
  readonly address: string;
  readonly certificateAuthority: string;
  readonly client: KeyPair;
}

interface Member {
  ID: string;
  /** Absent until it has started. */
  name?: string;
  peerURLs: string[];
  isLearner?: boolean;
}

interface Members {
  members: Member[];
}

const answerMs = 1_500;

export const clientUrl = (address: string): string => `https://${address}:2379`;
export const peerUrl = (address: string): string => `https://${address}:2380`;

/** The membership that an earlier start left in this file; else asks the etcd on one of these addresses for it, and keeps it. */
export async function etcdMembership(
  file: string,
  own: EtcdIdentity,
  addresses: () => Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<EtcdMembership> {
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as EtcdMembership;
  const known = await addresses();
  const others = known.filter((address) => address !== own.address).map(clientUrl);
  const members = await askedOf(others, own, signal, async (ask) => {
    const { members } = await ask<Members>("list", {});
    // A second try finds what the first one added.
    if (members.some((member) => isAt(member, own.address))) return members;
    for (const member of members) if (await isLost(member, known)) await ask("remove", { ID: member.ID });
    return (await ask<Members>("add", { peerURLs: [peerUrl(own.address)], isLearner: true })).members;
  });
  const id = members.find((member) => isAt(member, own.address))!.ID;
  const initialCluster = members
    .flatMap((member) => {
      const name = isAt(member, own.address) ? own.name : member.name;
      return name === undefined ? [] : member.peerURLs.map((peer) => `${name}=${peer}`);
    })
    .join(",");
  return keep(file, { id, initialCluster, others, votes: false });
}

/** Gives the running member its vote, unless it has one. Throws as long as it has not caught up. */
export async function promoteEtcd(
  file: string,
  own: EtcdIdentity,
  membership: EtcdMembership,
  signal: AbortSignal,
): Promise<void> {
  if (membership.votes) return;
  await askedOf(membership.others, own, signal, async (ask) => {
    const { members } = await ask<Members>("list", {});
    if (members.some((member) => isAt(member, own.address) && member.isLearner))
      await ask("promote", { ID: membership.id });
  });
  await keep(file, { ...membership, votes: true });
}

async function keep(file: string, membership: EtcdMembership): Promise<EtcdMembership> {
  await writeFile(file, JSON.stringify(membership), { mode: 0o600 });
  return membership;
}

function isAt({ peerURLs }: Member, address: string): boolean {
  return peerURLs.includes(peerUrl(address));
}

/** As `bootstrap/scripts/ec2-members.sh` has it: its node is gone, and nothing listens. One that has not started yet has no name. */
async function isLost(member: Member, known: readonly string[]): Promise<boolean> {
  if (!member.name || known.some((address) => isAt(member, address))) return false;
  const at = new URL(member.peerURLs[0]!);
  return !(await answers(at.hostname, Number(at.port)));
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true));
    socket.once("connect", () => socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

type Ask = <T>(what: "list" | "add" | "promote" | "remove", body: object) => Promise<T>;

/** What the first that answers says; the last error where none does. */
async function askedOf<T>(
  endpoints: readonly string[],
  { certificateAuthority, client }: EtcdIdentity,
  signal: AbortSignal,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  let problem: unknown = new Error("no other control plane is known");
  for (const endpoint of endpoints) {
    const etcd = new ApiConnection({ endpoint, certificateAuthority }, client);
    // Of two members added at the same moment, one never gets an answer.
    const timely = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    try {
      return await work((what, body) => etcd.request("POST", `/v3/cluster/member/${what}`, timely, body));
    } catch (error) {
      problem = error;
    } finally {
      etcd.close();
    }
  }
  throw problem;
}
