/** Whether what is asked of GPUs can be had together. Pure. */
import type * as pulumi from "../../../sdk/pulumi";
import { checkBetween, checkChoice } from "../../value-checks";
import type { Problems } from "../../errors";
import { known, knownEntries } from "../../inputs";
import { askedKubernetesVersion, isOlder, nvidiaDraDriver } from "../../versions";
import { gpuGroups, needsOperator, ownLabels, type GpuFields, type GpuMode } from "./groups";

interface CheckedGroup extends GpuFields {
  /** Given by the user. */
  image?: unknown;
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

/** What a cluster's arguments say of GPUs for all its groups. */
export interface GpuSettings {
  gpu?: boolean | undefined;
  gpuMode?: GpuMode | undefined;
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
}

/** Of all groups, in the user's order; paths are `nodeGroups[0]`. */
export function checkGpus(groups: readonly CheckedGroup[], settings: GpuSettings, problems: Problems): void {
  const { gpu = true, gpuMode } = settings;
  checkChoice("gpuMode", gpuMode, ["plugin", "dra"], problems);
  if (!gpu && gpuMode !== undefined) problems.add("gpuMode", othersDo);
  groups.forEach((group, index) => checkGroup(`nodeGroups[${index}]`, group, gpu, problems));
  const having = groups.flatMap((group, index) => (known(group.gpus) === 0 ? [] : [{ group, index }]));
  if (!gpu) return;
  if (gpuMode === "dra") checkDra(having.length, settings, problems);
  checkTogether(having, gpuMode, problems);
}

const othersDo = "must be left out with gpu: false: whoever looks after the GPUs decides about it";

function checkGroup(path: string, group: CheckedGroup, gpu: boolean, problems: Problems): void {
  const { gpus, gpuVendor = "nvidia", image } = group;
  checkChoice(`${path}.gpuVendor`, gpuVendor, ["nvidia", "amd"], problems);
  if (gpuVendor === "amd" && image === undefined && known(gpus) !== 0)
    problems.add(`${path}.image`, "is required for AMD: name one that has the driver amdgpu");
  if (gpu) return checkCare(path, group, problems);
  for (const field of ["gpuSharing", "gpuDriver"] as const)
    if (group[field] !== undefined) problems.add(`${path}.${field}`, othersDo);
}

/** What the cluster is to do with them. */
function checkCare(path: string, group: CheckedGroup, problems: Problems): void {
  const { gpus, gpuSharing, gpuDriver, gpuVendor, labels } = group;
  checkChoice(`${path}.gpuDriver`, gpuDriver, ["image", "operator"], problems);
  if (gpuDriver !== undefined && known(gpus) === 0) problems.add(`${path}.gpuDriver`, noGpus);
  else if (gpuVendor === "amd" && gpuDriver === "operator")
    problems.add(
      `${path}.gpuDriver`,
      'must be "image" for AMD: its operator would build drivers into a registry of yours',
    );
  if (gpuSharing !== undefined && gpuVendor === "amd") problems.add(`${path}.gpuSharing`, "is for NVIDIA's GPUs");
  else checkGpuSharing(`${path}.gpuSharing`, group, problems);
  for (const [key] of knownEntries(labels))
    if (ownLabels.has(key))
      problems.add(
        `${path}.labels["${key}"]`,
        "is the cluster's own, which sets it by the group's gpus, gpuDriver and gpuSharing",
      );
}

const noGpus = "is for groups with GPUs, and this one has none";

function checkDra(groups: number, settings: GpuSettings, problems: Problems): void {
  if (groups === 0) problems.add("gpuMode", "is for clusters with GPUs, and no group has some");
  const version = askedKubernetesVersion(settings);
  if (version !== undefined && isOlder(version, nvidiaDraDriver.kubernetes))
    problems.add("gpuMode", `${draNeeds}, and kubernetesVersion is "${settings.kubernetesVersion}"`);
}

const draNeeds = `"dra" needs Kubernetes ${nvidiaDraDriver.kubernetes} or newer`;

/** Of the version that runs, which may be another than the one that was asked for. */
export function checkDraVersion(path: string, version: string, problems: Problems): void {
  if (isOlder(version, nvidiaDraDriver.kubernetes)) problems.add(path, `${draNeeds}, and the cluster runs ${version}`);
}

function checkTogether(
  having: readonly { group: CheckedGroup; index: number }[],
  mode: GpuMode | undefined,
  problems: Problems,
): void {
  const [first] = having;
  checkStrategies(having, problems);
  for (const { group, index } of having) {
    const path = `nodeGroups[${index}]`;
    const { gpuVendor = "nvidia", gpuDriver = "image", gpuSharing } = group;
    const differs = (field: "gpuVendor" | "gpuDriver", usual: string) =>
      (group[field] ?? usual) !== (first!.group[field] ?? usual);
    if (differs("gpuVendor", "nvidia"))
      problems.add(
        `${path}.gpuVendor`,
        `"${gpuVendor}" differs from nodeGroups[${first!.index}]: a cluster has GPUs of one maker`,
      );
    if (mode !== "dra") continue;
    if (gpuVendor === "amd") problems.add("gpuMode", 'must be "plugin" for AMD');
    if (gpuSharing !== undefined)
      problems.add(`${path}.gpuSharing`, 'must be left out with gpuMode "dra": claims say how GPUs are shared');
    if (differs("gpuDriver", "image"))
      problems.add(
        `${path}.gpuDriver`,
        `"${gpuDriver}" differs from nodeGroups[${first!.index}]: with gpuMode "dra" all drivers are in one place`,
      );
  }
}

/** NVIDIA's operator has one word for all nodes. */
function checkStrategies(having: readonly { group: CheckedGroup; index: number }[], problems: Problems): void {
  if (!needsOperator(having.flatMap(({ group }) => gpuGroups([group])))) return;
  const partitioned = having.filter(({ group }) => group.gpuSharing?.mig !== undefined);
  for (const { group, index } of partitioned) {
    const [first] = partitioned;
    if (group.gpuSharing?.mig !== first!.group.gpuSharing?.mig)
      problems.add(
        `nodeGroups[${index}].gpuSharing.mig`,
        `"${group.gpuSharing?.mig}" differs from nodeGroups[${first!.index}]: with NVIDIA's operator all groups have one`,
      );
  }
}

export function checkGpuSharing(path: string, { gpus, gpuSharing }: GpuFields, problems: Problems): void {
  if (gpuSharing === undefined) return;
  const { timeSlicing, mig, partitions } = gpuSharing;
  if (known(gpus) === 0) return problems.add(path, noGpus);
  const isRefused = problems.isRefused(path);
  if (timeSlicing === undefined && mig === undefined && !isRefused) problems.add(path, "must have timeSlicing or mig");
  if (timeSlicing !== undefined && mig !== undefined)
    problems.add(path, "has timeSlicing and mig: only one of them shares a group's GPUs");
  checkBetween(`${path}.timeSlicing`, timeSlicing, [2, 48], problems);
  checkChoice(`${path}.mig`, mig, ["single", "mixed"], problems);
  if (partitions === undefined) return;
  if (mig === undefined && !isRefused) problems.add(`${path}.partitions`, "must come with mig");
  checkPartitions(`${path}.partitions`, partitions, mig, problems);
}

/**
 * Reference: NVIDIA's Multi-Instance GPU user guide: at most seven partitions of a GPU, `1g.10gb`, `1g.10gb+me`. Which its model has is looked at
 * where the cloud has said which that is.
 */
const size = /^[12347]g\.[1-9]\d*gb(\+me(\.all)?|\+gfx|-me)?$/;
const most = 7;

function checkPartitions(
  path: string,
  partitions: Record<string, number>,
  mig: string | undefined,
  problems: Problems,
): void {
  const entries = Object.entries(partitions);
  if (entries.length === 0) problems.add(path, 'must have a size, for example { "1g.10gb": 7 }');
  if (mig === "single" && entries.length > 1)
    problems.add(path, `must have one size with mig "single", has ${entries.map(([name]) => name).join(", ")}`);
  for (const [name, count] of entries) {
    if (!size.test(name)) problems.add(`${path}["${name}"]`, 'is not the size of a partition such as "1g.10gb"');
    checkBetween(`${path}["${name}"]`, count, [1, most], problems);
  }
  const slices = entries.reduce((sum, [name, count]) => sum + Number.parseInt(name, 10) * count, 0);
  if (slices > most) problems.add(path, `has ${slices} slices of computing, and a GPU has ${most}`);
  const withMedia = entries.reduce((sum, [name, count]) => sum + (name.includes("+me") ? count : 0), 0);
  if (withMedia > 1) problems.add(path, `has ${withMedia} with media extensions (+me), which a GPU has once`);
}
