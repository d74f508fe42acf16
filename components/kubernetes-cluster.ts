import * as pulumi from "../sdk/pulumi";
import { ApiServerReady, type ApiServerReadyArgs } from "../sdk/kubernetes/api-server-ready";
import type { MachineStatus } from "../sdk/kubernetes/machine-claims";
import { NodesReady, type NodesReadyArgs, type NodeSupplyArgs } from "../sdk/kubernetes/nodes-ready";
import { siblingUrn } from "../sdk/sibling-urn";
import type { AddOn, AddOns } from "./addons/add-on";
import type { AutoscaledGroup } from "./addons/autoscaler/groups";
import { groupPlans, type GroupPlan } from "./addons/groups";
import type { KubernetesCluster, NodeGroupStatus } from "./cluster";
import { KubernetesProvider } from "./kubernetes-provider";

/** A node group that is there, with its nodes or without. */
export interface MadeNodeGroup<Status extends NodeGroupStatus = NodeGroupStatus> {
  resource: pulumi.Resource;
  status: pulumi.Output<Status>;
  /** Left out where the status is known without it. */
  plan?: pulumi.Output<GroupPlan>;
  /** Left out where its size is fixed. */
  autoscaled?: Omit<AutoscaledGroup, "owner">;
  /** Where its machines come from: that cloud is asked while nodes are missing. Left out where no node group of a cloud makes them. */
  supply?: Omit<NodeSupplyArgs, "owner" | "spec"> & { spec: pulumi.Input<object> };
}

export interface ClusterParts<Made extends MadeNodeGroup> {
  clusterName: string;
  endpoint: pulumi.Output<string>;
  certificateAuthority: pulumi.Output<string>;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** How the API server is waited for, and what must be there before it can answer. */
  apiServer: { args: Omit<ApiServerReadyArgs, "kubeconfig">; after: pulumi.Resource[] };
  /**
   * What becomes another with the machine that alone has the cluster's contents on its disk: then all that was in the cluster is gone, and
   * its nodes have joined nothing. Left out where no single machine has them.
   */
  keeper?: pulumi.Input<string> | undefined;
  addOns: AddOns;
  /** Made once the API server answers; `before` is what they are deleted before. */
  nodeGroups: readonly ((apiServer: ApiServerReady, withKeeper: WithKeeper, before: pulumi.Resource[]) => Made)[];
  /** Which nodes are waited for. */
  nodes: (groups: readonly Made[]) => Omit<NodesReadyArgs, "kubeconfig">;
}

/**
 * Of what does not outlive the cluster's contents: it is made anew for a new keeper. What is in the cluster is forgotten after that (`deletedWith`):
 * to be deleted first, Pulumi would compare all that reads from it, for which a preview has no API server yet.
 */
export type WithKeeper = Pick<pulumi.CustomResourceOptions, "replacementTrigger">;

export type RunningCluster<Made extends MadeNodeGroup> = Omit<KubernetesCluster, "nodeGroups"> & {
  nodeGroups: pulumi.Output<(Made extends MadeNodeGroup<infer Status> ? Status : never)[]>;
  /** Where a platform claims them. */
  machines?: pulumi.Output<MachineStatus[]>;
};

/** A cluster from its kubeconfig on, whoever runs the control plane: what is in it, its node groups, and the outputs of its component. */
export function kubernetesCluster<Made extends MadeNodeGroup>(
  name: string,
  parts: ClusterParts<Made>,
  child: pulumi.CustomResourceOptions,
): RunningCluster<Made> {
  const { kubeconfig, addOns, keeper } = parts;
  const withKeeper = { replacementTrigger: keeper };
  const apiServer = new ApiServerReady(
    `${name}-api-server`,
    { kubeconfig, ...parts.apiServer.args },
    { ...child, ...withKeeper, dependsOn: parts.apiServer.after },
  );
  const kubeProvider = new KubernetesProvider(
    `${name}-kubernetes`,
    // The same cluster at another address is the same; where its contents are gone, each thing in it is made anew by itself.
    { kubeconfig, clusterIdentifier: keeper === undefined ? apiServer.identity : parts.clusterName },
    { parent: child.parent, dependsOn: [apiServer] },
  );
  // Nobody need delete what is gone with the cluster, nor could: by then a new one with the same names is there.
  const inCluster = { ...child, ...withKeeper, provider: kubeProvider, deletedWith: apiServer };
  const install = (which: readonly AddOn[], after: pulumi.Resource[], nodeGroups: readonly AutoscaledGroup[] = []) =>
    which.flatMap((addOn) =>
      addOn(
        { name, kubernetesVersion: apiServer.version, kubeconfig, nodeGroups, own: child },
        { ...inCluster, dependsOn: [apiServer, ...after] },
      ),
    );

  const beforeGroups = install(addOns.beforeGroups ?? [], []);
  const before = install(addOns.beforeNodes, []);
  const groups = parts.nodeGroups.map((make) => make(apiServer, withKeeper, beforeGroups));
  groupPlans.set(
    { kubeProvider },
    groups.map(({ plan, status }) => plan ?? status),
  );
  const resources = groups.map(({ resource }) => resource);
  const autoscaled = groups.flatMap(({ autoscaled: group }) => {
    if (group === undefined) return [];
    const type = `gpu-clusters:${group.cloud}:NodeGroup`;
    return [{ ...group, owner: apiServer.urn.apply((urn) => siblingUrn(urn, type, `${name}-${group.name}`)) }];
  });
  install(addOns.besideGroups, resources, autoscaled);
  const expected = parts.nodes(groups);
  const nodes = new NodesReady(
    `${name}-nodes`,
    { kubeconfig, ...expected, ...suppliesOf(groups) },
    { ...child, ...withKeeper, dependsOn: [...resources, ...before] },
  );
  const after = install(addOns.afterNodes, [nodes]);

  return {
    clusterName: pulumi.output(parts.clusterName),
    endpoint: parts.endpoint,
    certificateAuthority: parts.certificateAuthority,
    kubeconfig,
    kubeProvider,
    nodeGroups: pulumi.all(groups.map(({ status }) => status)) as RunningCluster<Made>["nodeGroups"],
    ...(expected.claims !== undefined && { machines: nodes.machines.apply((machines) => machines ?? []) }),
    status: pulumi.all([nodes.status, after.map(({ urn }) => urn)]).apply(([status]) => status),
  };
}

function suppliesOf(groups: readonly MadeNodeGroup[]): Pick<NodesReadyArgs, "supplies"> {
  const supplies = groups.flatMap(({ resource, supply }) => {
    if (supply === undefined) return [];
    const spec = pulumi.output(supply.spec).apply((known) => JSON.stringify(known));
    return [{ ...supply, spec, owner: resource.urn }];
  });
  return supplies.length === 0 ? {} : { supplies };
}
