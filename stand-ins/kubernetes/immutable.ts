/** Which changes need another object: what the official provider never changes in place, and what the API server says is immutable. */
import { KubernetesApiError } from "../../provider/kubernetes/api";
import { formatPath, isWithin, parsePath, type PropertyPath } from "../../sdk/schema/property-path";

const identity = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/** By `group/kind`; the rest is asked of the API server, where it answers. */
const replacing: Readonly<Record<string, readonly string[]>> = {
  "apps/DaemonSet": ["spec.selector"],
  "apps/Deployment": ["spec.selector"],
  "apps/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/RoleBinding": ["roleRef"],
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
  "/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "/ResourceQuota": ["spec.scopes"],
  "/Service": ["spec.clusterIP"],
};

export interface Mutability {
  readonly secretMutable: boolean;
  readonly configMapMutable: boolean;
}

/** Paths whose change replaces the object, whatever the API server would say. */
export function replacingPaths(
  apiVersion: string,
  kind: string,
  { secretMutable, configMapMutable }: Mutability,
): PropertyPath[] {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const paths = [...identity, ...(replacing[`${group}/${kind}`] ?? [])];
  // Pods that use them see a new object's name, and are rolled over to it.
  if (group === "" && kind === "Secret") paths.push("type", ...(secretMutable ? [] : ["data", "stringData"]));
  if (group === "" && kind === "ConfigMap" && !configMapMutable) paths.push("data", "binaryData");
  return paths.map(parsePath);
}

const immutable = /immutable|may not change fields|updates to .*forbidden|updates to \S+ spec|cannot change roleRef/i;

/** The changed paths that the API server's refusal is about; empty when it refuses for another reason. */
export function refusedPaths(error: unknown, changed: readonly PropertyPath[]): string[] {
  if (!(error instanceof KubernetesApiError) || error.statusCode !== 422 || !immutable.test(error.message)) return [];
  const named = [...error.message.matchAll(/([\w.[\]"/-]+): (?:Invalid value|Forbidden)/g)].map(([, path]) =>
    parsePath(path!),
  );
  const refused = changed.filter((path) => named.some((place) => isWithin(path, place) || isWithin(place, path)));
  return (refused.length > 0 ? refused : changed).map(formatPath);
}
