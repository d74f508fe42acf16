/** Names that Modelplane's cluster has once. Pure. */
import { longestName, shortened } from "../../sdk/names";
import { ownObject, type OneOfAKind } from "../addons/one-of-a-kind";

/** Of the class that is made for a pool. */
export function poolClassName(clusterName: string, pool: string): string {
  return shortened(`${clusterName}-${pool}`, longestName);
}

export function ownInferenceCluster(clusterName: string): OneOfAKind {
  return ownObject("InferenceCluster", clusterName, "clusterName");
}

export function ownInferenceClass(className: string, path = "className"): OneOfAKind {
  return ownObject("InferenceClass", className, path);
}
