import * as pulumi from "../../sdk/pulumi";
import { renderBootstrapScript } from "../../bootstrap/script";
import { NodeGroup, type NodeGroupArgs } from "../../sdk/cudo/node-group";
import { clusterResources } from "../../sdk/cudo/planned-cluster";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import { priorities } from "../addons/autoscaler/groups";
import { gpuResources, offeredGpus, type GpuMode } from "../addons/gpu/groups";
import { statusOf, type GroupPlan } from "../addons/groups";
import { oldFirst } from "../anew";
import { known } from "../inputs";
import type { MadeNodeGroup } from "../kubernetes-cluster";
import type { KubeadmNodeGroup } from "../kubeadm/cluster";
import { groupMarks } from "../kubeadm/group-marks";
import { ifThere } from "../left-out";
import { groupTaints } from "../node-marks";
import type { CudoNodeGroupArgs } from "./args";
import { workerDocument } from "./documents";
import { images } from "./profiles";
import { documentVault } from "./vault";

export interface NodeGroupPlace {
  clusterName: string;
  namePrefix: string | undefined;
  group: CudoNodeGroupArgs;
  gpuMode: GpuMode;
  /** Whether the cluster sees to its GPUs itself. */
  gpuSupport: boolean;
  certificateAuthority: pulumi.Input<string>;
  kubernetesVersion: pulumi.Input<string>;
  /** The API server as the nodes reach it. */
  endpoint: pulumi.Input<string>;
  kubeconfig: pulumi.Input<string>;
  networkId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
  authorizedKeys: pulumi.Input<string>[];
  /** Undefined: their disks are not encrypted. */
  vault: MachineVaultArgs | undefined;
}

/** The group, and what its cluster must know of it. `isAsked`: its machines are, why they do not become nodes. */
export function nodeGroup(
  name: string,
  place: NodeGroupPlace,
  isAsked: boolean,
  options: pulumi.CustomResourceOptions,
): KubeadmNodeGroup {
  const { group } = place;
  const spec = groupArgs(place);
  const resource = new NodeGroup(clusterResources(name).nodeGroup(group.name), spec, oldFirst(options));
  const plan = groupPlan(place);
  return {
    name: group.name,
    minSize: group.minSize,
    resource,
    plan,
    status: statusOf(plan, resource),
    autoscaled: autoscaledGroup(group, spec),
    // Who only looks needs no keys.
    supply: {
      cloud: "cudo",
      name: group.name,
      minSize: group.minSize,
      spec: { ...spec, kubeconfig: "", startScript: "", vault: undefined },
    },
    ...(isAsked && {
      machines: resource.machines.apply((all) => ifThere(all).map(({ nodeName, address }) => ({ nodeName, address }))),
    }),
  };
}

function groupArgs(place: NodeGroupPlace): NodeGroupArgs {
  const { clusterName, group } = place;
  const { facts, labels, taints } = groupMarks(place, group, group.gpus ?? 0, group.gpuModel);
  return {
    clusterName,
    name: group.name,
    namePrefix: place.namePrefix,
    role: group.role,
    minSize: group.minSize,
    maxSize: group.maxSize,
    vcpus: group.vcpus,
    memoryGib: group.memoryGib,
    diskSizeGib: group.diskSizeGib,
    dataCenterId: group.dataCenterId,
    machineType: group.machineType,
    gpus: group.gpus ?? 0,
    gpuModel: group.gpuModel,
    offeredGpus: known(group.gpus ?? 0) === 0 ? undefined : offeredGpus(gpuFields(group), place.gpuMode),
    image: groupImage(group),
    networkId: place.networkId,
    securityGroupIds: [place.securityGroupId],
    labels,
    taints,
    kubeconfig: place.kubeconfig,
    ...(place.vault && { vault: place.vault }),
    startScript: pulumi
      .all([
        place.certificateAuthority,
        place.kubernetesVersion,
        place.endpoint,
        pulumi.all(place.authorizedKeys),
        facts,
        documentVault(place.vault),
      ])
      .apply(([certificateAuthority, kubernetesVersion, endpoint, authorizedKeys, facts, vault]) =>
        renderBootstrapScript(
          workerDocument({
            ...facts,
            certificateAuthority,
            authorizedKeys,
            vault,
            kubernetesVersion,
            endpoint,
          }),
          { delivery: "cudo-start-script" },
        ),
      ),
  };
}

/** The image of its machines. */
export function groupImage({ image, gpus = 0, gpuDriver }: CudoNodeGroupArgs): pulumi.Input<string> {
  const driver = (gpus: number) => (gpus > 0 && gpuDriver !== "operator" ? images.nvidia : images.plain);
  return image ?? pulumi.output(gpus).apply(driver);
}

/** As the GPUs' add-on has it. */
export function gpuFields(group: CudoNodeGroupArgs) {
  return { ...group, gpus: group.gpus ?? 0 };
}

/** Whether the autoscaler may move its size. */
export function mayMove({ role }: CudoNodeGroupArgs): boolean {
  return role !== "control";
}

/** For the autoscaler, unless it keeps its size. */
function autoscaledGroup(group: CudoNodeGroupArgs, spec: NodeGroupArgs): MadeNodeGroup["autoscaled"] {
  const { name, minSize, maxSize } = group;
  return mayMove(group) ? { cloud: "cudo", name, minSize, maxSize, priority: priorities.onDemand, spec } : undefined;
}

function groupPlan({ group, gpuMode }: Pick<NodeGroupPlace, "group" | "gpuMode">): pulumi.Output<GroupPlan> {
  const asked = gpuResources(gpuFields(group), gpuMode);
  return pulumi
    .all([group.minSize, group.maxSize, group.machineType, group.gpus ?? 0, group.gpuModel, asked, group.taints ?? []])
    .apply(([minSize, maxSize, machineType, gpus, gpuModel, gpuResources, taints]) => ({
      name: group.name,
      role: group.role,
      minSize,
      maxSize,
      machineTypes: [machineType],
      gpus,
      ...(gpus > 0 && gpuModel !== undefined && { gpuModel }),
      gpuResources,
      taints: groupTaints(group, taints),
    }));
}
