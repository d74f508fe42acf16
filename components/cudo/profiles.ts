/** Sizes of the control plane VM (seed 004, "Cudo control plane profiles"). */
export const controlPlaneProfiles = {
  sm: { vcpus: 4, memoryGib: 8, diskSizeGib: 50 },
  md: { vcpus: 8, memoryGib: 16, diskSizeGib: 100 },
  lg: { vcpus: 16, memoryGib: 32, diskSizeGib: 200 },
} as const;

export const defaultControlPlaneSize = "md";

/** Image prefixes; the newest image with the prefix is used (dated driver images disappear from the catalogue). */
export const images = { plain: "ubuntu-2404", nvidia: "ubuntu-2204-nvidia-550-docker" } as const;

/** Range of the VMs' network. */
export const networkCidr = "10.0.0.0/16";
