/** What simulated Mithril rents out. Names and fids of types that are public; sizes, prices and capacities are the simulator's own. */

export interface InstanceTypeData {
  readonly fid: string;
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGb: number;
  readonly gpus: number;
  readonly gpuType: string;
  readonly gpuMemoryGb: number;
  readonly socket: string;
  /** Regions that auction it, with instances and the price of others in cents. None: it has a fixed price only. */
  readonly markets: Readonly<
    Record<string, { readonly capacity: number; readonly spotPriceCents: number; readonly minimumCents: number }>
  >;
  readonly hourlyPrice: number;
  readonly reservedCents: number;
  /** Regions where it can be reserved: another list than the markets. */
  readonly reservedIn: readonly string[];
}

function gpu(
  fid: string,
  name: string,
  gpus: number,
  rest: Pick<InstanceTypeData, "gpuType" | "gpuMemoryGb" | "socket" | "markets"> & { reservedIn?: readonly string[] },
): InstanceTypeData {
  return {
    fid,
    name,
    gpus,
    vcpus: gpus * 22,
    memoryGb: gpus * 200,
    hourlyPrice: 0,
    reservedCents: gpus * 250,
    reservedIn: Object.keys(rest.markets),
    ...rest,
  };
}

const market = (capacity: number, spotPriceCents: number) => ({ capacity, spotPriceCents, minimumCents: 50 });
const a100 = { gpuType: "A100", gpuMemoryGb: 80, socket: "SXM" };
const h100 = { gpuType: "H100", gpuMemoryGb: 80, socket: "SXM" };
const cpu = { gpus: 0, gpuType: "", gpuMemoryGb: 0, socket: "", markets: {}, reservedCents: 0, reservedIn: [] };

export const instanceTypes: readonly InstanceTypeData[] = [
  gpu("it_RrgkIZz6c9BZu5gi", "a100-80gb.sxm.1x", 1, {
    ...a100,
    markets: { "us-central1-b": market(16, 120), "us-central5-a": market(32, 130) },
  }),
  // Auctioned only.
  gpu("it_Sg1nDx1I8NFep60J", "a100-80gb.sxm.8x", 8, {
    ...a100,
    markets: { "us-central1-b": market(4, 960) },
    reservedIn: [],
  }),
  // One name, two fids: one for each region's market.
  gpu("it_5ECSoHQjLBzrp5YM", "h100-80gb.sxm.8x", 8, { ...h100, markets: { "us-central5-a": market(8, 1600) } }),
  gpu("it_XqgKWbhZ5gznAYsG", "h100-80gb.sxm.8x", 8, { ...h100, markets: { "eu-central1-a": market(4, 1800) } }),
  gpu("it_7RHoQUztab9lU9Ne", "h200.8x", 8, {
    gpuType: "H200",
    gpuMemoryGb: 141,
    socket: "SXM",
    markets: { "us-central5-a": market(2, 2400) },
  }),
  // Reserved only.
  gpu("it_nFEHySv5IMnHKbKi", "b200-192gb.8x", 8, {
    gpuType: "B200",
    gpuMemoryGb: 192,
    socket: "SXM",
    markets: {},
    reservedIn: ["us-central5-a"],
  }),
  { fid: "it_simCpu4x000000", name: "cpu.4x", vcpus: 4, memoryGb: 16, hourlyPrice: 0.12, ...cpu },
  { fid: "it_simCpu8x000000", name: "cpu.8x", vcpus: 8, memoryGb: 32, hourlyPrice: 0.24, ...cpu },
];

export interface RegionData {
  readonly id: string;
  readonly name: string;
  readonly block: boolean;
  readonly file: boolean;
  readonly kubernetes: boolean;
  readonly cpu: boolean;
}

function region(ordinal: number, name: string, features: string): RegionData {
  const id = `00000000-0000-4000-8000-${String(ordinal).padStart(12, "0")}`;
  const has = (word: string) => features.split(" ").includes(word);
  return { id, name, block: has("block"), file: has("file"), kubernetes: has("kubernetes"), cpu: has("cpu") };
}

export const regions: readonly RegionData[] = [
  region(1, "us-central1-b", "block file kubernetes cpu"),
  region(2, "us-central2-a", "file"),
  region(3, "us-central5-a", "block file kubernetes cpu"),
  region(4, "eu-central1-a", "block"),
  region(5, "us-east1-a", "block kubernetes cpu"),
];

export const images = [
  {
    fid: "imgver_simUbuntu2404",
    name: "ubuntu-24.04-cuda",
    os: "Ubuntu 24.04",
    kernel: "6.8.0",
    stable: true,
    cuda: "12.8",
    driver: "570.86",
  },
  {
    fid: "imgver_simUbuntu2204",
    name: "ubuntu-22.04-cuda",
    os: "Ubuntu 22.04",
    kernel: "5.15.0",
    stable: false,
    cuda: "12.4",
    driver: "550.54",
  },
] as const;

export const clusterImages = [
  {
    fid: "imgver_simControl134",
    name: "mcc-control-plane",
    os: "Ubuntu 24.04",
    kernel: "6.8.0",
    stable: true,
    cuda: null,
    driver: null,
  },
] as const;
