/** Whether instance types can do what a node group asks of them, by what AWS says of them. Pure. */
import { counted } from "../counted";
import { hasNoPartitions, partitionsProblem } from "../kubernetes/partitions";
import type { InstanceTypeResult } from "./functions";

/** What AWS says of the group's types. */
export interface FabricFacts extends Pick<InstanceTypeResult, "name" | "efaInterfaces" | "networkCards"> {
  readonly placementStrategies: readonly string[];
}

interface Problems {
  add(propertyPath: string, reason: string): void;
}

export interface FastGroup {
  readonly efa?: boolean | undefined;
  readonly placementGroup?: string | undefined;
}

/** Looks whether the types can do what the group asks for. `path` is the group's own. */
export function checkFabric(
  path: string,
  { efa, placementGroup }: FastGroup,
  types: readonly FabricFacts[],
  { publicSubnets }: { publicSubnets: boolean },
  problems: Problems,
): void {
  const without = types.filter(({ efaInterfaces }) => efaInterfaces === 0).map(({ name }) => name);
  const cards = new Set(types.map(({ efaInterfaces, networkCards }) => `${efaInterfaces} of ${networkCards}`));
  if (efa && without.length > 0) {
    problems.add(
      `${path}.efa`,
      `${without.join(", ")} ${without.length === 1 ? "has" : "have"} no Elastic Fabric Adapter`,
    );
  } else if (efa && cards.size > 1) {
    const shapes = types.map(
      (type) => `${type.name} (${type.efaInterfaces} on ${counted(type.networkCards, "network card")})`,
    );
    problems.add(
      `${path}.efa`,
      `the types of a group must have equal Elastic Fabric Adapters; split it: ${shapes.join(", ")}`,
    );
  } else if (efa && publicSubnets && types.some(({ networkCards }) => networkCards > 1)) {
    const why = "machines with several adapters get no public address, and the nodes' subnets have no other way out";
    problems.add(`${path}.efa`, why);
  }
  for (const { name, placementStrategies } of types) {
    if (placementGroup !== undefined && !placementStrategies.includes(placementGroup)) {
      const able = placementStrategies.length > 0 ? placementStrategies.join(" or ") : "none";
      problems.add(
        `${path}.placementGroup`,
        `${name} cannot be in a placement group of the kind "${placementGroup}", but in: ${able}`,
      );
    }
  }
}

type GpuFacts = Pick<InstanceTypeResult, "name" | "gpus" | "gpuModel" | "gpuVendor">;

/** Looks whether the types' GPUs are those of the vendor. `path` is the group's own. */
export function checkGpuVendor(path: string, vendor: string, types: readonly GpuFacts[], problems: Problems): void {
  const other = types.find((type) => type.gpus > 0 && type.gpuVendor.toLowerCase() !== vendor);
  if (!other) return;
  const reason = `AWS says that ${other.name} has ${gpusInWords(other)}, which "${vendor}" is not; \`gpus: 0\` counts none`;
  problems.add(`${path}.gpuVendor`, reason);
}

export interface GpuUse {
  readonly gpus?: number | undefined;
  readonly mig?: boolean | undefined;
  readonly partitions?: Readonly<Record<string, number>> | undefined;
}

/** What AWS means where its name of a model leaves the memory open. */
const modelWithMemory: Readonly<Record<string, string>> = { A100: "A100 40GB", H100: "H100 80GB" };

/** Looks whether the types have as many GPUs as the group counts, and such as can be partitioned where it wants that, and as it does. */
export function checkGpuUse(
  path: string,
  { gpus, mig, partitions }: GpuUse,
  types: readonly GpuFacts[],
  problems: Problems,
): void {
  const fewer = types.find((type) => gpus !== undefined && type.gpus < gpus);
  if (fewer) {
    const reason = `${gpus} are counted on each node, and AWS says that ${fewer.name} has ${gpusInWords(fewer)}: leave it out to take as many as there are`;
    problems.add(`${path}.gpus`, reason);
  }
  const whole = mig === true && types.find((type) => type.gpus > 0 && hasNoPartitions(type.gpuModel));
  if (whole)
    problems.add(
      `${path}.gpuSharing.mig`,
      `${whole.name} has ${gpusInWords(whole)}, which cannot be partitioned: timeSlicing shares them`,
    );
  for (const { name, gpuModel } of partitions === undefined ? [] : types) {
    const wrong = partitionsProblem(modelWithMemory[gpuModel] ?? gpuModel, partitions!);
    if (wrong !== undefined) problems.add(`${path}.gpuSharing.partitions`, `${name}: ${wrong}`);
  }
}

export function gpusInWords({ gpus, gpuVendor, gpuModel }: Omit<GpuFacts, "name">): string {
  return gpus === 0 ? "no GPUs" : `${gpus} × ${gpuVendor} ${gpuModel}`;
}
