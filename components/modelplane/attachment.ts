/** What Modelplane needs to drive a cluster that is there. */
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { InferenceRequirements } from "../../sdk/kubernetes/inference-requirements";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import { parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { longestName, shortened } from "../../sdk/names";
import * as pulumi from "../../sdk/pulumi";
import { ServiceAccountKubeconfig } from "../addons/service-account-kubeconfig";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { InvalidInput } from "../errors";
import { known } from "../inputs";
import { claimPlatform } from "../platforms";
import type { ExistingSourceArgs, NodePoolArgs } from "./args";
import { ofAllThere } from "../left-out";

/** Where Modelplane looks for kubeconfigs, and for no other. */
const namespace = "modelplane-system";

export interface Attachment {
  /** `cluster.existing` of the InferenceCluster. */
  spec: object;
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
  const cacheStorageClass = source.cacheStorageClass ?? cluster.sharedStorageClass;
  // A kubeconfig may be known before its machine is there: the provider comes when the API answers, and goes before the machine.
  const claim = claimPlatform(name, cluster, "Modelplane", { parent, dependsOn: [...after, cluster.kubeProvider] });
  const requirements = new InferenceRequirements(
    `${name}-requirements`,
    {
      kubeconfig: cluster.kubeconfig,
      pools: ofAllThere([cluster.nodeGroups], (groups) => poolsWithNodes(place.nodePools, groups)),
      cacheStorageClass,
      loadBalancers,
    },
    // A cluster is looked at once it has its nodes.
    { parent, dependsOn: [claim, ...madeBy(cluster)] },
  );
  const written = { parent, provider: place.controlPlane.kubeProvider, deleteBeforeReplace: true };
  const secret = (suffix: string, entries: Record<string, pulumi.Input<string>>, dependsOn: pulumi.Resource[]) =>
    new Secret(
      `${name}-${suffix}`,
      {
        metadata: { name: `${place.clusterName}-${suffix}`, namespace },
        type: "Opaque",
        stringData: entries,
      },
      { ...written, dependsOn: [...after, ...dependsOn] },
    );
  const looked = [claim, requirements];
  const { kubeconfig, resources } = accessOf(source, place, looked);
  const secrets = [secret("kubeconfig", { kubeconfig }, resources)];
  const { identity } = source;
  if (identity) secrets.push(secret("identity", { private_key: pulumi.secret(identity.credentials) }, looked));
  const { type = "GoogleApplicationCredentials" } = identity ?? {};
  const spec = {
    secretRef: { name: `${place.clusterName}-kubeconfig`, key: "kubeconfig" },
    ...(identity && { identitySecretRef: { name: `${place.clusterName}-identity`, key: "private_key", type } }),
    ...(cacheStorageClass !== undefined && { cache: { storageClassName: cacheStorageClass } }),
  };
  return { spec, resources: [...looked, ...resources, ...secrets] };
}

/** It installs definitions, roles, webhooks and namespaces, and cannot run a credential plugin. Where it has an identity, it needs no token besides. */
function accessOf(
  { cluster, identity }: ExistingSourceArgs,
  { name, clusterName, parent }: AttachmentPlace,
  dependsOn: pulumi.Resource[],
): { kubeconfig: pulumi.Output<string>; resources: pulumi.Resource[] } {
  if (identity !== undefined) return { kubeconfig: addressAlone(cluster), resources: dependsOn };
  const access = new ServiceAccountKubeconfig(
    `${name}-modelplane`,
    { cluster, clusterRole: "cluster-admin", accountName: shortened(`${clusterName}-modelplane`, longestName) },
    { parent, dependsOn },
  );
  const { kubeconfig } = access;
  // Modelplane would say nothing of a server that takes no accounts' tokens, or whose certificate is not of the cluster's authority.
  const proven = new ObjectReady(
    `${name}-access`,
    {
      kubeconfig,
      apiVersion: "v1",
      kind: "Namespace",
      name: "kube-system",
      conditions: [],
      hint: cluster.endpoint.apply(accessHint),
      timeoutSeconds: accessSeconds,
    },
    { parent, dependsOn: [access] },
  );
  return { kubeconfig, resources: [access, proven] };
}

/** For the binding to be known to the API server. */
const accessSeconds = 60;

function accessHint(endpoint: string): string {
  return (
    `So would Modelplane ask at ${endpoint}, as cluster-admin. Who stands before an API server, as Rancher does, may take tokens of his own alone: give ` +
    "existing.cluster the address of the API server itself"
  );
}

/** Rejects with `InvalidInput` where it has nobody to trust. */
export function addressAlone({ kubeconfig, clusterName }: KubernetesCluster): pulumi.Output<string> {
  return ofAllThere([kubeconfig, clusterName], (text, name) => {
    const { endpoint, certificateAuthority, trustsSystem, tlsServerName, proxyUrl } = parseKubeconfig(text);
    if (certificateAuthority === undefined && !trustsSystem)
      throw new InvalidInput("InferenceCluster", [withoutAuthority]);
    return renderKubeconfig({ clusterName: name, endpoint, certificateAuthority, tlsServerName, proxyUrl });
  });
}

/** A token's Secret would have the authority; a cloud's account has none. */
const withoutAuthority = {
  propertyPath: "existing.identity",
  reason:
    "needs a kubeconfig that has the authority's certificate in it (certificate-authority-data): the cluster's names a file, or trusts whoever answers, and " +
    "Modelplane could not tell whose the server is. Leave identity out, and it gets a token with the authority",
};

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
