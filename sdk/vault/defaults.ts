/** Where machines' roles and keys are in Vault, unless the program says else: docs/encrypted-disks.md has these names. */
export const vaultDefaults = { authMount: "gpu-clusters", keyMount: "secret", policy: "gpu-clusters-machine" } as const;

/** Where the key of a data disk is: below that of the VM which has the disk, whose role alone reads it. */
export function diskKeyPath(machineKeyPath: string, diskId: string): string {
  return `${machineKeyPath}/disks/${diskId}`;
}

/**
 * The role that a cluster's autoscaler acts by. Those of the machines of node groups are its name, a dot and theirs, so that one policy serves the
 * autoscalers of all clusters and each makes its own cluster's workers only. Vault's roles have small letters; no project and no cluster has a dot
 * in its name.
 */
export function autoscalerRoleName(project: string, clusterName: string): string {
  return `${project}.${clusterName}.nodes`.toLowerCase();
}
