/** What Modelplane needs to drive a cluster that is there. */
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { InferenceRequirements } from "../../sdk/kubernetes/inference-requirements";
import type * as pulumi from "../../sdk/pulumi";
import { ServiceAccountKubeconfig } from "../addons/service-account-kubeconfig";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { known } from "../inputs";
import { claimPlatform } from "../platforms";
import type { ExistingSourceArgs, NodePoolArgs } from "./args";

/** Where Modelplane looks for kubeconfigs, and for no other. */
const namespace = "modelplane-system";

export interface Attachment {
  secretName: string;
  cacheStorageClass: pulumi.Input<string> | undefined;
  /** They must be there for as long as Modelplane drives the cluster. */
  resources: pulumi.Resource[];
}

export interface AttachmentPlace {
  name: string;
  clusterName: string;
  controlPlane: KubernetesCluster;
  nodePools: readonly NodePoolArgs[];
  parent: pulumi.Resource;
  /** Nothing is written before. */
  after: pulumi.Resource[];
}

export function attach(source: ExistingSourceArgs, place: AttachmentPlace): Attachment {
  const { cluster, loadBalancers } = source;
  const { name, parent, after } = place;
  const secretName = `${place.clusterName}-kubeconfig`;
  const cacheStorageClass = source.cacheStorageClass ?? cluster.sharedStorageClass;
  // A kubeconfig may be known before its machine is there: the provider comes when the API answers, and goes before the machine.
  const claim = claimPlatform(name, cluster, "Modelplane", { parent, dependsOn: [...after, cluster.kubeProvider] });
  const requirements = new InferenceRequirements(
    `${name}-requirements`,
    {
      kubeconfig: cluster.kubeconfig,
      pools: cluster.nodeGroups.apply((groups) => poolsWithNodes(place.nodePools, groups)),
      cacheStorageClass,
      loadBalancers,
    },
    // A cluster is looked at once it has its nodes.
    { parent, dependsOn: [claim, ...madeBy(cluster)] },
  );
  // It installs definitions, roles, webhooks and namespaces, and cannot run a credential plugin.
  const access = new ServiceAccountKubeconfig(
    `${name}-modelplane`,
    { cluster, clusterRole: "cluster-admin" },
    { parent, dependsOn: [claim, requirements] },
  );
  const secret = new Secret(
    `${name}-kubeconfig`,
    {
      metadata: { name: secretName, namespace },
      type: "Opaque",
      stringData: { kubeconfig: access.kubeconfig },
    },
    { parent, provider: place.controlPlane.kubeProvider, dependsOn: [...after, access], deleteBeforeReplace: true },
  );
  return { secretName, cacheStorageClass, resources: [claim, requirements, access, secret] };
}

/** A pool may have none yet. What is not known now is awaited. */
function poolsWithNodes(pools: readonly NodePoolArgs[], groups: readonly NodeGroupStatus[]): string[] {
  const least = ({ name, nodeCount, minNodeCount }: NodePoolArgs) =>
    known(nodeCount) ?? minNodeCount ?? groups.find((group) => group.name === name)?.minSize;
  return pools.filter((pool) => least(pool) !== 0).map(({ name }) => name);
}

/** Where it is a component: all that it makes. */
function madeBy(cluster: KubernetesCluster): pulumi.Resource[] {
  return "urn" in cluster ? [cluster as unknown as pulumi.Resource] : [];
}
