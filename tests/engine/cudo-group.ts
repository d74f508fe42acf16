/** A small node group on Cudo, of a machine type and a place that the simulator has. */
export const cudoGroup = {
  name: "workers",
  role: "worker",
  minSize: 1,
  maxSize: 3,
  vcpus: 4,
  memoryGib: 16,
  diskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
