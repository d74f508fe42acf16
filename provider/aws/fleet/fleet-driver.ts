/**
 * Runs one node group as one EC2 Fleet of type `maintain`.
 *
 * The fleet never terminates by itself (`no-termination`): which machine goes is decided here. To remove machines, the fleet's target goes
 * down first and the machines are terminated after that. The other order would buy replacements, or cost another machine, because a fleet
 * notices late that an instance is gone. So that an interruption between the two steps loses nothing, the machines are marked before the
 * first step, and every later change finishes what is marked.
 */
import { CreateTagsCommand, DeleteTagsCommand, type EC2Client, type FleetData } from "@aws-sdk/client-ec2";
import {
  GroupUnfinished,
  type NodeGroupDescription,
  type NodeGroupDriver,
  type NodeGroupProblem,
  type NodeTemplate,
} from "../../node-groups/driver";
import { isAwsError } from "../errors";
import { problemOf } from "./fleet-problems";
import { offeredPairs, pairsOf, samePairs } from "./fleet-pairs";
import { createFleetRequest, launchTemplateConfigs, readFleet, type FleetShape } from "./fleet-request";
import { fleetTags, groupName, shapeOfSpec, type FleetSpec } from "./fleet-spec";
import { fleetTemplate } from "./fleet-template";
import { Fleets, isAlive, targetOf } from "./fleets";
import { GroupInstances, isLive, toMachine, type GroupInstance } from "./group-instances";
import { onceKnown } from "./once-known";
import { fromTagList, tagKeys, toTagList, type GroupName } from "../ownership";
import { goneByHand } from "../../server/gone";
import { OutcomeUnknown } from "../../cloud/outcome-unknown";
import { ownerMark } from "../../cloud/owner-mark";
import { outlasting, waitFor, withReason, type Pace } from "../../cloud/wait";
import { awsPace } from "../pace";

export interface FleetDriverOptions {
  ec2: EC2Client;
  spec: FleetSpec;
  /** Whose the group is: the resource's URN. */
  owner: string;
  /** The group's fleet, where it is known; else it is found by its tags. */
  fleetId?: string;
  /** Tags of the spec before: those that it has no more are taken off the fleet. Tags that others put on it stay. */
  formerTags?: readonly string[];
  pace?: Pace;
}

/** Longer than EC2 takes, as a rule, to show what it has made. */
const shownWithinMs = 60_000;
/** Both must end within the grace of an interrupted operation. */
const answerAfterAbortMs = 1_500;
const lookAfterAbortMs = 1_000;

