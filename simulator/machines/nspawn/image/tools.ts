import { ensureTools, nodeToolNames, type EnsureOptions } from "../../../../toolchain/tools";

const names = [
  ...(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"] as const),
  ...nodeToolNames,
];

/** The programs that a machine image is made of, by name: where each lies. */
export type MachineTools = Readonly<Record<(typeof names)[number], string>>;

export function ensureMachineTools(options?: EnsureOptions): Promise<MachineTools> {
  return ensureTools(names, options);
}
