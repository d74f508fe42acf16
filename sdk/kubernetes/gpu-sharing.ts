/** How several pods share one GPU: one of the two. */
export interface GpuSharingArgs {
  /**
   * Pods that take turns on each GPU, 2 to 48. Each counts as one `nvidia.com/gpu`; nothing keeps one from using up another's memory.
   * @integer
   */
  timeSlicing?: number;
  /**
   * GPUs that are partitioned already (Multi-Instance GPU), by the group's image. `single`: all partitions are alike, and each counts as one
   * `nvidia.com/gpu`; `mixed`: each size has a name of its own, `nvidia.com/mig-1g.10gb`.
   */
  mig?: "single" | "mixed";
}
