/** From the provider's configuration to API clients: what every cloud with a key and a project does alike. */
import { InvalidArguments, type ProviderConfig } from "../server/resource";
import { isUnknown } from "../server/values";
import type { Account } from "../../sdk/account-config";

export interface CloudAccounts<C> {
  /** The cloud's part of the configuration: `cudo`. */
  readonly section: string;
  /** Variables of the environment that the user may set instead. */
  readonly variables: Readonly<Record<"apiKey" | "projectId", string>>;
  /** Fills defaults in; what is still missing is undefined. */
  complete(given: Record<string, unknown>): Record<keyof Account, unknown>;
  open(account: Account): C;
}

export class Connections<C> {
  private readonly open = new Map<string, C>();

  constructor(private readonly cloud: CloudAccounts<C>) {}

  /** One client for each configuration, so that what it caches is shared. Throws `InvalidArguments` when something is missing. */
  connect(config: ProviderConfig): C {
    const { section, variables, complete } = this.cloud;
    const { apiKey, projectId, baseUrl } = complete(this.part(config));
    const failures = Object.entries({ apiKey, projectId })
      .filter(([, value]) => typeof value !== "string")
      .map(([field]) => {
        const variable = variables[field as keyof typeof variables];
        return {
          property: `${section}.${field}`,
          reason: `is missing: set it in the provider's configuration, or ${variable} in the environment`,
        };
      });
    if (failures.length > 0) throw new InvalidArguments(failures);
    const account = { apiKey, projectId, baseUrl } as Account;
    const key = JSON.stringify(account);
    let connection = this.open.get(key);
    if (!connection) {
      connection = this.cloud.open(account);
      this.open.set(key, connection);
    }
    return connection;
  }

  /** Undefined at a preview where the credentials are not known yet. */
  connectIfKnown(config: ProviderConfig): C | undefined {
    const part = this.part(config);
    const unknown =
      isUnknown(config[this.cloud.section]) || Object.values(part).some(isUnknown) || Object.keys(config).length === 0;
    return unknown ? undefined : this.connect(config);
  }

  private part(config: ProviderConfig): Record<string, unknown> {
    const part = config[this.cloud.section];
    return typeof part === "object" && part !== null ? (part as Record<string, unknown>) : {};
  }
}
