/** What the create-cluster request wants to run in its cluster. */
import type { OAuth2Client } from "../../sdk/keycloak/oauth2-client";
import type * as pulumi from "../../sdk/pulumi";
import { JupyterHub } from "../addons/jupyterhub/jupyterhub";
import { KubeRay } from "../addons/kuberay";
import { Slurm } from "../addons/slurm/slurm";
import type { KubernetesCluster } from "../cluster";
import type { IntegrationName } from "./request";

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
  integrations: IntegrationOptions;
}

/** Returns what the deployer's call waits for. */
export function installIntegrations(
  name: string,
  names: readonly IntegrationName[],
  { cluster, clusterName, client, integrations: { jupyterhubUrl, protect = true } }: IntegratedCluster,
  options: pulumi.ComponentResourceOptions,
): pulumi.Resource[] {
  const make: Record<IntegrationName, () => pulumi.Resource> = {
    kuberay: () => new KubeRay(`${name}-kuberay`, { cluster }, options),
    jupyterhub: () =>
      new JupyterHub(`${name}-jupyterhub`, { cluster, client: client!, url: jupyterhubUrl!, protect }, options),
    slurm: () => new Slurm(`${name}-slurm`, { cluster, clusterName, protect }, options),
  };
  return names.map((each) => make[each]());
}
