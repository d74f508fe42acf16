import { ensureTools, type EnsureOptions } from "../../../../toolchain/tools";

const names = [
  ...(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"] as const),
  ...(["kubeadm", "kubelet", "kube-proxy", "coredns"] as const),
];

/** The programs that a machine image is made of, by name: where each lies. */
export type MachineTools = Readonly<Record<(typeof names)[number], string>>;

export function ensureMachineTools(options?: EnsureOptions): Promise<MachineTools> {
  return ensureTools(names, options);
}
