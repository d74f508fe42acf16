/** How several pods share one GPU: one of the two. */
export interface GpuSharingArgs {
  /**
   * Pods that take turns on each GPU, 2 to 48. Each counts as one `nvidia.com/gpu`; nothing keeps one from using up another's memory.
   * @integer
   */
  timeSlicing?: number;
  /**
   * Partitions of GPUs that have them (Multi-Instance GPU). `single`: all are alike, and each counts as one `nvidia.com/gpu`; `mixed`: each size
   * has a name of its own, `nvidia.com/mig-1g.10gb`.
   */
  mig?: "single" | "mixed";
  /**
   * How each GPU of the group is partitioned: the number of partitions by their size, for example `{ "1g.10gb": 7 }`, of those that NVIDIA's guide to
   * Multi-Instance GPU has for the model; others are refused at the preview. NVIDIA's GPU operator does it when a node joins, and again where another choice meets nodes
   * that are there, once no pod of the node has a GPU. Default: as the image has partitioned them.
   * @integer
   */
  partitions?: Record<string, number>;
}
