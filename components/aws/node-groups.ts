import * as pulumi from "../../sdk/pulumi";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import { PlacementGroup } from "@pulumi/aws/ec2/placementGroup";
import { renderBootstrapScript } from "../../bootstrap/script";
import { reservedKind } from "../../sdk/aws/capacity";
import { NodeGroup, type NodeGroupArgs } from "../../sdk/aws/node-group";
import { groupTags } from "../../sdk/aws/tag-keys";
import type { InstanceTypeResult } from "../../sdk/aws/functions";
import { priorities } from "../addons/autoscaler/groups";
import { gpuResources, offeredGpus, type GpuMode } from "../addons/gpu/groups";
import type { GroupPlan } from "../addons/groups";
import type { MadeNodeGroup } from "../kubernetes-cluster";
import { groupMarks } from "../kubeadm/group-marks";
import { groupTaints } from "../node-marks";
import type { AwsNodeGroupArgs } from "./args";
import { metadataOptions } from "./control-plane";
import { defaultDiskSizeGib } from "./disk";
import { workerDocument } from "./documents";
import { closestPlace, fabricInterfaces } from "./fabric";
import { machineImage } from "./images";
import { gpuFields, nodeGpus } from "./gpus";
import type { Mount } from "./lustre";
import { awsName, longestNames } from "./names";
import { withTags, type Tags } from "./tags";

/** Each is a child of the cluster; the group waits for what its machines need. */
export interface NodeGroupOptions {
  template: pulumi.CustomResourceOptions;
  asking: pulumi.CustomResourceOptions;
  group: pulumi.CustomResourceOptions;
}

export interface NodeGroupPlace {
  /** The group among the user's arguments: `nodeGroups[2]`. */
  path: string;
  clusterName: string;
  base: string;
  group: AwsNodeGroupArgs;
  /** What AWS says of its types, where the group depends on more of them than their names. */
  types: pulumi.Output<InstanceTypeResult[]> | undefined;
  gpuMode: GpuMode;
  /** Whether the cluster sees to its GPUs itself. */
  gpuSupport: boolean;
  keyPair: pulumi.Input<string>;
  certificateAuthority: pulumi.Input<string>;
  externalCloudProvider: boolean;
  kubernetesVersion: pulumi.Input<string>;
  /** The API server as the nodes reach it. */
  endpoint: pulumi.Input<string>;
  joinParameter: pulumi.Input<string>;
  /** Shared files that nodes mount. */
  lustre: pulumi.Output<Mount> | undefined;
  profileName: pulumi.Input<string>;
  subnetIds: pulumi.Output<string[]>;
  /** Of the subnets. */
  zones: pulumi.Output<string[]>;
  securityGroupId: pulumi.Input<string>;
  tags: Tags;
  /** Of the AWS provider, for what it does not make itself. */
  defaultTags: Tags;
  /** What AWS's cloud controller manager knows its cluster's machines by: it passes others over. */
  kubernetes: Tags;
}

