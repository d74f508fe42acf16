/** What the arguments of clusters whose control plane we boot have in common, whichever cloud runs them. Pure. */
import {
  checkBounds,
  checkCidr,
  checkClusterName,
  checkDuration,
  checkGroupNames,
  checkKubernetesVersion,
  checkLabels,
  checkTaints,
} from "./checks";
import type { Problems } from "./errors";
import { known, knownElements } from "./inputs";
import type * as pulumi from "../sdk/pulumi";
import type { TaintArgs } from "../sdk/kubernetes/taint";
import { defaultKubernetesMinor } from "./versions";

export interface CommonClusterArgs {
  clusterName?: string | undefined;
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
  apiServerAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  sshAccessCidrs?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  scaleDownAfter?: string | undefined;
}

export interface CommonGroupArgs {
  name: string;
  role: string;
  minSize: pulumi.Input<number>;
  maxSize: pulumi.Input<number>;
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]> | undefined;
}

/** `name` is the resource's, which a cluster has without `clusterName`. */
export function checkCommonArgs(name: string, args: CommonClusterArgs, problems: Problems): void {
  checkClusterName("clusterName", args.clusterName ?? name, problems);
  checkKubernetesVersion(
    "kubernetesVersion",
    args.kubernetesVersion ?? defaultKubernetesMinor,
    args.devMode ?? false,
    problems,
  );
  checkCidrs("apiServerAccessCidrs", args.apiServerAccessCidrs, problems);
  if (known<unknown[]>(args.apiServerAccessCidrs)?.length === 0) {
    problems.add("apiServerAccessCidrs", "must name at least one range: this program reaches the API too");
  }
  checkCidrs("sshAccessCidrs", args.sshAccessCidrs, problems);
  checkDuration("scaleDownAfter", args.scaleDownAfter, problems);
}

function checkCidrs(path: string, ranges: pulumi.Input<pulumi.Input<string>[]> | undefined, problems: Problems): void {
  (knownElements(ranges) ?? []).forEach((cidr, index) => {
    if (cidr !== undefined) checkCidr(`${path}[${index}]`, cidr, problems);
  });
}

export function checkCommonGroups(groups: readonly CommonGroupArgs[], problems: Problems): void {
  checkGroupNames(
    "nodeGroups",
    groups.map(({ name }) => name),
    problems,
  );
  groups.forEach((group, index) => {
    const path = `nodeGroups[${index}]`;
    checkBounds(path, { minSize: known(group.minSize), maxSize: known(group.maxSize), role: group.role }, problems);
    checkLabels(`${path}.labels`, group.labels, problems);
    checkTaints(`${path}.taints`, group.taints, problems);
  });
}

/** Whole numbers of at least `least`; what is not known yet is left to the cloud. */
export function checkWhole(
  path: string,
  given: pulumi.Input<number> | undefined,
  least: number,
  problems: Problems,
): void {
  const value = known(given);
  if (value !== undefined && (!Number.isInteger(value) || value < least)) {
    problems.add(path, `must be a whole number of at least ${least}, is ${value}`);
  }
}
