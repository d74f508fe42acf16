/** What clusters of any cloud take. */
export {
  FileShareVolume,
  fileSharePodVolume,
  type FileShareVolumeArgs,
  type HostPathPodVolume,
} from "./file-share-volume";
export { JupyterHub, type HubClient, type JupyterHubArgs } from "./jupyterhub/jupyterhub";
export { hubCallback } from "./jupyterhub/address";
export { KubeRay, type KubeRayArgs } from "./kuberay";
export {
  ServiceAccountKubeconfig,
  type AccessRule,
  type ServiceAccountKubeconfigArgs,
} from "./service-account-kubeconfig";
export { Slurm, type SlurmAccountingArgs, type SlurmArgs, type SlurmLoginArgs } from "./slurm/slurm";
export { SharedClaim, type SharedClaimArgs } from "./shared-storage/claim";
