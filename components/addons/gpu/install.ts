import type * as pulumi from "../../../sdk/pulumi";
import type { AddOn } from "../add-on";
import { tellNeeds } from "../chart";
import type { DraPlace } from "./dra";
import { gpuGroups, needsOperator, type GpuFields, type GpuGroup, type GpuMode } from "./groups";
import { gpuNeeds } from "./needs";

export interface GpuSupportOptions {
  mode: GpuMode;
  /** NVIDIA's operator whatever the groups say: on machines that somebody else set up, container runtimes too. */
  operator?: boolean;
  /** The user's own name of `mode`. Default: `gpuMode`. */
  modeField?: string;
}

/** Makes GPUs into what pods ask for; the nodes' readiness waits for it. */
export function gpuSupport(
  fields: readonly GpuFields[],
  { mode, operator = false, modeField = "gpuMode" }: GpuSupportOptions,
): AddOn {
  return ({ name, ...place }, options) => {
    const groups = gpuGroups(fields);
    if (groups.length === 0) return [];
    const wanted = { mode, operator: operator || needsOperator(groups) };
    tellNeeds(gpuNeeds(groups, wanted), options.parent);
    return resources(`${name}-gpu`, groups, wanted, { ...place, modeField }, options);
  };
}

/** Each loaded when asked for, as podNetwork does. */
function resources(
  name: string,
  groups: readonly GpuGroup[],
  { mode, operator }: { mode: GpuMode; operator: boolean },
  place: DraPlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  /* eslint-disable @typescript-eslint/no-require-imports */
  if (groups[0]!.vendor === "amd") {
    const { amdResources } = require("./amd") as typeof import("./amd");
    return amdResources(name, groups, place, options);
  }
  const dra = () => {
    const { draResources } = require("./dra") as typeof import("./dra");
    return mode === "dra" ? draResources(name, groups, place, options) : [];
  };
  if (operator) {
    const { operatorResources } = require("./operator") as typeof import("./operator");
    return [...operatorResources(name, groups, mode, place, options), ...dra()];
  }
  const { gpuSupportResources } = require("./support") as typeof import("./support");
  return [...gpuSupportResources(name, groups, mode, options), ...dra()];
  /* eslint-enable @typescript-eslint/no-require-imports */
}
