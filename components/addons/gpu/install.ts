import type { AddOn } from "../add-on";
import { gpuGroups, type GpuFields } from "./groups";

/** Makes GPUs into resources that pods ask for; the nodes' readiness waits for it. */
export function gpuSupport(fields: readonly GpuFields[]): AddOn {
  return ({ name }, options) => {
    const groups = gpuGroups(fields);
    if (groups.length === 0) return [];
    // Loaded when asked for, as podNetwork does.
    /* eslint-disable @typescript-eslint/no-require-imports */
    const { gpuSupportResources } = require("./support") as typeof import("./support");
    /* eslint-enable @typescript-eslint/no-require-imports */
    return gpuSupportResources(name, groups, options);
  };
}
