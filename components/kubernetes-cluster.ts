import * as pulumi from "../sdk/pulumi";
import { ApiServerReady, type ApiServerReadyArgs } from "../sdk/kubernetes/api-server-ready";
import { NodesReady, type NodesReadyArgs } from "../sdk/kubernetes/nodes-ready";
import type { AddOn, AddOns } from "./addons/add-on";
import type { AutoscaledGroup } from "./addons/autoscaler/groups";
import type { KubernetesCluster, NodeGroupStatus } from "./cluster";
import { KubernetesProvider } from "./kubernetes-provider";

/** A node group that is there, with its nodes or without. */
export interface MadeNodeGroup<Status extends NodeGroupStatus = NodeGroupStatus> {
  resource: pulumi.Resource;
  status: pulumi.Output<Status>;
  /** Left out where its size is fixed. */
  autoscaled?: Omit<AutoscaledGroup, "resource">;
}

export interface ClusterParts<Made extends MadeNodeGroup> {
  clusterName: string;
  endpoint: pulumi.Output<string>;
  certificateAuthority: pulumi.Output<string>;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** How the API server is waited for, and what must be there before it can answer. */
  apiServer: { args: Omit<ApiServerReadyArgs, "kubeconfig">; after: pulumi.Resource[] };
  /** The machine whose disk has what is in the cluster: with it, add-ons are gone. Left out where the cloud hosts it. */
  keeper?: pulumi.Resource;
  addOns: AddOns;
  /** Made once the API server answers. */
  nodeGroups: readonly ((apiServer: ApiServerReady) => Made)[];
  /** Which nodes are waited for. */
  nodes: (groups: readonly Made[]) => Omit<NodesReadyArgs, "kubeconfig">;
}

export type RunningCluster<Made extends MadeNodeGroup> = Omit<KubernetesCluster, "nodeGroups"> & {
  nodeGroups: pulumi.Output<(Made extends MadeNodeGroup<infer Status> ? Status : never)[]>;
};

/** A cluster from its kubeconfig on, whoever runs the control plane: what is in it, its node groups, and the outputs of its component. */
export function kubernetesCluster<Made extends MadeNodeGroup>(
  name: string,
  parts: ClusterParts<Made>,
  child: pulumi.CustomResourceOptions,
): RunningCluster<Made> {
  const { kubeconfig, addOns } = parts;
  const apiServer = new ApiServerReady(
    `${name}-api-server`,
    { kubeconfig, ...parts.apiServer.args },
    { ...child, dependsOn: parts.apiServer.after },
  );
  const kubeProvider = new KubernetesProvider(`${name}-kubernetes`, kubeconfig, {
    parent: child.parent,
    dependsOn: [apiServer],
  });
  const install = (which: readonly AddOn[], after: pulumi.Resource[], nodeGroups: readonly AutoscaledGroup[] = []) =>
    which.flatMap((addOn) =>
      addOn(
        { name, kubernetesVersion: apiServer.version, nodeGroups },
        { ...child, provider: kubeProvider, dependsOn: [apiServer, ...after], deletedWith: parts.keeper },
      ),
    );

  const before = install(addOns.beforeNodes, []);
  const groups = parts.nodeGroups.map((make) => make(apiServer));
  const resources = groups.map(({ resource }) => resource);
  const autoscaled = groups.flatMap(({ resource, autoscaled }) => (autoscaled ? [{ ...autoscaled, resource }] : []));
  install(addOns.besideGroups, resources, autoscaled);
  const nodes = new NodesReady(
    `${name}-nodes`,
    { kubeconfig, ...parts.nodes(groups) },
    { ...child, dependsOn: [...resources, ...before] },
  );
  const after = install(addOns.afterNodes, [nodes]);

  return {
    clusterName: pulumi.output(parts.clusterName),
    endpoint: parts.endpoint,
    certificateAuthority: parts.certificateAuthority,
    kubeconfig,
    kubeProvider,
    nodeGroups: pulumi.all(groups.map(({ status }) => status)) as RunningCluster<Made>["nodeGroups"],
    status: pulumi.all([nodes.status, after.map(({ urn }) => urn)]).apply(([status]) => status),
  };
}
