/**
 * Whether GPUs of the model certainly have no partitions, by whatever name a cloud gives it: `L40S`, `L40S (compute mode)`, `RTX A6000`.
 * Reference: NVIDIA's Multi-Instance GPU user guide, "Supported GPUs".
 */
export function hasNoPartitions(model: string): boolean {
  return /^(K80|M60|P100|V100|T4g?|A10G?|A40|L4|L40S?|RTX A\d000)( \(.*\))?$/.test(model);
}
