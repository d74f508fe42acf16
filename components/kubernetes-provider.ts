import { readFileSync } from "node:fs";
import * as pulumi from "../sdk/pulumi";

/**
 * A provider of `@pulumi/kubernetes` for one cluster, of the installed version. That package's own class does the same, but brings three
 * megabytes of types into each program that uses a cluster, and the whole of the Pulumi SDK into each preview.
 */
export class KubernetesProvider extends pulumi.ProviderResource {
  constructor(name: string, kubeconfig: pulumi.Input<string>, options: pulumi.ResourceOptions) {
    const manifest = readFileSync(require.resolve("@pulumi/kubernetes/package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    // Providers take structured values as JSON text.
    super("kubernetes", name, { kubeconfig, enableServerSideApply: "true" }, { version, ...options });
  }
}
