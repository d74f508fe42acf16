/**
 * Runs one node group in a Capacity Reservation. EC2 Fleet is documented to use reservations in its type `instant` only, so that the group's
 * fleet, of type `maintain`, has no machines and only marks the group. Machines are launched here: each in the reservation, or not at all.
 * Nothing is ever still to come, and what is lost is not replaced.
 */
import { randomUUID } from "node:crypto";
import { RunInstancesCommand, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { reservedOf, type Reserved } from "../../../sdk/aws/capacity";
import { isLive } from "../../node-groups/bounds";
import {
  GroupUnfinished,
  type NodeGroupDescription,
  type NodeGroupDriver,
  type NodeGroupProblem,
  type NodeTemplate,
} from "../../node-groups/driver";
import { OutcomeUnknown } from "../../cloud/outcome-unknown";
import { outlasting, waitFor, withReason, type Pace } from "../../cloud/wait";
import { isAwsError } from "../errors";
import { awsPace } from "../pace";
import { readTemplate, readZonesOf } from "../preflight/preflight-facts";
import { readReservation } from "../preflight/reservation";
import { FleetDriver, type FleetDriverOptions } from "./fleet-driver";
import { kindOfRefusal } from "./fleet-problems";
import { fleetTemplate, noTemplate } from "./fleet-template";
import { onceKnown } from "./once-known";

/** Must end within the grace of an interrupted operation. */
const answerAfterAbortMs = 1_500;

export class ReservationDriver implements NodeGroupDriver {
  private readonly fleet: FleetDriver;
  /** The last refused launch: the call tells of it, and no fleet's history. */
  private refused: NodeGroupProblem | undefined;
  private changes: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FleetDriverOptions) {
    this.fleet = new FleetDriver(options);
  }

  ensure(size: number, signal: AbortSignal): Promise<string> {
    return this.change(signal, async () => {
      const isNew = (await this.fleet.describe(signal)).id === undefined;
      const id = await this.fleet.ensure(0, signal);
      try {
        if (isNew) await this.launch(size, signal);
      } catch (error) {
        throw new GroupUnfinished(error);
      }
      return id;
    });
  }

  async describe(signal: AbortSignal): Promise<NodeGroupDescription> {
    const found = await this.fleet.describe(signal);
    return { ...found, size: found.id === undefined ? 0 : found.machines.filter(isLive).length };
  }

  resize(size: number, signal: AbortSignal): Promise<void> {
    return this.change(signal, async () => {
      // Ends what an interrupted removal began.
      await this.fleet.remove([], signal);
      const { machines } = await this.fleet.describe(signal);
      await this.launch(size - machines.filter(isLive).length, signal);
    });
  }

  remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    return this.change(signal, () => this.fleet.remove(ids, signal));
  }

  destroy(signal: AbortSignal): Promise<void> {
    return this.change(signal, () => this.fleet.destroy(signal));
  }

  async problems(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const told = await this.fleet.problems(since, signal);
    const own = this.refused && this.refused.at >= since ? [this.refused] : [];
    return [...told, ...own].sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  reshape(signal: AbortSignal): Promise<boolean> {
    return this.change(signal, () => this.fleet.reshape(signal));
  }

  template(signal: AbortSignal): Promise<NodeTemplate> {
    const { ec2, spec } = this.options;
    return withReason(signal, async () => {
      const subnetIds = [await this.subnet(signal)];
      return fleetTemplate(ec2, { ...spec, subnetIds }, signal);
    });
  }

  /** All of them or none. Returns when EC2's lists show them: whoever counts too early would launch them again. */
  private async launch(count: number, signal: AbortSignal): Promise<void> {
    if (count <= 0) return;
    const request = await this.request(count, signal);
    signal.throwIfAborted();
    const lasting = outlasting(signal, answerAfterAbortMs);
    const ids: string[] = [];
    try {
      const command = new RunInstancesCommand(request);
      const launch = () => this.options.ec2.send(command, { abortSignal: lasting.signal });
      const { Instances = [] } = (await onceKnown(launch, signal, this.pace))!;
      ids.push(...Instances.map(({ InstanceId }) => InstanceId!));
    } catch (error) {
      if (error instanceof Error && !signal.aborted)
        this.refused = { kind: kindOfRefusal(error), message: error.message, at: new Date() };
      if (!isAwsError(error, "unavailable")) throw error;
      throw new OutcomeUnknown(`whether machines were launched is unknown: ${error.message}`, { cause: error });
    } finally {
      lasting.end();
    }
    await waitFor(async () => ((await this.fleet.shows(ids, signal)) ? true : undefined), signal, this.pace);
  }

  private async request(count: number, signal: AbortSignal): Promise<RunInstancesCommandInput> {
    const { ec2, spec } = this.options;
    const version = String(spec.launchTemplateVersion);
    const SubnetId = await this.subnet(signal);
    const template = () => readTemplate(ec2, spec.launchTemplateId, version, signal);
    const data = await onceKnown(template, signal, this.pace);
    if (!data) throw noTemplate(spec);
    const { NetworkInterfaces = [] } = data;
    return {
      MinCount: count,
      MaxCount: count,
      ClientToken: randomUUID(),
      LaunchTemplate: { LaunchTemplateId: spec.launchTemplateId, Version: version },
      InstanceType: spec.instanceTypes[0] as never,
      // EC2 takes a subnet beside network interfaces from a fleet only.
      ...(NetworkInterfaces.length > 0
        ? { NetworkInterfaces: NetworkInterfaces.map((each) => ({ ...each, SubnetId })) as never }
        : { SubnetId }),
      CapacityReservationSpecification: {
        CapacityReservationTarget: { CapacityReservationId: this.reserved.id },
      },
    };
  }

  /** The one in the reservation's zone. */
  private async subnet(signal: AbortSignal): Promise<string> {
    const { ec2, spec } = this.options;
    const { kind, id } = this.reserved;
    const [reservation, zoneOf] = await Promise.all([
      readReservation(ec2, id, signal),
      readZonesOf(ec2, spec.subnetIds, signal),
    ]);
    if (!reservation) throw new Error(`capacity.${kind}.id: ${id} does not exist any more`);
    const zone = reservation.AvailabilityZone;
    const found = spec.subnetIds.find((each) => zoneOf.get(each) === zone);
    if (found === undefined) throw new Error(`subnetIds: none is in ${zone}, where ${id} is`);
    return found;
  }

  private get pace(): Pace {
    return this.options.pace ?? awsPace;
  }

  private get reserved(): Reserved & { id: string } {
    return reservedOf(this.options.spec.capacity) as Reserved & { id: string };
  }

  /** Changes of one group happen one after the other. */
  private change<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const result = this.changes.then(() => withReason(signal, work));
    this.changes = result.catch(() => undefined);
    return result;
  }
}
