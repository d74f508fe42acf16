/** What a group does with its GPUs, and whether its image and its machine type can. Pure: the catalogue is read before. */
import { hasNoPartitions, partitionsProblem } from "../../sdk/kubernetes/partitions";
import type { CheckFailure } from "../server/resource";
import type { CatalogueContent } from "./catalogue";
import { lacksDriver, resolveImage } from "./images";

/** Undefined: not known yet. */
export interface GpuUse {
  dataCenterId: string | undefined;
  machineType: string | undefined;
  gpus: number | undefined;
  image: string | undefined;
  /** The image must bring NVIDIA's driver. */
  gpuDriver: boolean;
  /** GPUs are partitioned. */
  mig: boolean;
  /** How; undefined: as their image does it. */
  partitions: Readonly<Record<string, number>> | undefined;
}

/** Without a driver no node ever offers a GPU, and a GPU that has no partitions offers none either. */
export function gpuUseFailures(use: GpuUse, catalogue: CatalogueContent): CheckFailure[] {
  if (use.gpus === undefined || use.gpus === 0) return [];
  return [...imageFailures(use, catalogue), ...partitionFailures(use, catalogue)];
}

function imageFailures({ image: name, gpuDriver }: GpuUse, { images }: CatalogueContent): CheckFailure[] {
  const image = name === undefined || !gpuDriver ? undefined : resolveImage(name, images);
  if (image === undefined || !lacksDriver(image)) return [];
  const able = images.filter(({ id }) => /nvidia/i.test(id)).map(({ id }) => id);
  const others = able.length > 0 ? `, name one that has (${able.join(", ")})` : "";
  const reason =
    `Cudo says of no NVIDIA driver in ${image.id}, without which no node offers its GPUs: leave it out${others}, or have NVIDIA's GPU operator ` +
    'bring one (gpuDriver: "operator")';
  return [{ property: "image", reason }];
}

function partitionFailures(
  { dataCenterId, machineType, mig, partitions }: GpuUse,
  { machineTypes }: CatalogueContent,
): CheckFailure[] {
  const type = machineTypes.find((each) => each.dataCenterId === dataCenterId && each.machineType === machineType);
  if (!mig || type === undefined) return [];
  if (!hasNoPartitions(type.gpuModel)) {
    const wrong = partitions && partitionsProblem(type.gpuModel, partitions);
    return wrong === undefined ? [] : [{ property: "gpuSharing.partitions", reason: wrong }];
  }
  const reason = `${type.machineType} has the model "${type.gpuModel}", which cannot be partitioned: timeSlicing shares it`;
  return [{ property: "gpuSharing.mig", reason }];
}
