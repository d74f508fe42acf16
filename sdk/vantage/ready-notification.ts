import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ReadyNotificationArgs {
  /** Of the receiver, for example `https://c1.clusters.example.com/vdeployer`; the call goes to its `/deploy`, which it is given without. `https` only. */
  baseUrl: pulumi.Input<string>;
  /**
   * What it is told, a JSON object: `pulumi.jsonStringify({ cluster_name: "c1" })`. Secret as a whole, because it has credentials in it. Another
   * one is sent anew.
   * @secret
   */
  settings: pulumi.Input<string>;
  /** The cluster's `status`: the call is made once that is `ready`, and not before. */
  status: pulumi.Input<string>;
  /**
   * Bearer token of the call, where somebody else gets it. Otherwise `issuer`, `clientId` and `clientSecret` say who asks for one.
   * @secret
   */
  accessToken?: pulumi.Input<string>;
  /** Keycloak's realm, `https://sso.example.com/realms/lab`: as `OAuth2Client.issuer` says. */
  issuer?: pulumi.Input<string>;
  /** Client that the call is made as, by its service account. */
  clientId?: pulumi.Input<string>;
  /** @secret */
  clientSecret?: pulumi.Input<string>;
  /**
   * What a receiver is that does not take it: an `error`, or a `warning`, after which the next `up` tries again. The cluster is ready either way.
   * @default "error"
   */
  onFailure?: pulumi.Input<"error" | "warning">;
  /**
   * How long it is tried, in seconds: 1 to 86400. `customTimeouts` overrides it.
   * @integer
   * @default 300
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Tells a deployer that a cluster is ready (`markClusterReady` of the create-cluster request): `POST <baseUrl>/deploy` with `{"settings": …}` and a
 * bearer token. 200 means that it was accepted, 409 that it is being done already. No answer, 408, 425, 429 and 5xx are tried again with
 * growing pauses; a token that is refused is asked for anew, once; redirects are not followed.
 *
 * It is sent once, and again only when `baseUrl` or `settings` change, or when it was not accepted. All tries of one message have the same
 * header `Idempotency-Key`. Deleting it tells nobody. It cannot be imported: make it in the program.
 *
 * Cost: none.
 *
 * @example
 * new ReadyNotification("ready", {
 *   baseUrl: "https://c1.clusters.example.com/vdeployer",
 *   settings: pulumi.jsonStringify({ cluster_name: cluster.clusterName, keycloak_client_secret: client.secret }),
 *   status: cluster.status,
 *   issuer: client.issuer, clientId: client.clientId, clientSecret: client.secret,
 * });
 */
export class ReadyNotification extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:vantage:ReadyNotification";

  /** The message's `Idempotency-Key`. */
  public readonly messageId!: pulumi.Output<string>;
  /** `accepted`, `already-running` or `failed`. */
  public readonly outcome!: pulumi.Output<string>;

  constructor(name: string, args: ReadyNotificationArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["settings", "accessToken", "clientSecret"],
      outputs: ["messageId", "outcome"],
    });
    super(ReadyNotification.__pulumiType, name, properties, resourceOptions(options));
  }
}
