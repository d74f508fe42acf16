/** What the create-cluster request wants to run in its cluster. */
import type { OAuth2Client } from "../../sdk/keycloak/oauth2-client";
import type { TaintArgs } from "../../sdk/kubernetes/taint";
import type * as pulumi from "../../sdk/pulumi";
import type { Toleration } from "../addons/in-cluster";
import { JupyterHub } from "../addons/jupyterhub/jupyterhub";
import { KubeRay } from "../addons/kuberay";
import { Slurm } from "../addons/slurm/slurm";
import type { KubernetesCluster } from "../cluster";
import type { IntegrationName, RequestTaint } from "./request";

export interface IntegrationOptions {
  /** Where people reach the JupyterHub of this cluster, for example `https://hub.c1.example.com`. Required for the integration `jupyterhub`. */
  jupyterhubUrl?: string;
  /**
   * Refuses to delete what people store in it: set `false` and run `pulumi up` before a destroy.
   * Default: `true`.
   */
  protect?: boolean;
}

export interface IntegratedCluster {
  cluster: KubernetesCluster;
  clusterName: string;
  /** By which people log in. */
  client: OAuth2Client | undefined;
  groups: readonly { taints?: pulumi.Input<pulumi.Input<TaintArgs>[]> }[];
  integrations: IntegrationOptions;
}

/** Returns what the deployer's call waits for. */
export function installIntegrations(
  name: string,
  names: readonly IntegrationName[],
  { cluster, clusterName, client, groups, integrations: { jupyterhubUrl, protect = true } }: IntegratedCluster,
  options: pulumi.ComponentResourceOptions,
): pulumi.Resource[] {
  // A request's taints are all in hand.
  const taints = groups.flatMap((group) => (group.taints ?? []) as RequestTaint[]);
  const tolerations = taints.map(({ key, value, effect }): Toleration =>
    value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect },
  );
  const make: Record<IntegrationName, () => pulumi.Resource> = {
    kuberay: () => new KubeRay(`${name}-kuberay`, { cluster }, options),
    jupyterhub: () =>
      new JupyterHub(
        `${name}-jupyterhub`,
        { cluster, client: client!, url: jupyterhubUrl!, tolerations, protect },
        options,
      ),
    slurm: () => new Slurm(`${name}-slurm`, { cluster, clusterName, tolerations, protect }, options),
  };
  return names.map((each) => make[each]());
}
