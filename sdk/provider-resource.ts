import * as pulumi from "./pulumi";
import type { CudoProviderConfig } from "./cudo/config";
import { ensurePluginInstalled } from "./plugin/install";
import { packageVersion, pluginName } from "./plugin/package";

/** Where each cloud's resources are made. What is left out comes from the environment, as in the stack's configuration. */
export interface ProviderArgs {
  cudo?: pulumi.Input<{ [K in keyof CudoProviderConfig]: pulumi.Input<NonNullable<CudoProviderConfig[K]>> }>;
}

/**
 * A provider of one's own, for programs that use more than one account or project: pass it as `provider` to a resource, or in `providers`
 * to a component. Without one, resources use the stack's configuration (`gpu-clusters:cudo`).
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, options?: pulumi.ResourceOptions) {
    ensurePluginInstalled();
    // Providers take structured values as JSON text. It has API keys in it.
    const text = (value: pulumi.Input<object>) => pulumi.secret(pulumi.jsonStringify(value));
    const properties = Object.entries(args).map(([cloud, value]) => [cloud, text(value)]);
    super(pluginName, name, Object.fromEntries(properties) as pulumi.Inputs, { version: packageVersion, ...options });
  }
}
