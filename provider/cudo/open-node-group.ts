import { clusterLabel } from "../../sdk/names";
import type * as pulumi from "../../sdk/pulumi";
import type { NodeGroupArgs } from "../../sdk/cudo/node-group";
import { ownerMark } from "../cloud/owner-mark";
import { mintBootstrapToken } from "../kubernetes/bootstrap-token";
import { kubernetesApi } from "../kubernetes/client";
import { lazyApi } from "../kubernetes/lazy-api";
import type { NodeGroupOptions, OpenNodeGroup } from "../node-groups/registry";
import type { ProviderConfig } from "../server/resource";
import { autoscalerRoleName } from "../../sdk/vault/defaults";
import { openMachineAccess } from "../vault/machine-access";
import { connect } from "./connection";
import { groupNodes, type NodeMarks } from "./group-nodes";
import { resolveImage } from "./images";
import { CudoNodeGroupDriver } from "./node-group-driver";

/** The unwrapped inputs of `cudo:NodeGroup`. */
export type CudoGroupSpec = pulumi.Unwrap<NodeGroupArgs>;

/** Longer than any one machine needs to boot; it ends those that nobody revokes, because whoever would have was cut short. */
const tokenHours = 2;

export const openNodeGroup: OpenNodeGroup = (config, spec: CudoGroupSpec, options) => openGroup(config, spec, options);

export function openGroup(
  config: ProviderConfig,
  spec: CudoGroupSpec,
  { owner, warn }: NodeGroupOptions,
): CudoNodeGroupDriver {
  const { api, catalogue } = connect(config);
  const kubernetes = lazyApi(() => kubernetesApi(spec.kubeconfig, { timeoutMs: 10_000 }));
  const description = `node group ${spec.name} of ${spec.clusterName}`;
  const mint = (nodeName: string, signal: AbortSignal) =>
    mintBootstrapToken(kubernetes, { ttlHours: tokenHours, description, nodeName }, signal);
  return new CudoNodeGroupDriver({
    api,
    clusterName: spec.clusterName,
    group: spec.name,
    idPrefix: `${spec.namePrefix ?? ""}${spec.clusterName}`,
    owner: ownerMark(owner),
    machine: {
      dataCenterId: spec.dataCenterId,
      machineType: spec.machineType,
      vcpus: spec.vcpus,
      memoryGib: spec.memoryGib,
      gpus: spec.gpus ?? 0,
      bootDiskSizeGib: spec.diskSizeGib,
      nics: [{ networkId: spec.networkId, assignPublicIp: true, securityGroupIds: spec.securityGroupIds ?? [] }],
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      customSshKeys: spec.customSshKeys ?? [],
    },
    image: async (signal) => {
      const image = resolveImage(spec.image, (await catalogue.read(signal)).images);
      if (!image) throw new Error(`image: no image has the id "${spec.image}" or begins with it`);
      return image.id;
    },
    devices: { [spec.offeredGpus?.name ?? "nvidia.com/gpu"]: spec.offeredGpus?.count ?? spec.gpus ?? 0 },
    startScript: spec.startScript,
    access: spec.vault && openMachineAccess(config, spec.vault, autoscalerRoleName(api.projectId, spec.clusterName)),
    nodes: groupNodes(kubernetes, mint),
    marks: nodeMarks(spec),
    warn,
  });
}

/** What the group's nodes carry. */
export function nodeMarks({ clusterName, name, role, labels = {}, taints = [] }: CudoGroupSpec): NodeMarks {
  const own = {
    "gpu-clusters/cluster": clusterLabel(clusterName),
    "gpu-clusters/node-group": name,
    "gpu-clusters/role": role,
  };
  return { labels: { ...labels, ...own }, taints };
}
