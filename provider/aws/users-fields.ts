/** What is wrong with a network, by the fields that a cluster's user gave it in. */
import type { CheckFailure } from "../server/resource";

/** Whether a resource is a part of `AwsCluster`, whose arguments its inputs come from. */
export function isOfCluster(urn: string): boolean {
  return urn.includes("gpu-clusters:aws:AwsNetwork$");
}

/** The ranges that must be apart from the network's stand beside `network`. */
export function ofNetwork(failures: readonly CheckFailure[]): CheckFailure[] {
  return failures.map(({ property, reason }) => {
    const range = /^apart\.(.*)/.exec(property)?.[1];
    return { property: range ?? `network.${property}`, reason };
  });
}
