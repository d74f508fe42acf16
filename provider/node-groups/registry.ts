/** Opens node groups by the name of their cloud, without Pulumi. Names no cloud: the table is passed in. */
import type { ProviderConfig } from "../server/resource";
import type { NodeGroupDriver } from "./driver";

export interface NodeGroupOptions {
  /** Whose the group is: the URN of its `NodeGroup` resource. Clouds that can mark machines keep a hash of it. */
  readonly owner: string;
  /** Told what the user should know but what stops nothing. */
  warn(message: string): void;
}

/** `spec`: the unwrapped inputs of the cloud's `NodeGroup` resource, checked before. */
export type OpenNodeGroup = (config: ProviderConfig, spec: never, options: NodeGroupOptions) => NodeGroupDriver;

/** By the cloud's name, as the provider's configuration has it. A cloud loads when its first group is opened. */
export type NodeGroupTable = Readonly<Record<string, () => Promise<OpenNodeGroup>>>;

/** Throws for a cloud that is not in the table. Reads nothing of the cloud: the driver's methods do. */
export async function openNodeGroup(
  table: NodeGroupTable,
  cloud: string,
  config: ProviderConfig,
  spec: object,
  options: NodeGroupOptions,
): Promise<NodeGroupDriver> {
  const load = Object.hasOwn(table, cloud) ? table[cloud] : undefined;
  if (!load) throw new Error(`there are no node groups of "${cloud}"; there are: ${Object.keys(table).join(", ")}`);
  return (await load())(config, spec as never, options);
}
