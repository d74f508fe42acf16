/**
 * What the simulated Cudo offers. Data centers, machine types, GPU names and image ids are those that Cudo has published.
 * Prices, numbers of hosts, sizes of hosts and addresses are simulated: they are no offer and no statement about Cudo.
 */

export interface DataCenter {
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly renewableEnergy: boolean;
  readonly ipv4: number;
}

export interface GpuModel {
  readonly id: string;
  /** As machine types and VMs name it. */
  readonly name: string;
  readonly memoryGib: number;
  /** USD. */
  readonly priceHr: number;
}

export interface MachineType {
  readonly dataCenterId: string;
  readonly id: string;
  readonly cpuModel: string;
  readonly gpu: GpuModel | undefined;
  readonly hosts: number;
  readonly host: {
    readonly vcpus: number;
    readonly memoryGib: number;
    readonly gpus: number;
    readonly storageGib: number;
  };
}

export interface PublicImage {
  readonly id: string;
  readonly name: string;
  readonly platform: "linux" | "windows";
  readonly sizeGib: number;
  readonly packages: readonly { name: string; version: string }[];
}

/** The same for all machine types. `maxVcpuPerGpu` is unbounded for types without GPUs. */
export const shapeRules = {
  minVcpu: 1,
  minMemoryGib: 1,
  minVcpuPerMemoryGib: 0.125,
  maxVcpuPerMemoryGib: 1,
  minVcpuPerGpu: 1,
  maxVcpuPerGpu: 24,
} as const;

/** USD per hour. */
export const prices = { vcpu: 0.0022, memoryGib: 0.0038, storageGib: 0.00013, ipv4: 0.0045, network: 0.0085 } as const;

export const dataCenters: readonly DataCenter[] = [
  { id: "au-melbourne-1", latitude: -37.81, longitude: 144.96, renewableEnergy: true, ipv4: 1024 },
  { id: "ca-montreal-3", latitude: 45.5, longitude: -73.57, renewableEnergy: true, ipv4: 1024 },
  { id: "gb-bournemouth-1", latitude: 50.72, longitude: -1.88, renewableEnergy: true, ipv4: 4096 },
  { id: "no-kristiansand-1", latitude: 58.16, longitude: 8.0, renewableEnergy: true, ipv4: 1024 },
  { id: "se-stockholm-1", latitude: 59.33, longitude: 18.07, renewableEnergy: true, ipv4: 1024 },
  { id: "us-carlsbad-1", latitude: 33.16, longitude: -117.35, renewableEnergy: false, ipv4: 1024 },
  { id: "us-newyork-1", latitude: 40.71, longitude: -74.01, renewableEnergy: false, ipv4: 1024 },
  { id: "za-centurion-1", latitude: -25.86, longitude: 28.19, renewableEnergy: false, ipv4: 1024 },
];

const gpu = (id: string, name: string, memoryGib: number, priceHr: number): GpuModel => ({
  id,
  name,
  memoryGib,
  priceHr,
});

const gpus = {
  h100nvl: gpu("nvidia-h100-nvl-pcie", "H100 NVL", 94, 2.47),
  h100sxm: gpu("nvidia-h100", "H100 SXM", 80, 2.45),
  a100: gpu("nvidia-a100-80gb-pcie", "A100 80GB PCIe", 80, 1.35),
  a800: gpu("nvidia-a800-pcie", "A800 PCIe", 80, 1.3),
  l40sCompute: gpu("nvidia-l40s", "L40S (compute mode)", 48, 0.87),
  l40sGraphics: gpu("nvidia-l40s-graphics", "L40S (graphics mode)", 48, 0.87),
  a40Compute: gpu("nvidia-a40", "A40 (compute mode)", 48, 0.39),
  a40Graphics: gpu("nvidia-a40-graphics", "A40 (graphics mode)", 48, 0.39),
  a5000: gpu("nvidia-rtx-a5000", "RTX A5000", 24, 0.35),
  a6000: gpu("nvidia-rtx-a6000", "RTX A6000", 48, 0.45),
  v100: gpu("nvidia-v100", "V100", 16, 0.39),
};
export const gpuModels: readonly GpuModel[] = Object.values(gpus);

const cpus = {
  genoa: "AMD EPYC Genoa",
  milan: "AMD EPYC Milan",
  iceLake: "Intel Ice Lake",
  sapphire: "Intel Sapphire Rapids",
  broadwell: "Intel Broadwell",
};

