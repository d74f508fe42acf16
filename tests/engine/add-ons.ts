/** What runs in clusters, by the names that the program `add-on` has for it. */

/** Those that `add-on-faults.e2e.ts` holds to all of it: a second preview without changes, a fault at each call, and a destroy that leaves nothing. */
export const faultyAddOns: readonly string[] = [
  "device-plugin",
  "gpu-operator",
  "dra",
  "amd",
  "nfs",
  "file-share",
  "efs",
  "ebs",
  "flannel",
  "cilium",
  "autoscaler",
  "cloud-controller",
  "kuberay",
  "jupyterhub",
  "slurm",
  "service-account",
  "shared-claim",
  "file-share-volume",
  "vmetal",
];

/** Components that programs make, by their class. */
export const addOnOf: Readonly<Record<string, string>> = {
  FileShareVolume: "file-share-volume",
  JupyterHub: "jupyterhub",
  KubeRay: "kuberay",
  ServiceAccountKubeconfig: "service-account",
  SharedClaim: "shared-claim",
  Slurm: "slurm",
};
