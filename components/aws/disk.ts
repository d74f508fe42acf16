/** Root disks of machines. Pure. */
import type * as pulumi from "../../sdk/pulumi";
import { checkBetween } from "../value-checks";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";

export const defaultDiskSizeGib = 100;

/** Reference: EBS user guide, "General Purpose SSD volumes", gp3. */
const gp3 = {
  mostGib: 65_536,
  iops: [3000, 80_000],
  throughput: [125, 2000],
  iopsPerGib: 500,
  throughputPerIops: 0.25,
} as const;

export function checkDiskSize(
  path: string,
  sizeGib: pulumi.Input<number> | undefined,
  least: number,
  problems: Problems,
): void {
  checkBetween(path, sizeGib, [least, gp3.mostGib], problems);
}

export function checkDisk(
  path: string,
  group: Pick<AwsNodeGroupArgs, "diskSizeGib" | "diskIops" | "diskThroughput">,
  problems: Problems,
): void {
  checkDiskSize(`${path}.diskSizeGib`, group.diskSizeGib, 10, problems);
  const [iops, throughput] = [known(group.diskIops), known(group.diskThroughput)];
  // Of what is not known yet, only the widest bounds can be told.
  const size = group.diskSizeGib === undefined ? defaultDiskSizeGib : known(group.diskSizeGib);
  const pace = group.diskIops === undefined ? gp3.iops[0] : iops;
  const mostIops = Math.min(gp3.iops[1], Math.max(gp3.iops[0], (size ?? Infinity) * gp3.iopsPerGib));
  const mostThroughput = Math.min(gp3.throughput[1], (pace ?? Infinity) * gp3.throughputPerIops);
  checkRange(`${path}.diskIops`, iops, [gp3.iops[0], mostIops], `a disk of ${size} GiB`, problems);
  checkRange(`${path}.diskThroughput`, throughput, [gp3.throughput[0], mostThroughput], `${pace} diskIops`, problems);
}

function checkRange(
  path: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
  of: string,
  problems: Problems,
): void {
  if (value !== undefined && (value < least || value > most)) {
    problems.add(path, `must be from ${least} to ${most} with ${of}, is ${value}`);
  }
}