export class FleetDriver implements NodeGroupDriver {
  private readonly group: GroupName;
  private readonly fleets: Fleets;
  private readonly instances: GroupInstances;
  private readonly pace: Pace;
  private fleetId: string | undefined;
  private changes: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FleetDriverOptions) {
    this.pace = options.pace ?? awsPace;
    this.group = groupName(options.spec);
    this.fleets = new Fleets(options.ec2, this.group, this.pace);
    this.instances = new GroupInstances(options.ec2, this.group);
    this.fleetId = options.fleetId;
  }

  ensure(size: number, signal: AbortSignal): Promise<string> {
    return this.change(signal, async () => {
      const found = await this.findFleet(signal);
      if (!found) return this.makeFleet(size, signal);
      if (fromTagList(found.Tags)[tagKeys.owner] === ownerMark(this.options.owner)) return found.FleetId!;
      const { clusterName, nodeGroup } = this.group;
      throw new Error(
        `name: a node group "${nodeGroup}" of a cluster "${clusterName}" exists already, and this resource did not make it ` +
          `(${found.FleetId}): choose another name, or import it (pulumi import gpu-clusters:aws:NodeGroup <name> ${found.FleetId})`,
      );
    });
  }

  async describe(signal: AbortSignal): Promise<NodeGroupDescription> {
    const [fleet, instances] = [await this.findFleet(signal), await this.instances.list(signal)];
    return {
      ...(fleet && { id: fleet.FleetId! }),
      size: fleet ? Math.min(targetOf(fleet), ...intentions(instances)) : 0,
      machines: instances.map(toMachine),
    };
  }

  /** Whether EC2's lists show these machines, those that are over too. */
  shows(ids: readonly string[], signal: AbortSignal): Promise<boolean> {
    return this.instances.shows(ids, signal);
  }

  resize(size: number, signal: AbortSignal): Promise<void> {
    return this.change(signal, async () => {
      const fleet = await this.requireFleet(signal);
      const instances = await this.finishRemovals(fleet, signal);
      // Fewer than there are would leave machines that nobody counts: the fleet does not take them away.
      const target = Math.max(size, instances.filter(isLive).length);
      if (target !== targetOf(await this.requireFleet(signal)))
        await this.fleets.setTarget(target, fleet.FleetId!, signal);
    });
  }

  remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    return this.change(signal, async () => {
      const fleet = await this.requireFleet(signal);
      const left = await this.finishRemovals(fleet, signal);
      const leaving = left.filter((instance) => ids.includes(instance.id) && instance.state !== "shutting-down");
      if (leaving.length === 0) return;
      const target = targetWithout(leaving, left, targetOf(await this.requireFleet(signal)));
      await this.instances.mark(idsOf(leaving), target, signal);
      await this.lowerThenTerminate(fleet.FleetId!, target, leaving, signal);
    });
  }

  destroy(signal: AbortSignal): Promise<void> {
    return this.change(signal, async () => {
      const known = this.fleetId === undefined ? undefined : await this.fleets.get(this.fleetId, signal);
      const found = await this.fleets.find(signal);
      const fleets = [
        ...new Map([...found, ...(known ? [known] : [])].map((fleet) => [fleet.FleetId!, fleet])).values(),
      ];
      for (const fleet of fleets) await this.stopFleet(fleet, signal);
      await this.sweep(signal);
      this.fleetId = undefined;
    });
  }

  async problems(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const fleet = await this.findFleet(signal);
    if (!fleet) return [];
    const [records, lost] = await Promise.all([
      this.fleets.history(fleet.FleetId!, since, signal),
      this.instances.lostLaunches(since, signal),
    ]);
    const told = records.map(problemOf).filter((problem) => problem !== undefined);
    return [...told, ...lost].sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  reshape(signal: AbortSignal): Promise<boolean> {
    return this.change(signal, async () => {
      const fleet = await this.requireFleet(signal);
      const shape = shapeOfSpec(this.options.spec);
      const pairs = await offeredPairs(this.options.ec2, shape, signal);
      const differs = !sameTemplate(shape, readFleet(fleet)) || !samePairs(pairs, pairsOf(fleet));
      if (differs) {
        const LaunchTemplateConfigs = launchTemplateConfigs(shape, shape.allocationStrategy, pairs);
        await this.fleets.modify({ LaunchTemplateConfigs }, fleet.FleetId!, signal);
      }
      const retagged = await this.retag(fleet, signal);
      return differs || retagged;
    });
  }

  template(signal: AbortSignal): Promise<NodeTemplate> {
    return withReason(signal, () => fleetTemplate(this.options.ec2, this.options.spec, signal));
  }

  private async findFleet(signal: AbortSignal): Promise<FleetData | undefined> {
    if (this.fleetId !== undefined) {
      const fleet = await this.fleets.get(this.fleetId, signal);
      if (fleet && isAlive(fleet)) return fleet;
    }
    const found = (await this.fleets.find(signal)).find(isAlive);
    this.fleetId = found?.FleetId ?? this.options.fleetId;
    return found;
  }

  /** Returns also when it was interrupted meanwhile, if the fleet was made: whoever called must come to know its id. */
  private async makeFleet(size: number, signal: AbortSignal): Promise<string> {
    const { ec2, spec, owner } = this.options;
    const shape = shapeOfSpec(spec);
    const pairs = await offeredPairs(ec2, shape, signal);
    const request = createFleetRequest(shape, size, fleetTags(spec, ownerMark(owner)), crypto.randomUUID(), pairs);
    signal.throwIfAborted();
    const lasting = outlasting(signal, answerAfterAbortMs);
    try {
      const made = (await onceKnown(() => this.fleets.create(request, lasting.signal), signal, this.pace))!;
      this.fleetId = made;
      await this.untilShown(made, signal);
      return made;
    } catch (error) {
      return await this.settle(error, signal);
    } finally {
      lasting.end();
    }
  }

  /** EC2's answers lag behind its own: who asks at once may be told that there is no such fleet. Never fails, because the fleet is made. */
  private async untilShown(fleetId: string, signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(shownWithinMs)]);
    const look = () => this.fleets.get(fleetId, within);
    await waitFor(look, within, this.pace).catch(() => undefined);
  }

  /** After a create without an id: what was made, or why nobody knows. */
  private async settle(error: unknown, signal: AbortSignal): Promise<string> {
    const made = await this.findFleet(AbortSignal.timeout(lookAfterAbortMs)).catch(() => undefined);
    if (made && signal.aborted) return made.FleetId!;
    if (made || signal.aborted) throw new GroupUnfinished(error);
    if (!isAwsError(error, "unavailable")) throw error;
    throw new GroupUnfinished(
      new OutcomeUnknown(`whether the fleet was made is unknown: ${error.message}`, { cause: error }),
    );
  }

  private async retag(fleet: FleetData, signal: AbortSignal): Promise<boolean> {
    const { ec2, spec, owner, formerTags = [] } = this.options;
    const [wanted, live] = [fleetTags(spec, ownerMark(owner)), fromTagList(fleet.Tags)];
    const stale = formerTags.filter((key) => !(key in wanted) && key in live);
    const differs = Object.entries(wanted).some(([key, value]) => live[key] !== value);
    const Resources = [fleet.FleetId!];
    if (differs) await ec2.send(new CreateTagsCommand({ Resources, Tags: toTagList(wanted) }), { abortSignal: signal });
    if (stale.length > 0) {
      const Tags = stale.map((Key) => ({ Key }));
      await ec2.send(new DeleteTagsCommand({ Resources, Tags }), { abortSignal: signal });
    }
    return differs || stale.length > 0;
  }

  private async requireFleet(signal: AbortSignal): Promise<FleetData> {
    const fleet = await this.findFleet(signal);
    if (fleet) return fleet;
    const { clusterName, nodeGroup } = this.group;
    throw goneByHand(`node group "${nodeGroup}" of cluster "${clusterName}" has no EC2 fleet any more`);
  }

  /** Ends what an interrupted removal began. Returns the instances that are not leaving. */
  private async finishRemovals(fleet: FleetData, signal: AbortSignal): Promise<GroupInstance[]> {
    const instances = await this.instances.list(signal);
    const marked = instances.filter(
      (instance) => instance.removingTo !== undefined && instance.state !== "shutting-down",
    );
    if (marked.length > 0) {
      const target = Math.min(targetOf(fleet), ...intentions(marked));
      await this.lowerThenTerminate(fleet.FleetId!, target, marked, signal, targetOf(fleet));
    }
    return instances.filter((instance) => instance.removingTo === undefined);
  }

  private async lowerThenTerminate(
    fleetId: string,
    target: number,
    leaving: readonly GroupInstance[],
    signal: AbortSignal,
    current?: number,
  ): Promise<void> {
    if (target !== current) await this.fleets.setTarget(target, fleetId, signal);
    await this.instances.terminate(idsOf(leaving), signal);
  }

  /** Keeps the fleet from making more, then deletes it with its instances. */
  private async stopFleet(fleet: FleetData, signal: AbortSignal): Promise<void> {
    if (fleet.FleetState === "deleted" || fleet.FleetState === "deleted_terminating") return;
    if (isAlive(fleet) && targetOf(fleet) > 0) {
      try {
        await this.fleets.setTarget(0, fleet.FleetId!, signal);
      } catch (error) {
        // Somebody else deleted it meanwhile, or it cannot be changed: the deletion below decides.
        signal.throwIfAborted();
        if (!(error instanceof Error) || isAwsError(error, "permission", "credentials")) throw error;
      }
    }
    await this.fleets.delete(fleet.FleetId!, signal);
  }

  /** Terminates whatever carries the group's tags, and returns when nothing has been left for two looks: launches may be under way. */
  private async sweep(signal: AbortSignal): Promise<void> {
    let quiet = 0;
    await waitFor(
      async () => {
        const instances = await this.instances.list(signal);
        await this.instances.terminate(idsOf(instances.filter(({ state }) => state !== "shutting-down")), signal);
        quiet = instances.length === 0 ? quiet + 1 : 0;
        return quiet >= 2 ? true : undefined;
      },
      signal,
      this.pace,
    );
  }

  /** Changes of one group happen one after the other. */
  private change<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const result = this.changes.then(() => withReason(signal, work));
    this.changes = result.catch(() => undefined);
    return result;
  }
}

/** The fleet's target when these are gone. Machines beyond the target go first; what is still to come stays to come. */
export function targetWithout(
  leaving: readonly GroupInstance[],
  all: readonly GroupInstance[],
  target: number,
): number {
  const going = leaving.filter(isLive).length;
  const excess = Math.max(0, all.filter(isLive).length - target);
  return Math.max(0, target - Math.max(0, going - excess));
}

function sameTemplate(a: FleetShape, b: FleetShape): boolean {
  return a.launchTemplateId === b.launchTemplateId && a.launchTemplateVersion === b.launchTemplateVersion;
}

function intentions(instances: readonly GroupInstance[]): number[] {
  return instances
    .filter((instance) => instance.state !== "shutting-down")
    .flatMap((instance) => instance.removingTo ?? []);
}

function idsOf(instances: readonly GroupInstance[]): string[] {
  return instances.map((instance) => instance.id);
}