/** What machines are made from, and the fleet that makes them; and the placement group, where there is one. */
export function nodeGroup(
  name: string,
  place: NodeGroupPlace,
  options: NodeGroupOptions,
): { resource: NodeGroup; spec: NodeGroupArgs } {
  const { clusterName, group, types } = place;
  const gpus = nodeGpus(group, types);
  const { facts, labels, taints } = groupMarks(place, group, gpus.gpus, gpus.gpuModel);
  const physical = awsName(place.base, group.name, longestNames.launchTemplate);
  const tags = withTags(place.tags, groupTags({ clusterName, nodeGroup: group.name }));
  const machineTags = withTags(tags, { Name: physical });
  const ofMachines = withTags(place.defaultTags, machineTags);
  const image = machineImage(
    `${name}-image`,
    {
      path: place.path,
      instanceType: pulumi.output(group.instanceTypes).apply(([first]) => first!),
      gpu: gpus.gpus.apply((count) => count > 0 && group.gpuDriver !== "operator"),
      given: group.image,
      diskSizeGib: group.diskSizeGib ?? defaultDiskSizeGib,
    },
    options.asking,
  );
  const placement =
    group.placementGroup &&
    new PlacementGroup(
      `${name}-placement`,
      {
        name: `${physical}-${group.placementGroup}`,
        strategy: group.placementGroup,
        ...(group.placementGroup === "partition" && { partitionCount: 7 }),
        tags: machineTags,
      },
      options.template,
    );
  const template = new LaunchTemplate(
    `${name}-template`,
    {
      name: physical,
      imageId: image.imageId,
      keyName: place.keyPair,
      updateDefaultVersion: true,
      iamInstanceProfile: { name: place.profileName },
      ...(group.efa
        ? { networkInterfaces: types!.apply(([first]) => adapters(first!, place.securityGroupId)) }
        : { vpcSecurityGroupIds: [place.securityGroupId] }),
      ...(placement && { placement: { groupName: placement.name } }),
      metadataOptions,
      blockDeviceMappings: [
        {
          deviceName: image.rootDeviceName,
          ebs: {
            volumeType: "gp3",
            volumeSize: image.diskSizeGib,
            iops: group.diskIops,
            throughput: group.diskThroughput,
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags: withTags(ofMachines, place.kubernetes) },
        // Organisations may demand tags of what a launch makes.
        { resourceType: "volume", tags: ofMachines },
      ],
      userData: pulumi
        .all([
          ...([place.certificateAuthority, place.kubernetesVersion, place.endpoint, place.joinParameter] as const),
          ...([facts, place.lustre] as const),
        ])
        .apply(([certificateAuthority, kubernetesVersion, endpoint, joinParameter, facts, lustre]) =>
          renderBootstrapScript(
            workerDocument({
              ...facts,
              lustre,
              certificateAuthority,
              externalCloudProvider: place.externalCloudProvider,
              kubernetesVersion,
              endpoint,
              joinParameter,
            }),
            { delivery: "ec2-user-data" },
          ),
        ),
      tags: machineTags,
    },
    options.template,
  );
  const spec: NodeGroupArgs = {
    clusterName,
    name: group.name,
    minSize: group.minSize,
    maxSize: group.maxSize,
    launchTemplateId: template.id,
    launchTemplateVersion: template.latestVersion,
    instanceTypes: group.instanceTypes,
    subnetIds: group.placementGroup === "cluster" ? oneSubnet(place, types!) : place.subnetIds,
    zones: place.zones,
    capacity: group.capacity,
    labels,
    taints,
    gpus: offeredGpus(gpuFields(group, types), place.gpuMode),
    tags: withTags(place.defaultTags, place.tags),
  };
  const resource = new NodeGroup(
    name,
    spec,
    // Machines cannot move into another placement group, nor out of one, and have shared files from their start or never.
    {
      ...options.group,
      replacementTrigger: [
        group.placementGroup ?? "none",
        options.group.replacementTrigger ?? "none",
        ...(place.lustre ? ["lustre"] : []),
      ],
      deleteBeforeReplace: true,
    },
  );
  return { resource, spec };
}

/** For the autoscaler, unless it keeps its size. */
export function autoscaledGroup(group: AwsNodeGroupArgs, spec: NodeGroupArgs): MadeNodeGroup["autoscaled"] {
  const { name, role, minSize, maxSize, capacity } = group;
  if (role === "control") return undefined;
  const kind = reservedKind(capacity) ? "reserved" : capacity?.spot ? "spot" : "onDemand";
  const priority = priorities[kind];
  return { cloud: "aws", name, minSize, maxSize, priority, spec };
}

function adapters(type: InstanceTypeResult, securityGroupId: pulumi.Input<string>) {
  return fabricInterfaces(type).map((each) => ({
    ...each,
    securityGroups: [securityGroupId],
    deleteOnTermination: "true",
  }));
}

function oneSubnet(
  { subnetIds, zones }: NodeGroupPlace,
  types: pulumi.Output<InstanceTypeResult[]>,
): pulumi.Output<string[]> {
  return pulumi.all([subnetIds, zones, types]).apply(([ids, names, known]) => {
    const places = ids.map((subnetId, index) => ({ subnetId, zone: names[index]! }));
    return [closestPlace(places, known).subnetId];
  });
}

export function groupPlan({
  group,
  types,
  gpuMode,
}: Pick<NodeGroupPlace, "group" | "types" | "gpuMode">): pulumi.Output<GroupPlan> {
  const { minSize: least, maxSize: most, instanceTypes } = group;
  const asked = gpuResources(gpuFields(group, types), gpuMode);
  return pulumi
    .all([least, most, pulumi.output(instanceTypes), nodeGpus(group, types), asked, group.taints ?? []])
    .apply(([minSize, maxSize, machineTypes, { gpus, gpuModel }, gpuResources, taints]) => ({
      name: group.name,
      role: group.role,
      minSize,
      maxSize,
      machineTypes,
      gpus,
      ...(gpus > 0 && gpuModel && { gpuModel }),
      gpuResources,
      taints: groupTaints(group, taints),
    }));
}
