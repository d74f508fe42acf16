/** What Michelangelo looks for by name (its guide "Register a Compute Cluster", and its controllers). */
import { isDnsLabel } from "../dns-label";

/** In the compute cluster, all in this namespace: there Michelangelo makes its Ray objects. */
export const computeNamespace = "default";
export const serviceAccount = "ray-manager";
export const clusterRole = "ray-manager";
export const clusterRoleBinding = "ray-manager-binding";
export const tokenSecret = "ray-manager-token";
export const storageConfigMap = "michelangelo-config";
export const storageSecret = "aws-credentials";

/** Everything that Michelangelo does there, and nothing more. */
export const rayRights = {
  apiGroup: "ray.io",
  resources: ["rayclusters", "rayjobs"],
  verbs: ["create", "get", "list", "watch", "update", "patch", "delete"],
};

/** In the control plane. */
export const registrationNamespace = "ma-system";
export const credentialsNamespace = "default";
export const registrationKind = { apiVersion: "michelangelo.api/v2", kind: "Cluster" };

/** Secrets of the control plane with what it reaches a compute cluster by. */
export function credentialSecrets(clusterName: string): { token: string; authority: string } {
  return { token: `cluster-${clusterName}-client-token`, authority: `cluster-${clusterName}-ca-data` };
}

/** Why a name cannot be a registration's: it is a label's value, too, by which jobs choose their cluster. */
export function wrongClusterName(name: string): string | undefined {
  return isDnsLabel(name)
    ? undefined
    : `"${name}" must have 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends`;
}
