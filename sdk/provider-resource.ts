import { InvalidArguments } from "./function-arguments";
import { isLater, noValue, requireInputs } from "./resource-inputs";
import * as pulumi from "./pulumi";
import type { AwsProviderConfig } from "./aws/config";
import type { CudoProviderConfig } from "./cudo/config";
import type { KeycloakProviderConfig } from "./keycloak/config";
import type { MithrilProviderConfig } from "./mithril/config";
import { ensurePluginInstalled } from "./plugin/install";
import type { VaultProviderConfig } from "./vault/config";
import { packageVersion, pluginName } from "./plugin/package";
import { formatPath, type PropertyPath } from "./schema/property-path";
import { isRecord } from "./schema/record";

type Inputs<Config> = pulumi.Input<{ [K in keyof Config]: pulumi.Input<NonNullable<Config[K]>> }>;

/** Where each cloud's resources are made. What is left out comes from the environment, as in the stack's configuration. */
export interface ProviderArgs {
  aws?: Inputs<AwsProviderConfig>;
  cudo?: Inputs<CudoProviderConfig>;
  mithril?: Inputs<MithrilProviderConfig>;
  keycloak?: Inputs<KeycloakProviderConfig>;
  vault?: Inputs<VaultProviderConfig>;
}

/**
 * A provider of one's own, for programs that use more than one account or project: pass it as `provider` to a resource, or in `providers`
 * to a component. Without one, resources use the stack's configuration (`gpu-clusters:cudo`).
 *
 * @example
 * const research = new Provider("research", { mithril: { apiKey: config.requireSecret("researchKey"), projectId: "proj_research" } });
 * const cluster = new MithrilCluster("train", { … }, { providers: [research] });
 */
export class Provider extends pulumi.ProviderResource {
  /** As they were given: what a component's own parts in the cluster act with. */
  readonly given: ProviderArgs;

  constructor(name: string, given?: ProviderArgs, options?: pulumi.ResourceOptions) {
    requireInputs(given);
    const args = held(name, given ?? {}) as ProviderArgs;
    ensurePluginInstalled();
    // Providers take structured values as JSON text. It has API keys in it.
    const text = (value: pulumi.Input<object>) => pulumi.secret(pulumi.jsonStringify(value));
    const properties = Object.entries(args).map(([cloud, value]) => [cloud, text(value)]);
    super(pluginName, name, Object.fromEntries(properties) as pulumi.Inputs, { version: packageVersion, ...options });
    this.given = args;
  }
}

/** The environment stands in for what is left out: for what turns out to have no value it would be another account. */
function held(name: string, value: unknown, path: PropertyPath = []): unknown {
  if (isLater(value))
    return pulumi.output(value as object).apply((value: unknown) => {
      if (value === undefined || value === null)
        throw new InvalidArguments(`Provider "${name}": ${formatPath(path)} ${noValue}`);
      return value;
    });
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, held(name, field, [...path, key])]));
}
