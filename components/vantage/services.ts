/** What of the create-cluster request is no cloud's: its OAuth client, and who is told when the cluster is ready. */
import { OAuth2Client } from "../../sdk/keycloak/oauth2-client";
import * as pulumi from "../../sdk/pulumi";
import { ReadyNotification } from "../../sdk/vantage/ready-notification";
import { hubCallback } from "../addons/jupyterhub/address";
import type { KubernetesCluster } from "../cluster";
import type { CreateClusterRequest } from "./request";

/** Keycloak, as the provider that the cluster is given reaches it, or else `gpu-clusters:keycloak` in the stack's configuration. */
export interface IdentityOptions {
  /** Realm that gets the cluster's client, whose id is the cluster's name. */
  realm: pulumi.Input<string>;
  /** As `OAuth2Client` takes them; that of the cluster's JupyterHub comes by itself. */
  redirectUris?: pulumi.Input<pulumi.Input<string>[]>;
}

/** The deployer that goes on with a cluster once it is ready; it takes the token of the cluster's own client. */
export interface DeployerOptions {
  /** For example `https://c1.clusters.example.com/vdeployer`. */
  baseUrl: pulumi.Input<string>;
  /** What it needs to know besides cluster, cloud and client, for example `{ vantage_url: "https://…" }`. */
  settings?: Readonly<Record<string, pulumi.Input<string | number | boolean>>>;
  /** Default: `error`. */
  onFailure?: "error" | "warning";
}

/** The cluster's client, an error of which begins with `UnexpectedBehavior`. */
export function clusterClient(
  name: string,
  { name: clientId, secret }: CreateClusterRequest,
  { realm, redirectUris }: IdentityOptions,
  jupyterhubUrl: string | undefined,
  options: pulumi.CustomResourceOptions,
): OAuth2Client {
  const hubs = jupyterhubUrl === undefined ? [] : [hubCallback(jupyterhubUrl)];
  const uris = pulumi
    .output(redirectUris ?? [])
    .apply((given) => [...given, ...hubs.filter((uri) => !given.includes(uri))]);
  return new OAuth2Client(
    `${name}-client`,
    {
      clientId,
      realm,
      ...(secret !== undefined && { secret }),
      ...((redirectUris ?? jupyterhubUrl) !== undefined && { redirectUris: uris }),
    },
    options,
  );
}

/** markClusterReady. */
export function tellDeployer(
  name: string,
  made: { provider: "aws" | "cudo"; cluster: KubernetesCluster; client: OAuth2Client },
  { baseUrl, settings = {}, onFailure }: DeployerOptions,
  options: pulumi.CustomResourceOptions,
): ReadyNotification {
  const { provider, cluster, client } = made;
  return new ReadyNotification(
    `${name}-ready`,
    {
      baseUrl,
      settings: pulumi.jsonStringify({
        ...settings,
        provider,
        cluster_name: cluster.clusterName,
        keycloak_client_id: client.clientId,
        keycloak_client_secret: client.secret,
      }),
      status: cluster.status,
      issuer: client.issuer,
      clientId: client.clientId,
      clientSecret: client.secret,
      ...(onFailure && { onFailure }),
    },
    options,
  );
}
