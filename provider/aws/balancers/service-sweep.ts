/**
 * Removes what a cluster's controllers made in AWS for its Services and Ingresses, when nobody is left who would: load balancers first, which
 * hold on to all the rest, then target groups and security groups. It looks at what is there each time, so that it may be interrupted anywhere.
 */
import type { NetworkInterface, SecurityGroup } from "@aws-sdk/client-ec2";
import { inParallel } from "../../cloud/parallel";
import { waitFor, type Pace } from "../../cloud/wait";
import { listBalancerInterfaces } from "./balancer-interfaces";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { LoadBalancing, type LoadBalancer, type TargetGroup } from "./load-balancing";
import { fromTagList } from "../ownership";
import { deleteSecurityGroup, listSecurityGroups, referencesTo, revoke } from "./security-groups";
import { isGroupMadeForServices, isMadeForServices, type ControlledCluster } from "./service-leftovers";

/** AWS limits how often an account may ask Elastic Load Balancing. */
const atOnce = 5;

export interface SweepListener {
  /** Something is about to be deleted. */
  deleting(what: string): void;
  /** What is still there before a wait, in words. */
  left(what: string[]): void;
}

interface Leftovers {
  readonly balancers: readonly LoadBalancer[];
  /** Of balancers that are there, or were. */
  readonly interfaces: readonly NetworkInterface[];
  readonly targetGroups: readonly TargetGroup[];
  readonly groups: readonly SecurityGroup[];
  /** All of the VPC: their rules may name those that go. */
  readonly neighbours: readonly SecurityGroup[];
}

export class ServiceSweep {
  private readonly balancing: LoadBalancing;
  /** Of the balancers that this sweep deletes. */
  private readonly interfaceDescriptions = new Set<string>();
  private readonly begun = new Set<string>();
  /** AWS's words for what it did not delete yet, by id. */
  private readonly refusals = new Map<string, string>();

  constructor(
    private readonly clients: AwsClients,
    private readonly cluster: ControlledCluster,
    private readonly listener: SweepListener,
    private readonly pace: Pace,
  ) {
    this.balancing = new LoadBalancing(clients);
  }

  /** Returns when nothing has been left for two looks: AWS may show late what a controller made last. */
  async run(signal: AbortSignal): Promise<void> {
    let quiet = 0;
    await waitFor(
      async () => {
        const left = await this.look(signal);
        const { balancers, interfaces, targetGroups, groups } = left;
        const isEmpty = balancers.length + interfaces.length + targetGroups.length + groups.length === 0;
        quiet = isEmpty ? quiet + 1 : 0;
        if (quiet >= 2) return true;
        if (!isEmpty) this.listener.left(this.inWords(left));
        await this.remove(left, signal);
        if (!isEmpty) this.listener.left(this.inWords(left));
        return undefined;
      },
      signal,
      this.pace,
    );
  }

  private async look(signal: AbortSignal): Promise<Leftovers> {
    const { vpcId } = this.cluster;
    const [balancers, targetGroups, neighbours] = await Promise.all([
      this.balancing.list(vpcId, signal),
      this.balancing.listTargetGroups(vpcId, signal),
      listSecurityGroups(this.clients.ec2, vpcId, signal),
    ]);
    const leaving = balancers.filter((balancer) => isMadeForServices(balancer, this.cluster));
    for (const { interfaceDescription } of leaving) this.interfaceDescriptions.add(interfaceDescription);
    const groups = neighbours.filter(({ GroupName = "", VpcId, Tags }) =>
      isGroupMadeForServices({ name: GroupName, vpcId: VpcId, tags: fromTagList(Tags) }, this.cluster),
    );
    return {
      balancers: leaving,
      interfaces: await this.interfaces(groups, signal),
      targetGroups: targetGroups.filter((group) => isMadeForServices(group, this.cluster)),
      groups,
      neighbours,
    };
  }

  /** Of the balancers that this sweep deletes, and of those with such a security group that an interrupted one deleted. */
  private async interfaces(groups: readonly SecurityGroup[], signal: AbortSignal): Promise<NetworkInterface[]> {
    if (this.interfaceDescriptions.size === 0 && groups.length === 0) return [];
    const leaving = new Set(groups.map(({ GroupId }) => GroupId));
    const all = await listBalancerInterfaces(this.clients.ec2, this.cluster.vpcId, signal);
    return all.filter(
      ({ Description = "", Groups = [] }) =>
        this.interfaceDescriptions.has(Description) || Groups.some(({ GroupId }) => leaving.has(GroupId)),
    );
  }

  /** As much as can go now. Balancers hold on to target groups, and their network interfaces to security groups. */
  private async remove({ balancers, interfaces, targetGroups, groups, neighbours }: Leftovers, signal: AbortSignal) {
    await inParallel(balancers, atOnce, signal, (balancer) =>
      this.attempt(balancer.id, signal, () => this.balancing.delete(balancer, signal)),
    );
    if (balancers.length > 0) return;
    await inParallel(targetGroups, atOnce, signal, (group) =>
      this.attempt(group.arn, signal, () => this.balancing.deleteTargetGroup(group, signal)),
    );
    if (interfaces.length > 0) return;
    const { ec2 } = this.clients;
    const ids = groups.map(({ GroupId }) => GroupId!);
    for (const reference of referencesTo(new Set(ids), neighbours)) await revoke(ec2, reference, signal);
    await inParallel(ids, atOnce, signal, (id) => this.attempt(id, signal, () => deleteSecurityGroup(ec2, id, signal)));
  }

  /** What something still uses stays until the next look. */
  private async attempt(id: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (!this.begun.has(id)) this.listener.deleting(shortOf(id));
    this.begun.add(id);
    this.refusals.delete(id);
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isAwsError(error, "precondition")) throw error;
      this.refusals.set(id, error.message);
    }
  }

  private inWords({ balancers, interfaces, targetGroups, groups }: Leftovers): string[] {
    const refused = (id: string) => (this.refusals.has(id) ? ` (${this.refusals.get(id)})` : "");
    return [
      ...balancers.map(({ id }) => `load balancer ${shortOf(id)}${refused(id)}`),
      ...interfaces.map((one) => `network interface ${one.NetworkInterfaceId} (${one.Description})`),
      ...targetGroups.map(({ arn }) => `target group ${shortOf(arn)}${refused(arn)}`),
      ...groups.map(({ GroupId, GroupName }) => `security group ${GroupId} (${GroupName})${refused(GroupId!)}`),
    ];
  }
}

/** Of an ARN, the part that AWS's console shows. */
function shortOf(id: string): string {
  return id.replace(/^arn:.*?:(loadbalancer|targetgroup)\//, "");
}
