import * as pulumi from "../../sdk/pulumi";
import { NodeGroup, type NodeGroupArgs, type NodeGroupMachineState } from "../../sdk/mithril/node-group";
import { priorities } from "../addons/autoscaler/groups";
import type { NodeGroupStatus } from "../cluster";
import { nvidiaGpus } from "../addons/gpu/groups";
import { acceleratorName, gpuLabel } from "../gpu-labels";
import { known } from "../inputs";
import type { MadeNodeGroup } from "../kubernetes-cluster";
import type { MithrilNodeGroupArgs } from "./args";

/** A node group as it was at the last `up` or `refresh`. */
export interface MithrilNodeGroupStatus extends NodeGroupStatus {
  /** Its nodes, and places that the auction has not filled. */
  machines: NodeGroupMachineState[];
}

export interface NodeGroupPlace {
  clusterId: pulumi.Input<string>;
  clusterName: string;
  region: pulumi.Input<string>;
  sshKeys: pulumi.Input<string>[];
  /** Of the cluster's file shares. */
  volumes: pulumi.Input<string>[];
}

export function groupArgs(group: MithrilNodeGroupArgs, place: NodeGroupPlace): NodeGroupArgs {
  return {
    clusterId: place.clusterId,
    clusterName: place.clusterName,
    name: group.name,
    region: group.region ?? place.region,
    instanceType: group.instanceType,
    capacity: group.capacity,
    minSize: group.minSize,
    maxSize: group.maxSize,
    sshKeys: place.sshKeys,
    volumes: pulumi.all([place.volumes, group.volumes ?? []]).apply((all) => all.flat()),
    startupScript: group.startupScript,
    image: group.image,
    paused: group.paused,
    // Mithril gives nodes no labels: the autoscaler's server gives them this one.
    labels: pulumi.output(group.instanceType).apply((type): Record<string, string> => {
      return gpusByName(type) === 0 ? {} : { [gpuLabel]: acceleratorName(type.split(".")[0]!) };
    }),
    gpus: group.gpus === undefined ? undefined : { count: group.gpus },
  };
}

/** Whether the autoscaler may move its size. */
export function mayMove({ capacity }: MithrilNodeGroupArgs): boolean {
  return known(capacity)?.reservation === undefined;
}

/** For the autoscaler, unless it is a reservation, which keeps its size. */
export function autoscaledGroup(group: MithrilNodeGroupArgs, spec: NodeGroupArgs): MadeNodeGroup["autoscaled"] {
  const { name, minSize, maxSize } = group;
  if (!mayMove(group)) return undefined;
  return { cloud: "mithril", name, minSize, maxSize, priority: priorities.spot, spec };
}

/** Nodes that `up` waits for: none of a group that is paused, or whose reservation has not begun. */
export function awaitedNodes(group: MithrilNodeGroupArgs, now: Date): pulumi.Output<number> {
  return pulumi
    .all([group.minSize, group.capacity.reservation, group.paused])
    .apply(([minSize, reservation, paused]) => {
      const begins = reservation === undefined ? 0 : Date.parse(reservation.start);
      return (paused ?? false) || begins > now.getTime() ? 0 : minSize;
    });
}

/** GPUs of these nodes. */
export function awaitedGpus(group: MithrilNodeGroupArgs, now: Date): pulumi.Output<number> {
  return pulumi
    .all([awaitedNodes(group, now), group.instanceType, group.gpus])
    .apply(([nodes, instanceType, gpus]) => nodes * (gpus ?? gpusByName(instanceType)));
}

/** GPUs that the name of an instance type tells: `h100-80gb.sxm.8x` has 8. Types for general use have none. */
export function gpusByName(instanceType: string): number {
  const count = /\.(\d+)x$/.exec(instanceType)?.[1];
  return count === undefined || instanceType.startsWith("cpu") ? 0 : Number(count);
}

export function groupStatus(group: MithrilNodeGroupArgs, resource: NodeGroup): pulumi.Output<MithrilNodeGroupStatus> {
  const { size: live, machines: nodes, problems: troubles } = resource;
  return pulumi
    .all([group.minSize, group.maxSize, live, group.instanceType, group.gpus, nodes, troubles])
    .apply(([minSize, maxSize, size, instanceType, given, machines, problems]): MithrilNodeGroupStatus => {
      const gpus = given ?? gpusByName(instanceType);
      return {
        name: group.name,
        role: "worker",
        minSize,
        maxSize,
        size,
        machineTypes: [instanceType],
        gpus,
        gpuResources: gpus === 0 ? {} : { [nvidiaGpus]: gpus },
        ...(gpusByName(instanceType) > 0 && { gpuModel: instanceType.split(".")[0]! }),
        taints: [],
        machines,
        problems,
      };
    });
}
