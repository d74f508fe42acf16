import type { InstanceTypeResult } from "../../sdk/aws/functions";
import { checkGpuVendor, gpusInWords } from "../../sdk/aws/type-checks";
import * as pulumi from "../../sdk/pulumi";
import type { GpuFields } from "../addons/gpu/groups";
import type { Problems } from "../errors";
import { known, knownElements } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";
import { mayHaveGpus } from "./instance-types";

type AskedGpus = Pick<AwsNodeGroupArgs, "gpus" | "instanceTypes">;

/** Whether a group can have GPUs, as far as that is known before AWS answers. */
export function mayOfferGpus({ gpus, instanceTypes }: AskedGpus): boolean {
  if (gpus !== undefined) return known(gpus) !== 0;
  return knownElements(instanceTypes)?.some((type) => type === undefined || mayHaveGpus(type)) ?? true;
}

/** Of one node: as given, else as AWS says of the first type. */
export function nodeGpus(
  { gpus }: AskedGpus,
  types: pulumi.Output<InstanceTypeResult[]> | undefined,
): pulumi.Output<{ gpus: number; gpuModel: string | undefined }> {
  return pulumi
    .all([gpus, types])
    .apply(([given, types]) => ({ gpus: given ?? types?.[0]?.gpus ?? 0, gpuModel: types?.[0]?.gpuModel }));
}

/** Without `types`, which AWS tells, only whether there are GPUs at all. */
export function gpuFields(group: AwsNodeGroupArgs, types?: pulumi.Output<InstanceTypeResult[]>): GpuFields {
  const { name, taints, gpuSharing, gpuVendor, gpuDriver } = group;
  const counted = mayOfferGpus(group) ? nodeGpus(group, types).gpus : 0;
  return { name, taints, gpuSharing, gpuVendor, gpuDriver, gpus: known(group.gpus) ?? counted };
}

/** Looks whether the types have GPUs as the group says, and are alike in them. `path` is the group's own. */
export function checkTypeGpus(
  path: string,
  group: Pick<AwsNodeGroupArgs, "gpus" | "gpuVendor" | "instanceTypes">,
  types: readonly InstanceTypeResult[],
  problems: Problems,
): void {
  if (!mayOfferGpus(group)) return;
  const { gpuVendor = "nvidia" } = group;
  checkGpuVendor(path, gpuVendor, types, problems);
  const kinds = [...new Set(types.map(gpusInWords))];
  if (group.gpus === undefined && kinds.length > 1) {
    const split = kinds.map((kind) => {
      const names = types.filter((type) => gpusInWords(type) === kind).map(({ name }) => name);
      return `${names.join(", ")} (${kind})`;
    });
    const reason = `the types of a group must have equal GPUs; split it into ${kinds.length} groups: ${split.join("; ")}`;
    problems.add(`${path}.instanceTypes`, reason);
  }
}
