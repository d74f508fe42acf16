/** Where the add-on's objects are. */
export const namespace = "kube-system";

/** NVIDIA's container runtime, which the bootstrap script configures beside the usual one. */
export const runtimeClass = "nvidia";
