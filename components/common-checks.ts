/** What the arguments of clusters whose control plane we boot have in common, whichever cloud runs them. Pure. */
import type { Taint } from "../bootstrap/document";
import {
  checkBounds,
  checkChoice,
  checkCidr,
  checkClusterName,
  checkGroupNames,
  checkKubernetesVersion,
  checkLabels,
  checkRole,
  checkTaints,
} from "./checks";
import type { Problems } from "./errors";
import { known } from "./inputs";
import type * as pulumi from "../sdk/pulumi";
import { defaultKubernetesMinor } from "./versions";

export interface CommonClusterArgs {
  clusterName?: string | undefined;
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
  cni?: string | undefined;
  apiServerAccessCidrs?: string[] | undefined;
}

export interface CommonGroupArgs {
  role: string;
  minSize: pulumi.Input<number>;
  maxSize: pulumi.Input<number>;
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
  taints?: readonly Taint[] | undefined;
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
  checkChoice("cni", args.cni, ["cilium", "flannel", "none"], problems);
  checkCidrs("apiServerAccessCidrs", args.apiServerAccessCidrs, problems);
}

export function checkCidrs(path: string, ranges: readonly string[] | undefined, problems: Problems): void {
  (ranges ?? []).forEach((cidr, index) => checkCidr(`${path}[${index}]`, cidr, problems));
}

/** `nameField` is what the cloud's groups call their name, `required` are all fields that a group must have. */
export function checkCommonGroups<Group extends CommonGroupArgs>(
  groups: readonly Group[],
  { nameField, required }: { nameField: keyof Group & string; required: readonly (keyof Group & string)[] },
  problems: Problems,
): void {
  const names = groups.map((group) => group[nameField] as string | undefined);
  checkGroupNames("nodeGroups", nameField, names, problems);
  groups.forEach((group, index) => {
    const path = `nodeGroups[${index}]`;
    for (const field of required) {
      if (group[field] === undefined) problems.add(`${path}.${field}`, "is required");
    }
    checkRole(`${path}.role`, group.role, problems);
    checkBounds(path, { minSize: known(group.minSize), maxSize: known(group.maxSize), role: group.role }, problems);
    checkLabels(`${path}.labels`, knownLabels(group), problems);
    checkTaints(`${path}.taints`, group.taints ?? [], problems);
  });
}

function knownLabels({ labels }: CommonGroupArgs): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(known(labels) ?? {}).map(([key, value]) => [key, known(value)]));
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
