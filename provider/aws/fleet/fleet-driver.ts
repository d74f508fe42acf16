/**
 * Runs one node group as one EC2 Fleet of type `maintain`.
 *
 * The fleet never terminates by itself (`no-termination`): which machine goes is decided here. To remove machines, the fleet's target goes
 * down first and the machines are terminated after that. The other order would buy replacements, or cost another machine, because a fleet
 * notices late that an instance is gone. So that an interruption between the two steps loses nothing, the machines are marked before the
 * first step, and every later change finishes what is marked.
 */
import type { EC2Client, FleetData } from "@aws-sdk/client-ec2";
import type { NodeGroupDescription, NodeGroupDriver, NodeGroupProblem } from "../../node-groups/driver";
import { isAwsError } from "../errors";
import { problemOf } from "./fleet-problems";
import { launchTemplateConfigs, type FleetShape, type FleetTerms } from "./fleet-request";
import { Fleets, isAlive, targetOf } from "./fleets";
import { GroupInstances, isLive, toMachine, type GroupInstance } from "./group-instances";
import type { GroupName } from "../ownership";
import { waitFor, withReason, type Pace } from "../../cloud/wait";
import { awsPace } from "../pace";

export interface FleetDriverOptions {
  ec2: EC2Client;
  group: GroupName;
  /** The group's fleet, where it is known; else it is found by its tags. */
  fleetId?: string;
  pace?: Pace;
}

export class FleetDriver implements NodeGroupDriver {
  readonly fleets: Fleets;
  private readonly instances: GroupInstances;
  private readonly pace: Pace;
  private fleetId: string | undefined;
  private changes: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FleetDriverOptions) {
    this.pace = options.pace ?? awsPace;
    this.fleets = new Fleets(options.ec2, options.group, this.pace);
    this.instances = new GroupInstances(options.ec2, options.group);
    this.fleetId = options.fleetId;
  }

  async describe(signal: AbortSignal): Promise<NodeGroupDescription> {
    const [fleet, instances] = [await this.findFleet(signal), await this.instances.list(signal)];
    return {
      size: fleet ? Math.min(targetOf(fleet), ...intentions(instances)) : 0,
      machines: instances.map(toMachine),
    };
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
    const records = await this.fleets.history(fleet.FleetId!, since, signal);
    return records.map(problemOf).filter((problem) => problem !== undefined);
  }

  /** Machines made from now on have this shape; those that run stay as they are. */
  reshape(shape: FleetShape & Pick<FleetTerms, "allocationStrategy">, signal: AbortSignal): Promise<void> {
    return this.change(signal, async () => {
      const fleet = await this.requireFleet(signal);
      const LaunchTemplateConfigs = launchTemplateConfigs(shape, shape.allocationStrategy);
      await this.fleets.modify({ LaunchTemplateConfigs }, fleet.FleetId!, signal);
    });
  }

  /** The group's fleet, if it has one. */
  async findFleet(signal: AbortSignal): Promise<FleetData | undefined> {
    if (this.fleetId !== undefined) {
      const fleet = await this.fleets.get(this.fleetId, signal);
      if (fleet && isAlive(fleet)) return fleet;
    }
    const found = (await this.fleets.find(signal)).find(isAlive);
    this.fleetId = found?.FleetId ?? this.options.fleetId;
    return found;
  }

  private async requireFleet(signal: AbortSignal): Promise<FleetData> {
    const fleet = await this.findFleet(signal);
    if (fleet) return fleet;
    const { clusterName, nodeGroup } = this.options.group;
    throw new Error(
      `node group "${nodeGroup}" of cluster "${clusterName}" has no EC2 fleet: it was deleted outside of Pulumi`,
    );
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

function intentions(instances: readonly GroupInstance[]): number[] {
  return instances
    .filter((instance) => instance.state !== "shutting-down")
    .flatMap((instance) => instance.removingTo ?? []);
}

function idsOf(instances: readonly GroupInstance[]): string[] {
  return instances.map((instance) => instance.id);
}
