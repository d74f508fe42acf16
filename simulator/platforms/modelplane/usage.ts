/** What keeps an InferenceCluster while ModelReplicas run on it: Crossplane refuses to delete what its label says is in use. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";

export const inUseLabel = "crossplane.io/in-use";
/** On a ModelReplica: which InferenceCluster it runs on. */
export const clusterLabel = "modelplane.ai/cluster";

const name = "crossplane-no-usages";
const admission = "admissionregistration.k8s.io/v1";

/** Crossplane has a webhook for it, which answers 409 in place of 422. */
export const usageProtection: readonly KubernetesObject[] = [
  {
    apiVersion: admission,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        objectSelector: { matchLabels: { [inUseLabel]: "true" } },
        resourceRules: [
          {
            apiGroups: ["modelplane.ai"],
            apiVersions: ["*"],
            operations: ["DELETE"],
            resources: ["inferenceclusters"],
          },
        ],
      },
      validations: [{ expression: "false", message: "This resource is in-use by 1 usage(s)" }],
    },
  },
  {
    apiVersion: admission,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  },
];
