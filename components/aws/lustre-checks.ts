/** What FSx takes of a file system of Lustre. Reference: FSx API, CreateFileSystem and CreateFileSystemLustreConfiguration. Pure. */
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsLustreArgs } from "./args";

/** MB/s for each TiB, by the kind of deployment, the least first. */
export const lustreThroughputs = {
  PERSISTENT_1: [50, 100, 200],
  PERSISTENT_2: [125, 250, 500, 1000],
} as const;

const [first, step] = [1200, 2400];

export function checkLustre(path: string, lustre: AwsLustreArgs, problems: Problems): void {
  const size = known(lustre.sizeGib);
  if (size !== undefined && size !== first && !(size > 0 && size % step === 0)) {
    const below = Math.floor(size / step) * step;
    const near = size < step ? `${first} or ${step}` : `${below} or ${below + step}`;
    problems.add(`${path}.sizeGib`, `must be ${first} or a multiple of ${step}, such as ${near}; is ${size}`);
  }
  const { deploymentType = "PERSISTENT_2" } = lustre;
  const throughput = known(lustre.throughput);
  if (!Object.hasOwn(lustreThroughputs, deploymentType) || throughput === undefined) return;
  const choices: readonly number[] = lustreThroughputs[deploymentType];
  if (!choices.includes(throughput))
    problems.add(`${path}.throughput`, `must be one of ${choices.join(", ")} for ${deploymentType}, is ${throughput}`);
}
