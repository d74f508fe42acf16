/**
 * Which VMs a machine type can be: `vcpus`, `memoryGib` and `gpus` are free within the type's bounds and ratios.
 * Reference: Cudo API, VMMachineType. Pure.
 */
import { counted } from "../../sdk/counted";
import type { MachineType } from "./types";

export interface Size {
  vcpus: number;
  memoryGib: number;
  gpus: number;
}

export interface SizeProblem {
  field: keyof Size;
  reason: string;
}

// The ratios are binary fractions of decimal numbers: 30 × 0.1 is more than 3.
const least = (value: number) => Math.ceil(value - 1e-9);
const most = (value: number) => Math.floor(value + 1e-9);

interface Bound {
  value: number;
  why: string;
}

/** What is wrong with a size, by field. With a size that would do, where there is one. */
export function sizeProblems(size: Size, type: MachineType): SizeProblem[] {
  const { vcpus, memoryGib, gpus } = size;
  const problems: SizeProblem[] = [];
  for (const [field, value, from] of [
    ["vcpus", vcpus, 1],
    ["memoryGib", memoryGib, 1],
    ["gpus", gpus, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < from) {
      problems.push({ field, reason: `must be a whole number of at least ${from}, is ${value}` });
    }
  }
  if (problems.length > 0) {
    return problems;
  }
  if (gpus > 0 && !hasGpus(type)) {
    problems.push({ field: "gpus", reason: `${type.machineType} has no GPUs, so it must be 0, is ${gpus}` });
    return problems;
  }
  const suggestion = suggestSize(size, type);
  const advice = suggestion ? `; ${describeSize(suggestion)} would do` : "";
  if (memoryGib < least(type.minMemoryGib)) {
    problems.push({
      field: "memoryGib",
      reason: `${memoryGib} is less than ${type.machineType}'s least, ${least(type.minMemoryGib)} GiB${advice}`,
    });
  }
  const low = strongest(lowerBounds(size, type), (a, b) => a > b);
  const high = strongest(upperBounds(size, type), (a, b) => a < b);
  if (vcpus < low.value) {
    problems.push({ field: "vcpus", reason: `${vcpus} is less than ${low.value}, ${low.why}${advice}` });
  }
  if (vcpus > high.value) {
    problems.push({ field: "vcpus", reason: `${vcpus} is more than ${high.value}, ${high.why}${advice}` });
  }
  return problems;
}

function hasGpus(type: MachineType): boolean {
  return type.gpuModel !== "" || type.gpuModelId !== "";
}

function lowerBounds({ memoryGib, gpus }: Size, type: MachineType): Bound[] {
  const name = type.machineType;
  return [
    { value: Math.max(1, least(type.minVcpu)), why: `${name}'s least` },
    {
      value: least(memoryGib * type.minVcpuPerMemoryGib),
      why: `the least for ${memoryGib} GiB on ${name} (${type.minVcpuPerMemoryGib} or more per GiB)`,
    },
    {
      value: least(gpus * type.minVcpuPerGpu),
      why: `the least for ${counted(gpus, "GPU")} on ${name} (${type.minVcpuPerGpu} or more per GPU)`,
    },
  ];
}

function upperBounds({ memoryGib, gpus }: Size, type: MachineType): Bound[] {
  const name = type.machineType;
  const bounds = [
    {
      value: most(memoryGib * type.maxVcpuPerMemoryGib),
      why: `the most for ${memoryGib} GiB on ${name} (at most ${type.maxVcpuPerMemoryGib} per GiB)`,
    },
  ];
  // Infinity times no GPU is not a number, and without GPUs the ratio says nothing.
  if (gpus > 0) {
    bounds.push({
      value: most(gpus * type.maxVcpuPerGpu),
      why: `the most for ${counted(gpus, "GPU")} on ${name} (at most ${type.maxVcpuPerGpu} per GPU)`,
    });
  }
  return bounds;
}

function strongest(bounds: Bound[], wins: (a: number, b: number) => boolean): Bound {
  return bounds.reduce((best, bound) => (wins(bound.value, best.value) ? bound : best));
}

function describeSize({ vcpus, memoryGib, gpus }: Size): string {
  return `vcpus ${vcpus} and memoryGib ${memoryGib}${gpus > 0 ? ` with gpus ${gpus}` : ""}`;
}

/** More vCPUs than any host has. */
const mostVcpus = 4096;

/** The valid size nearest to the wanted one: first other vCPUs, else other memory, else both. Undefined if the type allows none. */
export function suggestSize(wanted: Size, type: MachineType): Size | undefined {
  const gpus = hasGpus(type) ? Math.max(0, Math.trunc(wanted.gpus)) : 0;
  const memoryGib = Math.max(1, Math.trunc(wanted.memoryGib), least(type.minMemoryGib));
  const at = { vcpus: 0, memoryGib, gpus };
  const low = Math.max(...lowerBounds(at, type).map((bound) => bound.value));
  const high = Math.min(...upperBounds(at, type).map((bound) => bound.value));
  if (low <= high) {
    return { vcpus: Math.min(Math.max(wanted.vcpus, low), high), memoryGib, gpus };
  }
  // No number of vCPUs fits that memory: take the vCPUs nearest to the wanted ones that fit any memory.
  const vcpuLow = Math.max(1, least(type.minVcpu), least(gpus * type.minVcpuPerGpu));
  const vcpuHigh = Math.min(gpus > 0 ? most(gpus * type.maxVcpuPerGpu) : Infinity, mostVcpus);
  const start = Math.min(Math.max(wanted.vcpus, vcpuLow), Math.max(vcpuHigh, vcpuLow));
  for (let step = 0; start - step >= vcpuLow || start + step <= vcpuHigh; step++) {
    for (const vcpus of step === 0 ? [start] : [start - step, start + step]) {
      const memory = vcpus >= vcpuLow && vcpus <= vcpuHigh ? memoryFor(vcpus, memoryGib, type) : undefined;
      if (memory !== undefined) {
        return { vcpus, memoryGib: memory, gpus };
      }
    }
  }
  return undefined;
}

function memoryFor(vcpus: number, wanted: number, type: MachineType): number | undefined {
  const low = Math.max(1, least(type.minMemoryGib), least(vcpus / type.maxVcpuPerMemoryGib));
  const high = type.minVcpuPerMemoryGib > 0 ? most(vcpus / type.minVcpuPerMemoryGib) : Infinity;
  return low <= high ? Math.min(Math.max(wanted, low), high) : undefined;
}
