/** Ray's kinds by name, for clusters without KubeRay's operator: whoever registers a cluster looks whether they are there. */
import type { KubernetesObject } from "../../provider/kubernetes/api";

export const rayKinds: readonly KubernetesObject[] = ["RayCluster", "RayJob"].map((kind) => {
  const singular = kind.toLowerCase();
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.ray.io` },
    spec: {
      group: "ray.io",
      names: { kind, plural: `${singular}s`, singular },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
});
