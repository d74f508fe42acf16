export { ApiServerReady, type ApiServerReadyArgs, type MachineLogArgs } from "./api-server-ready";
export { ClusterCertificates, type ClusterCertificatesArgs } from "./cluster-certificates";
export { EtcdMembers, type EtcdMembersArgs } from "./etcd-members";
export { GeneratedKey, type GeneratedKeyArgs } from "./generated-key";
export { InferenceRequirements, type InferenceRequirementsArgs } from "./inference-requirements";
export { KubeconfigSecret, type KubeconfigSecretArgs } from "./kubeconfig-secret";
export { LastingChoices, type LastingChoicesArgs } from "./lasting-choices";
export {
  renderKubeconfig,
  type CertificateCredentials,
  type ExecCredentials,
  type KubeconfigParts,
} from "./kubeconfig";
export type { MachineClaimsArgs, MachineStatus } from "./machine-claims";
export { MachinesReturned, type MachinesReturnedArgs } from "./machines-returned";
export {
  NodesReady,
  type ExpectedMachine,
  type ExpectedNodeGroup,
  type NodesReadyArgs,
  type NodeSupplyArgs,
} from "./nodes-ready";
export { ObjectReady, type ObjectCondition, type ObjectReadyArgs } from "./object-ready";
export { ObjectsGone, type ObjectKind, type ObjectsGoneArgs } from "./objects-gone";
export { PlatformClaim, type Platform, type PlatformClaimArgs } from "./platform-claim";
export { ReleaseUnlocked, type ReleaseUnlockedArgs } from "./release-unlocked";
export type { GpuSharingArgs } from "./gpu-sharing";
export type { NodeGpusArgs } from "./node-gpus";
export type { TaintArgs, TaintEffect } from "./taint";
export { DeploymentStopped, type DeploymentStoppedArgs } from "./deployment-stopped";
export { VolumesLeft, type VolumesLeftArgs } from "./volumes-left";
