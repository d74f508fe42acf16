/** What vCluster's chart is given for a tenant with private nodes. Pure. */
import { clusterRanges } from "../cluster-ranges";
import { hostOf } from "../../sdk/host-and-port";
import { groupLabels } from "../node-marks";
import type {
  AutoNodesArgs,
  DynamicPoolArgs,
  NodeTypeRequirementArgs,
  StaticPoolArgs,
  TenantClusterArgs,
} from "./args";

/** Account of the tenant cluster whose token is the kubeconfig's: it has no end, where vCluster's own certificates have one. */
const administrator = { name: "gpu-clusters-admin", clusterRole: "cluster-admin" };

export function tenantValues(clusterName: string, args: TenantClusterArgs, endpoint: string | undefined): object {
  const { podCidr, serviceCidr } = clusterRanges(args);
  const { serviceType = "LoadBalancer", extraSans = [], autoNodes, vpn } = args;
  const extraSANs = [...new Set([...(endpoint === undefined ? [] : [hostOf(endpoint)]), ...extraSans])];
  return {
    privateNodes: {
      enabled: true,
      ...(autoNodes.length > 0 && { autoNodes: autoNodes.map((entry) => poolsOf(clusterName, entry)) }),
      ...(vpn && { vpn: { enabled: true, nodeToNode: { enabled: vpn.nodeToNode ?? false } } }),
    },
    controlPlane: {
      service: { spec: { type: serviceType } },
      ...(endpoint !== undefined && { endpoint }),
      ...(extraSANs.length > 0 && { proxy: { extraSANs } }),
    },
    networking: { podCIDR: podCidr, serviceCIDR: serviceCidr },
    exportKubeConfig: {
      ...(endpoint !== undefined && { server: `https://${endpoint}` }),
      serviceAccount: administrator,
    },
  };
}

function poolsOf(clusterName: string, { static: fixed, dynamic, ...entry }: AutoNodesArgs): object {
  return {
    ...entry,
    ...(fixed && { static: fixed.map((pool) => poolOf(clusterName, pool)) }),
    ...(dynamic && { dynamic: dynamic.map((pool) => poolOf(clusterName, pool)) }),
  };
}

function poolOf(
  clusterName: string,
  { gpus = 0, gpuModel, nodeLabels = {}, ...pool }: StaticPoolArgs | DynamicPoolArgs,
): object {
  const marks = { clusterName, group: pool.name, role: "worker", gpus, gpuModel } as const;
  return { ...pool, nodeLabels: groupLabels(marks, nodeLabels) };
}

/** The platform's names for types of nodes that a pool may take, as far as it names them. */
export function typesOf(selector: readonly NodeTypeRequirementArgs[] = []): string[] {
  return selector
    .filter(({ property, operator = "In" }) => property === "vcluster.com/node-type" && operator === "In")
    .flatMap(({ value, values = [] }) => (value === undefined ? values : [value]));
}
