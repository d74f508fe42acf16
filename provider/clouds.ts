/** The clouds that have node groups: what the plugin and the autoscaler's server open them by. */
import type { NodeGroupDriver } from "./node-groups/driver";
import { openNodeGroup as open, type NodeGroupOptions, type NodeGroupTable } from "./node-groups/registry";
import type { ProviderConfig } from "./server/resource";

const nodeGroups: NodeGroupTable = {
  aws: async () => (await import("./aws/open-node-group.js")).openNodeGroup,
  cudo: async () => (await import("./cudo/open-node-group.js")).openNodeGroup,
  mithril: async () => (await import("./mithril/open-node-group.js")).openNodeGroup,
};

/**
 * The driver of one node group. `config`: the provider's configuration, by cloud (`config.cudo.apiKey`); what it leaves out comes from the
 * environment, as for the plugin. `spec`: the inputs of the cloud's `NodeGroup` resource.
 *
 * ```ts
 * const group = await openNodeGroup("aws", { aws: { region: "us-west-2" } }, spec, { owner: urn, warn: console.warn });
 * const { size, machines } = await group.describe(signal);
 * ```
 */
export function openNodeGroup(
  cloud: string,
  config: ProviderConfig,
  spec: object,
  options: NodeGroupOptions,
): Promise<NodeGroupDriver> {
  return open(nodeGroups, cloud, config, spec, options);
}
