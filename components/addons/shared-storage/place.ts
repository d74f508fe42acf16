/** What shared storage is in every cluster that has it, whichever cloud keeps the data. Light: it brings nothing of Kubernetes' provider. */
import type * as pulumi from "../../../sdk/pulumi";
import { checked } from "../../errors";
import { checkObjectName } from "../../value-checks";
import { onEveryNode } from "../in-cluster";

/** The StorageClass whose volumes many pods on many nodes read and write at once. */
export const sharedStorageClass = "shared";

/** The class's name, which is known once the cluster that makes it is ready. */
export function sharedClassOnce(status: pulumi.Output<string>): pulumi.Output<string> {
  return status.apply(() => sharedStorageClass);
}

/** The class of an add-on's volumes: the one that was chosen, else the cluster's shared one where it has it, else nobody's choice. Throws `InvalidInput` of one that can be none. */
export function chosenClass(
  component: string,
  own: string | undefined,
  shared: string | undefined,
): { storageClass: string | undefined; isShared: boolean } {
  const storageClass = checked(component, own, (problems) => checkObjectName("storageClass", own, problems)) ?? shared;
  return { storageClass, isShared: shared !== undefined && storageClass === shared };
}

/** Of pods that act with what the nodes of the cluster's groups have, whatever these are kept for, and the control plane has not. */
export const onNodeGroups = {
  tolerations: onEveryNode,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "gpu-clusters/node-group", operator: "Exists" }] }],
      },
    },
  },
};
