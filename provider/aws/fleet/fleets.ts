/** The fleets of one node group: finding them, changing them one change at a time, deleting them. */
import {
  CreateFleetCommand,
  DeleteFleetsCommand,
  DescribeFleetHistoryCommand,
  DescribeFleetsCommand,
  ModifyFleetCommand,
  paginateDescribeFleets,
  type CreateFleetCommandInput,
  type EC2Client,
  type FleetData,
  type HistoryRecordEntry,
  type ModifyFleetCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsApiError, isAwsError, unlessGone } from "../errors";
import { fromTagList, groupTags, type GroupName } from "../ownership";
import { everyItem } from "../pages";
import { onceKnown } from "./once-known";
import { waitFor, type Pace } from "../../cloud/wait";

const alive: readonly string[] = ["submitted", "active", "modifying"];
const pageSize = 100;

export function targetOf(fleet: FleetData): number {
  return fleet.TargetCapacitySpecification?.TotalTargetCapacity ?? 0;
}

export function isAlive(fleet: FleetData): boolean {
  return alive.includes(fleet.FleetState ?? "");
}

export class Fleets {
  constructor(
    private readonly ec2: EC2Client,
    private readonly group: GroupName,
    private readonly pace: Pace,
  ) {}

  async create(request: CreateFleetCommandInput, signal: AbortSignal): Promise<string> {
    const { FleetId } = await this.ec2.send(new CreateFleetCommand(request), { abortSignal: signal });
    return FleetId!;
  }

  /** Undefined for one that AWS does not know (any more). */
  async get(fleetId: string, signal: AbortSignal): Promise<FleetData | undefined> {
    const request = new DescribeFleetsCommand({ FleetIds: [fleetId] });
    return (await unlessGone(this.ec2.send(request, { abortSignal: signal })))?.Fleets?.[0];
  }

  /**
   * The group's fleets that may still have or make instances, oldest first. EC2 has no filter for a fleet's tags, so all fleets of the
   * region are looked at.
   */
  async find(signal: AbortSignal): Promise<FleetData[]> {
    const wanted = Object.entries(groupTags(this.group));
    const states = ["submitted", "active", "modifying", "deleted-running", "deleted-terminating"];
    const Filters = [{ Name: "fleet-state", Values: states }];
    const pages = paginateDescribeFleets({ client: this.ec2, pageSize }, { Filters }, { abortSignal: signal });
    const fleets = await everyItem(pages, ({ Fleets }) => Fleets);
    const found = fleets.filter(({ Tags }) => {
      const tags = fromTagList(Tags);
      return wanted.every(([key, value]) => tags[key] === value);
    });
    return found.sort((a, b) => Number(a.CreateTime ?? 0) - Number(b.CreateTime ?? 0));
  }

  /**
   * One change, when the fleet is ready for it, and returns when the fleet has taken it. A fleet that is being modified takes no other
   * change, so this waits before and after.
   */
  async modify(change: Omit<ModifyFleetCommandInput, "FleetId">, fleetId: string, signal: AbortSignal): Promise<void> {
    await waitFor(
      async () => {
        await this.settled(fleetId, signal);
        try {
          const command = new ModifyFleetCommand({ ...change, FleetId: fleetId });
          await onceKnown(() => this.ec2.send(command, { abortSignal: signal }), signal, this.pace);
          return true;
        } catch (error) {
          // Another change was quicker.
          if (isAwsError(error, "precondition")) return undefined;
          throw error;
        }
      },
      signal,
      this.pace,
    );
    await this.settled(fleetId, signal);
  }

  setTarget(target: number, fleetId: string, signal: AbortSignal): Promise<void> {
    return this.modify(
      {
        ExcessCapacityTerminationPolicy: "no-termination",
        TargetCapacitySpecification: { TotalTargetCapacity: target },
      },
      fleetId,
      signal,
    );
  }

  /** Waits until the fleet is active. */
  async settled(fleetId: string, signal: AbortSignal): Promise<FleetData> {
    return waitFor(
      async () => {
        const fleet = await this.get(fleetId, signal);
        if (fleet?.FleetState === "active") return fleet;
        if (fleet && isAlive(fleet)) return undefined;
        throw new Error(`fleet ${fleetId} ${fleet ? `is ${fleet.FleetState}` : "does not exist any more"}`);
      },
      signal,
      this.pace,
    );
  }

  /** Begins the deletion of a fleet with its instances. One that is deleted already is success. */
  async delete(fleetId: string, signal: AbortSignal): Promise<void> {
    await waitFor(
      async () => {
        const answer = await this.ec2.send(new DeleteFleetsCommand({ FleetIds: [fleetId], TerminateInstances: true }), {
          abortSignal: signal,
        });
        // Failures of single fleets come with HTTP 200.
        const failure = answer.UnsuccessfulFleetDeletions?.[0]?.Error;
        if (!failure || failure.Code === "fleetIdDoesNotExist") return true;
        if (failure.Code !== "fleetNotInDeletableState") {
          throw new AwsApiError({
            action: "DeleteFleets",
            code: failure.Code ?? "",
            cloudMessage: `fleet ${fleetId} cannot be deleted: ${failure.Message ?? "no reason given"}`,
            httpStatus: 200,
            requestId: answer.$metadata.requestId,
          });
        }
        const fleet = await this.get(fleetId, signal);
        return !fleet || ["deleted", "deleted_terminating"].includes(fleet.FleetState ?? "") ? true : undefined;
      },
      signal,
      this.pace,
    );
  }

  /** Since then, oldest first. Empty for a fleet that AWS does not know. */
  async history(fleetId: string, since: Date, signal: AbortSignal): Promise<HistoryRecordEntry[]> {
    const records: HistoryRecordEntry[] = [];
    let NextToken: string | undefined;
    do {
      const request = new DescribeFleetHistoryCommand({ FleetId: fleetId, StartTime: since, NextToken });
      const page = await unlessGone(this.ec2.send(request, { abortSignal: signal }));
      records.push(...(page?.HistoryRecords ?? []));
      NextToken = page?.NextToken || undefined;
    } while (NextToken);
    return records.sort((a, b) => Number(a.Timestamp ?? 0) - Number(b.Timestamp ?? 0));
  }
}
