/** The instances of one node group, told by their tags: DescribeFleetInstances lags behind, and knows of running ones only. */
import {
  CreateTagsCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
  type EC2Client,
  type Instance,
} from "@aws-sdk/client-ec2";
import type { NodeGroupMachine, NodeGroupProblem } from "../../node-groups/driver";
import { isAwsError, unlessGone } from "../errors";
import { nodeNameOf } from "../node-name";
import { kindOfProblem } from "./fleet-problems";
import { fromTagList, groupTags, providerId, tagFilters, tagKeys, type GroupName } from "../ownership";
import { everyItem } from "../pages";

/** Everything but `terminated`. */
const existing = ["pending", "running", "shutting-down", "stopping", "stopped"];

const pageSize = 1000;
/** Reference: EC2 API, TerminateInstances takes at most 1000 ids; smaller calls fail in smaller parts. */
const terminatedAtOnce = 100;

export interface GroupInstance {
  readonly id: string;
  readonly state: string;
  readonly zone: string;
  readonly nodeName: string;
  readonly launchedAt: Date;
  /** The fleet's target without it, if it is about to be terminated. */
  readonly removingTo: number | undefined;
}

/** Whether it counts for the group's size. */
export function isLive({ state }: GroupInstance): boolean {
  return state === "pending" || state === "running";
}

export class GroupInstances {
  constructor(
    private readonly ec2: EC2Client,
    private readonly group: GroupName,
  ) {}

  /** All that exist, oldest first. */
  async list(signal: AbortSignal): Promise<GroupInstance[]> {
    const found = (await this.find(existing, signal)).map(read);
    return found.sort((a, b) => Number(a.launchedAt) - Number(b.launchedAt) || (a.id < b.id ? -1 : 1));
  }

  /** Whether EC2's lists show all of these, in whatever state: one that could not start may be over before. */
  async shows(ids: readonly string[], signal: AbortSignal): Promise<boolean> {
    const shown = await this.find([], signal);
    return ids.every((id) => shown.some(({ InstanceId }) => InstanceId === id));
  }

  /** Those that EC2 ended by itself since then, because it could not launch them. EC2 shows them for about an hour. */
  async lostLaunches(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const found = await this.find(["shutting-down", "terminated"], signal);
    return found.flatMap((each) => lostLaunch(each, since));
  }

  /** Writes on the instances that they are about to go, and what the fleet's target will be without them. */
  async mark(ids: readonly string[], target: number, signal: AbortSignal): Promise<void> {
    const Tags = [{ Key: tagKeys.removing, Value: String(target) }];
    await this.forEachPart(ids, (Resources) =>
      this.ec2.send(new CreateTagsCommand({ Resources, Tags }), { abortSignal: signal }),
    );
  }

  /** Begins to terminate them. Instances that AWS does not know any more are success. */
  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.forEachPart(ids, (InstanceIds) =>
      this.ec2.send(new TerminateInstancesCommand({ InstanceIds }), { abortSignal: signal }),
    );
  }

  /** In one of these states; none: in any. */
  private async find(states: readonly string[], signal: AbortSignal): Promise<Instance[]> {
    const inStates = states.length > 0 ? [{ Name: "instance-state-name", Values: [...states] }] : [];
    const Filters = [...tagFilters(groupTags(this.group)), ...inStates];
    const pages = paginateDescribeInstances({ client: this.ec2, pageSize }, { Filters }, { abortSignal: signal });
    const reservations = await everyItem(pages, ({ Reservations }) => Reservations);
    return reservations.flatMap(({ Instances = [] }) => Instances);
  }

  /** One unknown id refuses a whole call: then each is asked for alone. */
  private async forEachPart(ids: readonly string[], call: (part: string[]) => Promise<unknown>): Promise<void> {
    for (let start = 0; start < ids.length; start += terminatedAtOnce) {
      const part = ids.slice(start, start + terminatedAtOnce);
      try {
        await call(part);
      } catch (error) {
        if (!isAwsError(error, "notFound")) throw error;
        for (const id of part.length > 1 ? part : []) {
          await unlessGone(call([id]));
        }
      }
    }
  }
}

export function toMachine(instance: GroupInstance): NodeGroupMachine {
  return {
    id: instance.id,
    providerId: providerId(instance.zone, instance.id),
    nodeName: instance.nodeName,
    state: machineState(instance),
    createdAt: instance.launchedAt.toISOString(),
  };
}

function machineState(instance: GroupInstance): NodeGroupMachine["state"] {
  if (instance.state === "shutting-down" || instance.removingTo !== undefined) return "deleting";
  if (instance.state === "pending") return "creating";
  // A node group stops no machines: somebody else did.
  return instance.state === "running" ? "running" : "failed";
}

/** Ends that are no failed launch. Reference: EC2 API, StateReason. */
const wanted =
  /^(Client\.(UserInitiated\w+|InstanceInitiatedShutdown)|Server\.(Spot\w+|ScheduledStop|InstanceTerminated\w*))$/;
/** EC2 tells when an instance was launched in whole seconds. */
const launchTimeMs = 1000;

const keyHint =
  "Mostly it is the KMS key of its disks: is it enabled, and may AWS's role for fleets (AWSServiceRoleForEC2Fleet, or EC2Spot) use it? In a reservation it is the control " +
  "plane's role that must, and whoever runs `pulumi up`";

function lostLaunch({ InstanceId, LaunchTime, StateReason }: Instance, since: Date): NodeGroupProblem[] {
  const { Code = "", Message = "" } = StateReason ?? {};
  const at = LaunchTime ?? new Date(0);
  if (Code === "" || wanted.test(Code) || at.getTime() + launchTimeMs < since.getTime()) return [];
  const reason = Message.startsWith(Code) ? Message : `${Code}: ${Message}`;
  const hint = Code === "Client.InternalError" ? `. ${keyHint}` : "";
  const message = `EC2 terminated ${InstanceId!} at once: ${reason.replace(/\.$/, "")}${hint}`;
  return [{ kind: kindOfProblem(reason), machineId: InstanceId!, message, at }];
}

function read(instance: Instance): GroupInstance {
  const removing = fromTagList(instance.Tags)[tagKeys.removing];
  return {
    id: instance.InstanceId!,
    state: instance.State?.Name ?? "pending",
    zone: instance.Placement?.AvailabilityZone ?? "",
    nodeName: nodeNameOf(instance),
    launchedAt: instance.LaunchTime ?? new Date(0),
    removingTo: removing !== undefined && /^\d+$/.test(removing) ? Number(removing) : undefined,
  };
}