const gpuType = (dataCenterId: string, id: string, cpuModel: string, model: GpuModel): MachineType => ({
  dataCenterId,
  id,
  cpuModel,
  gpu: model,
  hosts: 8,
  host: { vcpus: 192, memoryGib: 1024, gpus: 8, storageGib: 30000 },
});

export const machineTypes: readonly MachineType[] = [
  gpuType("au-melbourne-1", "epyc-genoa-h100-nvl-pcie", cpus.genoa, gpus.h100nvl),
  gpuType("au-melbourne-1", "epyc-genoa-l40s-compute", cpus.genoa, gpus.l40sCompute),
  gpuType("ca-montreal-3", "ice-lake-a40-compute", cpus.iceLake, gpus.a40Compute),
  gpuType("ca-montreal-3", "ice-lake-a40-graphics", cpus.iceLake, gpus.a40Graphics),
  gpuType("ca-montreal-3", "ice-lake-rtx-a5000", cpus.iceLake, gpus.a5000),
  {
    dataCenterId: "gb-bournemouth-1",
    id: "intel-broadwell",
    cpuModel: cpus.broadwell,
    gpu: undefined,
    hosts: 100,
    host: { vcpus: 96, memoryGib: 768, gpus: 0, storageGib: 20000 },
  },
  gpuType("no-kristiansand-1", "epyc-genoa-a100-pcie", cpus.genoa, gpus.a100),
  gpuType("no-kristiansand-1", "epyc-genoa-l40s-graphics", cpus.genoa, gpus.l40sGraphics),
  gpuType("no-kristiansand-1", "sapphire-rapids-h100", cpus.sapphire, gpus.h100sxm),
  gpuType("se-stockholm-1", "ice-lake-a40-compute", cpus.iceLake, gpus.a40Compute),
  gpuType("se-stockholm-1", "ice-lake-a40-graphics", cpus.iceLake, gpus.a40Graphics),
  gpuType("se-stockholm-1", "ice-lake-rtx-a6000", cpus.iceLake, gpus.a6000),
  gpuType("us-carlsbad-1", "intel-ice-lake-a100-pci", cpus.iceLake, gpus.a100),
  gpuType("us-carlsbad-1", "intel-ice-lake-a800-pci", cpus.iceLake, gpus.a800),
  gpuType("us-newyork-1", "intel-broadwell-v100", cpus.broadwell, gpus.v100),
  gpuType("za-centurion-1", "epyc-milan-rtx-l40s-compute", cpus.milan, gpus.l40sCompute),
];

const linux = (id: string, name: string, sizeGib: number): PublicImage => ({
  id,
  name,
  platform: "linux",
  sizeGib,
  packages: [],
});
const nvidia = (id: string, driver: string): PublicImage => ({
  id,
  name: `Ubuntu 22.04 + NVIDIA drivers ${driver} + Docker`,
  platform: "linux",
  sizeGib: 20,
  packages: [
    { name: "nvidia-driver", version: driver },
    { name: "docker", version: "27.3" },
  ],
});

export const publicImages: readonly PublicImage[] = [
  linux("alpine-linux-319", "Alpine Linux 3.19", 1),
  linux("centos-7", "CentOS 7", 8),
  linux("centos-8-stream", "CentOS 8 Stream", 10),
  linux("debian-11", "Debian 11", 2),
  linux("debian-12", "Debian 12", 3),
  linux("fedora-37", "Fedora 37", 5),
  linux("freebsd-13", "FreeBSD 13", 10),
  linux("opensuse-15", "openSUSE 15", 10),
  linux("rocky-linux-9", "Rocky Linux 9", 10),
  linux("ubuntu-2004", "Ubuntu 20.04", 5),
  linux("ubuntu-2204", "Ubuntu 22.04", 5),
  linux("ubuntu-2404", "Ubuntu 24.04", 5),
  nvidia("ubuntu-2204-nvidia-535-docker-v20241017", "535"),
  nvidia("ubuntu-2204-nvidia-550-docker-v20250303", "550"),
  { id: "windows-10-pro", name: "Windows 10 Pro", platform: "windows", sizeGib: 40, packages: [] },
  { id: "windows-11-pro", name: "Windows 11 Pro", platform: "windows", sizeGib: 64, packages: [] },
];
