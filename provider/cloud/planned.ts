/** What every cloud does that looks at a whole cluster before any of it is made, by the rules of the resources which it will have. */
import type { CheckFailure, ResourceContext } from "../server/resource";
import { isUnknown } from "../server/values";
import type { Fields } from "./inputs";

/** Says nothing: what stands though it is no longer offered is told by the resources themselves, and prices too. */
export function quietly(context: ResourceContext): ResourceContext {
  return { ...context, log: { ...context.log, info: () => {}, warn: () => {} } };
}

/** What is known of a list, each with its place. */
export function items<T extends object>(value: unknown): [number, Fields<T>][] {
  const all = Array.isArray(value) ? value : [];
  return all.flatMap((item, index) => (isUnknown(item) ? [] : [[index, item as Fields<T>]]));
}

/** By the cluster's own arguments. What is wrong with the account, as `cudo.projectId`, is no group's. */
export function ofNodeGroup(cloud: string, index: number, found: readonly CheckFailure[]): CheckFailure[] {
  return found.map(({ property, reason }) => ({
    property: property.startsWith(`${cloud}.`) ? property : `nodeGroups[${index}].${property}`,
    reason,
  }));
}
