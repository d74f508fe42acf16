import {
  ensureTools,
  nodeToolNames,
  testToolNames,
  type EnsureOptions,
  type TestToolName,
} from "../../../../toolchain/tools";

const names = [
  ...(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"] as const),
  ...nodeToolNames,
];

/** The programs that a machine image is made of, by name: where each lies. */
export type MachineTools = Readonly<Record<(typeof names)[number], string> & Partial<Record<TestToolName, string>>>;

/** `complete`, as `npm run test:e2e` says it: with programs that take minutes to compile, in the place of stand-ins. */
export const imageVariable = "GPU_CLUSTERS_MACHINE_IMAGE";

export async function ensureMachineTools(options?: EnsureOptions): Promise<MachineTools> {
  const isComplete = process.env[imageVariable] === "complete";
  return ensureTools([...names, ...(isComplete ? testToolNames : [])], options);
}
