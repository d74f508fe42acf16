/** What programs hand over as a whole, which the schema takes as anything: clusters, and where servers are. Pure. */
import * as pulumi from "../sdk/pulumi";
import type { Problems } from "./errors";
import { isObject } from "./fields";
import { known } from "./inputs";
import { checkLabel } from "./value-checks";

const outputs = ["endpoint", "certificateAuthority", "kubeconfig", "nodeGroups", "status"];

/** One that is missing is the schema's to tell. */
export function checkCluster(path: string, given: unknown, problems: Problems): void {
  if (given === undefined || isCluster(given)) return;
  problems.add(
    path,
    "must be a cluster of this package itself, such as an ExistingCluster, not a part of it or its name",
  );
  problems.settle(path);
}

/** Where servers are looked after. */
export function checkPlace(path: string, given: unknown, problems: Problems): void {
  if (given === undefined) return;
  if (isObject(given) && isCluster(given["cluster"]) && isText(given["namespace"])) {
    checkCluster(`${path}.metal3Cluster`, given["metal3Cluster"], problems);
    checkLabel(`${path}.namespace`, known(given["namespace"] as pulumi.Input<string>), problems);
    return;
  }
  problems.add(
    path,
    "must have a cluster of this package and the namespace of its hosts, as an inventory's component has",
  );
  problems.settle(path);
}

/** A text, or one that is not known yet. */
export function isText(given: unknown): boolean {
  return typeof given === "string" || given instanceof Promise || pulumi.Output.isInstance(given);
}

function isCluster(given: unknown): boolean {
  if (!isObject(given) || !pulumi.Output.isInstance(given["clusterName"])) return false;
  return outputs.every((field) => given[field] === undefined || pulumi.Output.isInstance(given[field]));
}
