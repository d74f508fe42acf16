/** Where the add-on's objects are. */
export const namespace = "kube-system";

/** NVIDIA's container runtime, which the bootstrap script configures beside the usual one. */
export const runtimeClass = "nvidia";

/** Has the metrics tell each pod that takes turns on a GPU: without, they tell one of them, now this and now that. */
export const virtualGpus = [{ name: "KUBERNETES_VIRTUAL_GPUS", value: "true" }];
