/** Which pods have GPUs by ResourceClaims, for NVIDIA's DCGM exporter. */
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import type * as pulumi from "../../../sdk/pulumi";

/** Has it look at claims too. Reference: NVIDIA/dcgm-exporter, 4.6.0, `--kubernetes-enable-dra`. */
export const claims = [{ name: "KUBERNETES_ENABLE_DRA", value: "true" }];

/** Its account: of ours, and the one that NVIDIA's operator makes. */
export const exporterAccount = "nvidia-dcgm-exporter";

/** Kubelet names GPUs of claims by their devices, and what these are stands in ResourceSlices, which only who may read them knows. */
export function readsSlices(
  name: string,
  namespace: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const metadata = { name: `${exporterAccount}-slices` };
  const rules = [{ apiGroups: ["resource.k8s.io"], resources: ["resourceslices"], verbs: ["get", "list", "watch"] }];
  const role = new ClusterRole(`${name}-slices-role`, { metadata, rules }, options);
  const binding = new ClusterRoleBinding(
    `${name}-slices-binding`,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
      subjects: [{ kind: "ServiceAccount", name: exporterAccount, namespace }],
    },
    options,
  );
  return [role, binding];
}
