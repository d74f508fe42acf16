import type * as pulumi from "../../sdk/pulumi";
import type { NodeGroupArgs } from "../../sdk/mithril/node-group";
import type { NodeTemplate } from "../node-groups/driver";
import type { OpenNodeGroup } from "../node-groups/registry";
import { nodeTemplate } from "../node-groups/template";
import type { ProviderConfig } from "../server/resource";
import { connect } from "./connection";
import { normalizeMoney, parseMoney } from "../../sdk/mithril/money";
import { SpotGroupDriver } from "./node-group-driver";
import { resolveOffered, resolveReservable } from "./offers";
import { withRequiredKeys } from "./orders";
import { ReservedGroupDriver } from "./reservation-group-driver";
import type { InstanceType } from "./types";

/** The unwrapped inputs of `mithril:NodeGroup`. */
export type MithrilGroupSpec = pulumi.Unwrap<NodeGroupArgs>;

export type MithrilGroupDriver = SpotGroupDriver | ReservedGroupDriver;

/** Mithril's orders cannot carry a mark: the owner is not used, and nothing is warned of. */
export const openNodeGroup: OpenNodeGroup = (config, spec: MithrilGroupSpec) => openGroup(config, spec);

export function openGroup(config: ProviderConfig, spec: MithrilGroupSpec): MithrilGroupDriver {
  const { api, catalogue, reservable } = connect(config);
  const { clusterId, clusterName, name: group, region, paused = false, capacity } = spec;
  const { volumes = [], startupScript, image } = spec;
  const typeFid = async (signal: AbortSignal) => {
    const offered = await catalogue.read(signal);
    if (!capacity.reservation) return resolveOffered(spec.instanceType, region, offered);
    const { markets } = offered;
    return resolveReservable(spec.instanceType, region, { markets, reservable: await reservable.read(signal) });
  };
  const order = async (signal: AbortSignal) => ({
    instanceType: await typeFid(signal),
    launchSpecification: {
      volumes: [...volumes],
      sshKeys: await withRequiredKeys(api, spec.sshKeys, signal),
      startupScript,
      cluster: clusterId,
      imageVersion: image,
    },
  });
  const template = async (signal: AbortSignal) => {
    const fid = await typeFid(signal);
    const { instanceTypes } = await catalogue.read(signal);
    return templateOf(
      spec,
      instanceTypes.find((type) => type.fid === fid)!,
    );
  };
  const common = { api, clusterId, clusterName, group, region, paused, order, template };
  if (capacity.reservation) {
    const { start, end, onDestroy, maxUnitPrice } = capacity.reservation;
    const maxUnitCents = maxUnitPrice === undefined ? undefined : parseMoney(maxUnitPrice);
    return new ReservedGroupDriver({ ...common, start, end, onDestroy, maxUnitCents });
  }
  const { limitPrice, bidSize = 1 } = capacity.spot!;
  return new SpotGroupDriver({ ...common, limitPrice: normalizeMoney(limitPrice)!, bidSize });
}

/** Mithril says GB: the smaller reading is the careful one. */
const mibPerGb = 10 ** 9 / 1024 ** 2;

function templateOf({ labels = {}, taints = [], gpus }: MithrilGroupSpec, type: InstanceType): NodeTemplate {
  return nodeTemplate({
    labels,
    taints,
    // Mithril's types say nothing of their architecture; all that are documented are x86.
    architecture: "amd64",
    vcpus: type.vcpus,
    memoryMib: type.memoryGb * mibPerGb,
    diskGib: type.localStorageGb > 0 ? (type.localStorageGb * mibPerGb) / 1024 : undefined,
    devices: { [gpus?.name ?? "nvidia.com/gpu"]: gpus?.count ?? type.gpus },
  });
}
