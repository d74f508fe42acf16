import { readFileSync } from "node:fs";
import * as pulumi from "../sdk/pulumi";

export interface KubernetesProviderArgs {
  kubeconfig: pulumi.Input<string>;
  /** Only another one is another cluster. Without it, another address, authority or proxy is. */
  clusterIdentifier: pulumi.Input<string | undefined>;
}

/**
 * A provider of `@pulumi/kubernetes` for one cluster, of the installed version. That package's own class does the same, but brings three
 * megabytes of types into each program that uses a cluster, and the whole of the Pulumi SDK into each preview.
 */
export class KubernetesProvider extends pulumi.ProviderResource {
  constructor(name: string, args: KubernetesProviderArgs, options: pulumi.ResourceOptions) {
    const manifest = readFileSync(require.resolve("@pulumi/kubernetes/package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    // Providers take structured values as JSON text. What a program says of an object that it made holds, whoever changed that by hand: else a field that
    // somebody edited would be a conflict with him at each later update.
    // A Secret is changed where it is: to delete it first would wait without an end where somebody else keeps it, as Metal3 does a BMC's.
    const ways = { enableServerSideApply: "true", enablePatchForce: "true", enableSecretMutable: "true" };
    super("kubernetes", name, { ...args, ...ways }, { version, ...options });
  }
}
