import type { NodeTemplate } from "../../provider/node-groups/driver";
import { nodeType } from "./descriptors";

/** A node that the group would make, as Kubernetes' own bytes: cluster-autoscaler tries pods on it before there is one. */
export function encodeNodeTemplate(group: string, template: NodeTemplate): Uint8Array {
  const name = `template-${group}`;
  const zones = template.zones ?? [];
  const quantities = (of: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(of).map(([resource, string]) => [resource, { string }]));
  return nodeType
    .encode(
      nodeType.fromObject({
        metadata: {
          name,
          labels: {
            "kubernetes.io/hostname": name,
            // A node that may be in any of several zones promises none.
            ...(zones.length === 1 && { "topology.kubernetes.io/zone": zones[0] }),
            ...template.labels,
          },
        },
        spec: { taints: template.taints },
        status: {
          capacity: quantities(template.capacity),
          allocatable: quantities(template.allocatable),
          conditions: [{ type: "Ready", status: "True" }],
        },
      }),
    )
    .finish();
}
