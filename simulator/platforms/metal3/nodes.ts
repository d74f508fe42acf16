/** What a machine that was written does in its cluster: it joins. */
import type { KubernetesApi } from "../../../provider/kubernetes/api";

/** kubeadm's own words. */
export interface Registration {
  kubeletExtraArgs?: { name: string; value: string }[];
  taints?: object[] | null;
}

export interface JoiningMachine {
  name: string;
  registration: Registration;
  isControlPlane: boolean;
  /** What cloud-init fills in. */
  uuid: string;
}

/** Once. */
export async function join(workload: KubernetesApi, machine: JoiningMachine, signal: AbortSignal): Promise<void> {
  const { name, registration, isControlPlane, uuid } = machine;
  const node = { apiVersion: "v1", kind: "Node", name };
  if ((await workload.read(node, signal)) !== undefined) return;
  const { kubeletExtraArgs = [] } = registration;
  const taints = registration.taints ?? [];
  const said = kubeletExtraArgs.find((argument) => argument.name === "node-labels")?.value ?? "";
  // What cloud-init fills in is no label's value before.
  const pairs = said.split(",").map((pair) => pair.replace(/\{\{.*\}\}/, uuid).split("="));
  const labels = Object.fromEntries(pairs.filter(([key]) => key)) as Record<string, string>;
  const role = isControlPlane && { "node-role.kubernetes.io/control-plane": "" };
  const { apiVersion, kind } = node;
  const metadata = { name, labels: { ...labels, ...role } };
  await workload.create({ apiVersion, kind, metadata, spec: { taints } }, signal);
  // A node is not Ready at first, which the API server itself says by a taint.
  await workload.patch(node, { spec: { taints } }, signal);
  const wellBeing = ["MemoryPressure", "DiskPressure", "PIDPressure"].map((type) => ({ type, status: "False" }));
  const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady" }, ...wellBeing];
  await workload.patch(node, { status: { conditions } }, signal, "status");
}
