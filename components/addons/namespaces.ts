/** Where what clusters bring is, each made for it. Light: it brings nothing of Kubernetes' provider. */
export const addOnNamespaces = {
  nvidiaOperator: "gpu-operator",
  nvidiaDraDriver: "dra-driver-nvidia-gpu",
  amdOperator: "kube-amd-gpu",
  flannel: "kube-flannel",
  fileShares: "shared-storage",
} as const;
