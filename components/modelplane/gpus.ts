/** What NVIDIA's DRA driver publishes of GPUs. Pure. */
import { acceleratorName } from "../gpu-labels";

/** A model of GPU, and how many a node has. */
export interface GpuArgs {
  /** As clouds call it: `L4`, `H100 SXM`, `A100 80GB`. */
  model: string;
  /**
   * Per node, 1 to 64.
   * @integer
   */
  count: number;
}

interface Published {
  /** All of the memory that the driver sees, as nvidia-smi prints it: less than the name says. */
  memoryMib: number;
  architecture: string;
  computeCapability: string;
}

/** Sources: docs/architecture.md, decision 32. */
const published: Readonly<Record<string, Published>> = {
  t4: { memoryMib: 15_360, architecture: "Turing", computeCapability: "7.5.0" },
  a10g: { memoryMib: 23_028, architecture: "Ampere", computeCapability: "8.6.0" },
  a100: { memoryMib: 40_960, architecture: "Ampere", computeCapability: "8.0.0" },
  "a100-80gb": { memoryMib: 81_920, architecture: "Ampere", computeCapability: "8.0.0" },
  l4: { memoryMib: 23_034, architecture: "Ada Lovelace", computeCapability: "8.9.0" },
  l40s: { memoryMib: 46_068, architecture: "Ada Lovelace", computeCapability: "8.9.0" },
  h100: { memoryMib: 81_559, architecture: "Hopper", computeCapability: "9.0.0" },
  "h100-80gb": { memoryMib: 81_559, architecture: "Hopper", computeCapability: "9.0.0" },
  h200: { memoryMib: 143_771, architecture: "Hopper", computeCapability: "9.0.0" },
  "h200-141gb": { memoryMib: 143_771, architecture: "Hopper", computeCapability: "9.0.0" },
  b200: { memoryMib: 183_359, architecture: "Blackwell", computeCapability: "10.0.0" },
};

/** For errors. */
export const knownModels = Object.keys(published).join(", ");

/** Undefined for models that this release does not know. */
export function publishedOf(model: string): Published | undefined {
  return published[acceleratorName(model)];
}

export const nvidiaDriver = "gpu.nvidia.com";

/** What the driver says of a device besides its attributes: whole GPUs have their memory, parts of one the rest. */
export const nvidiaCapacities = [
  "memory",
  "multiprocessors",
  "copyEngines",
  "decoders",
  "encoders",
  "jpegEngines",
  "ofaEngines",
] as const;
