import { checkCudoConfig, cudoAccount } from "../../../sdk/cudo/config";
import { checkMithrilConfig, mithrilAccount } from "../../../sdk/mithril/config";
import { pluginName } from "../../../sdk/plugin/package";
import type { Provider, ProviderArgs } from "../../../sdk/provider-resource";
import * as pulumi from "../../../sdk/pulumi";
import { checkVaultConfig } from "../../../sdk/vault/config";
import type { Problems } from "../../errors";

/** Clouds whose machines have no role of their own: who acts there has a key. */
type KeyedCloud = "cudo" | "mithril";

interface KeyedConfig {
  apiKey?: string;
  projectId?: string;
  baseUrl?: string;
}

interface CheckedAccess {
  config: KeyedConfig;
  failures: { property: string; reason: string }[];
}

const checks: Record<KeyedCloud, (given: KeyedConfig) => CheckedAccess> = {
  cudo: (given) => checkCudoConfig<string>(given),
  mithril: (given) => checkMithrilConfig<string>(given),
};

const variables = { cudo: cudoAccount.variables, mithril: mithrilAccount.variables };

type Options = pulumi.ComponentResourceOptions | undefined;

/** What the SDK tells apart providers by, and keeps for itself: another copy of the SDK, or of this package, has other classes. */
interface OfPackage {
  getPackage(): string;
}

/** The provider that the SDK gives to the component's resources, where it is not that of the stack's configuration. */
export function ownProvider(options: Options): pulumi.ProviderResource | undefined {
  const { provider, providers, parent } = options ?? {};
  const isOurs = (each: pulumi.ProviderResource) => (each as unknown as OfPackage).getPackage() === pluginName;
  if (provider && isOurs(provider)) return provider;
  const given = Array.isArray(providers) ? providers.findLast(isOurs) : providers?.[pluginName];
  return given ?? parent?.getProvider(`${pluginName}::`);
}

/** What it was made with; undefined of one that another program made. */
export function givenTo(provider: pulumi.ProviderResource): ProviderArgs | undefined {
  return (provider as Partial<Provider>).given;
}

/** As the stack's configuration and the environment say it. */
function stackAccess(cloud: KeyedCloud): CheckedAccess {
  return checks[cloud](new pulumi.Config(pluginName).getObject<KeyedConfig>(cloud) ?? {});
}

/** Whether a cluster has groups whose size the autoscaler may move. */
export function movesGroups<Group>(
  { autoscaler = true, nodeGroups = [] }: { autoscaler?: boolean | undefined; nodeGroups?: Group[] | undefined },
  mayMove: (group: Group) => boolean,
): boolean {
  return autoscaler && nodeGroups.some(mayMove);
}

/**
 * What the stack's configuration says of the account, beside what is wrong with the arguments: the plugin would say it only after these are
 * mended. With `autoscaler` also that it can act in the cloud as the component's resources do.
 */
export function checkAccess(
  cloud: KeyedCloud,
  { options, autoscaler }: { options: Options; autoscaler: boolean },
  problems: Problems,
): void {
  const own = ownProvider(options);
  if (own) {
    if (autoscaler && !givenTo(own))
      problems.add("autoscaler", "cannot act with a provider of another program's: set it to false");
    return;
  }
  const { config, failures } = stackAccess(cloud);
  for (const { property, reason } of failures) problems.add(`${pluginName}:${property}`, reason);
  if (!autoscaler) return;
  for (const field of ["apiKey", "projectId"] as const)
    if (!config[field])
      problems.add(
        "autoscaler",
        `needs ${pluginName}:${cloud}.${field} in the stack's configuration, or ${variables[cloud][field]} in the environment, to act in the cluster; or set it to false`,
      );
}

/** The same of who gives machines their access to Vault. */
export function checkVaultToken(options: Options, problems: Problems): void {
  if (ownProvider(options)) return;
  const given = new pulumi.Config(pluginName).getObject<{ token?: string }>("vault") ?? {};
  const { config, failures } = checkVaultConfig<string>(given);
  for (const { property, reason } of failures) problems.add(`${pluginName}:${property}`, reason);
  if (!config.token)
    problems.add(
      "vault",
      `needs ${pluginName}:vault.token in the stack's configuration, or VAULT_TOKEN in the environment`,
    );
}

/** The project that the component's resources are made in, by the name that its user knows it by; nothing where another program's provider knows it. */
export function projectOf(cloud: KeyedCloud, options: Options): Record<string, pulumi.Input<string>> {
  const own = ownProvider(options);
  if (own && !givenTo(own)) return {};
  const access = accessOf(cloud, own);
  const project = pulumi.Output.isInstance(access) ? access.apply(({ projectId = "" }) => projectId) : access.projectId;
  // Part of every id, and in the state of every resource.
  return project === undefined ? {} : { [`${pluginName}:${cloud}.projectId`]: pulumi.unsecret(pulumi.output(project)) };
}

/** Secret. */
export function providersWith(cloud: KeyedCloud, options: Options): pulumi.Output<Record<string, KeyedConfig>> {
  const access = accessOf(cloud, ownProvider(options));
  return pulumi.secret(pulumi.output(access).apply((config) => ({ [cloud]: config })));
}

/** As the component's own provider says it, else the stack. */
function accessOf(
  cloud: KeyedCloud,
  own: pulumi.ProviderResource | undefined,
): KeyedConfig | pulumi.Output<KeyedConfig> {
  const given = own && givenTo(own);
  if (!given) return stackAccess(cloud).config;
  const part = pulumi.output(given[cloud]) as pulumi.Output<KeyedConfig | undefined>;
  return part.apply((config) => checks[cloud](config ?? {}).config);
}
