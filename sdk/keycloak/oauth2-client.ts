import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface OAuth2ClientArgs {
  /**
   * Realm that has the client: letters, digits and - _ . without spaces.
   * @replaceOnChanges
   */
  realm: pulumi.Input<string>;
  /**
   * The client's id, as applications name it: 1 to 255 characters without spaces, and none that Keycloak makes itself, as `account` or `admin-cli`.
   * @replaceOnChanges
   */
  clientId: pulumi.Input<string>;
  /** What people read in its place. Default: none. */
  displayName?: pulumi.Input<string>;
  /**
   * 24 to 32 printable characters, no spaces. Default: made when the client is, and kept; a client that is adopted keeps its own.
   * @secret
   */
  secret?: pulumi.Input<string>;
  /**
   * Where people may be sent back to after a login, for example `https://hub.example.com/hub/oauth_callback`; `*` may end one's path. With some, people
   * log in by the client; without, it is for services only. Default: none.
   */
  redirectUris?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Takes a client of this id over that is there already, of OpenID Connect; it then stays when this resource is deleted. Without, such a client is refused.
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}

/**
 * A confidential OAuth 2.0 client in a realm of Keycloak, by its Admin REST interface: with a service account (client credentials), and with the
 * authorization code flow where it has `redirectUris`. Errors begin with `UnexpectedBehavior`.
 *
 * Who acts is said in the provider's configuration `gpu-clusters:keycloak`. Import id: `<realm>/<clientId>`.
 *
 * Cost: none.
 *
 * @example
 * const client = new OAuth2Client("hub", { realm: "lab", clientId: "hub", redirectUris: ["https://hub.example.com/hub/oauth_callback"] });
 */
export class OAuth2Client extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:keycloak:OAuth2Client";

  public readonly realm!: pulumi.Output<string>;
  public readonly clientId!: pulumi.Output<string>;
  /** @secret */
  public readonly secret!: pulumi.Output<string>;
  /**
   * `https://sso.example.com/realms/lab`, as Keycloak itself says it, which may be another address than the provider's `baseUrl`: what applications
   * find all else by (OpenID Connect Discovery).
   */
  public readonly issuer!: pulumi.Output<string>;
  /** True where the client was there before: it is not deleted with this resource. */
  public readonly adopted!: pulumi.Output<boolean>;
  /**
   * False where somebody has switched the client off, or has changed who may log in by it and how: its flows, the kind of its credentials, web origins, and,
   * unless it is adopted, flows of its own in the place of the realm's. The next `up` sets it right.
   */
  public readonly active!: pulumi.Output<boolean>;
  /** Whose it is, as the client's attribute `gpu-clusters.owner` says: one of another's is not touched. */
  public readonly owner!: pulumi.Output<string>;

  /** The client with this id, `<realm>/<clientId>`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): OAuth2Client {
    return new OAuth2Client(name, undefined, { ...options, id });
  }

  constructor(name: string, args: OAuth2ClientArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: OAuth2ClientArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: OAuth2ClientArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["realm", "clientId", "secret", "issuer", "adopted", "active", "owner"];
    super(
      OAuth2Client.__pulumiType,
      name,
      resourceProperties(args, { secrets: ["secret"], outputs }),
      pulumi.mergeOptions(resourceOptions(options), { additionalSecretOutputs: ["secret"] }),
    );
  }
}
