import type * as pulumi from "../sdk/pulumi";

/** Gets what looks at the cloud, and gives what the cluster's first thing there waits for. */
export type AfterLook = (looks: pulumi.Resource[]) => pulumi.Resource[];

const steps = new WeakMap<object, AfterLook>();

/** For whoever makes a cluster: what is to be done once it is sure that the cluster can be made with these arguments, and before any of it is. */
export function doAfterLook(args: object, step: AfterLook): void {
  steps.set(args, step);
}

export function afterLook(args: object): AfterLook {
  return steps.get(args) ?? (() => []);
}
