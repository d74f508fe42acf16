import * as pulumi from "../../../sdk/pulumi";
import { checkCudoConfig } from "../../../sdk/cudo/config";
import { checkMithrilConfig } from "../../../sdk/mithril/config";
import type { Problems } from "../../errors";

/** Clouds whose machines have no role of their own: who acts there has a key. */
type KeyedCloud = "cudo" | "mithril";

interface KeyedConfig {
  apiKey?: string;
  projectId?: string;
  baseUrl?: string;
}

const checks: Record<KeyedCloud, (given: KeyedConfig) => { config: KeyedConfig }> = {
  cudo: (given) => checkCudoConfig<string>(given),
  mithril: (given) => checkMithrilConfig<string>(given),
};

/** How the provider reaches the cloud, as the stack's configuration and the environment say it. */
function accessTo(cloud: KeyedCloud): KeyedConfig {
  return checks[cloud](new pulumi.Config("gpu-clusters").getObject<KeyedConfig>(cloud) ?? {}).config;
}

export function checkAccess(cloud: KeyedCloud, problems: Problems): void {
  const config = accessTo(cloud);
  for (const field of ["apiKey", "projectId"] as const)
    if (!config[field])
      problems.add(
        "autoscaler",
        `needs gpu-clusters:${cloud}.${field} in the stack's configuration, to act in the cluster`,
      );
}

/** Secret. */
export function providersWith(cloud: KeyedCloud): pulumi.Output<Record<string, KeyedConfig>> {
  return pulumi.secret({ [cloud]: accessTo(cloud) });
}
