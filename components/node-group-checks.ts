/** What the arguments of node groups have in common, whichever cloud runs them. Pure. */
import type * as pulumi from "../sdk/pulumi";
import { isDnsLabel, isDnsSubdomain } from "../sdk/dns-label";
import type { TaintArgs } from "../sdk/kubernetes/taint";
import type { Problems } from "./errors";
import { known, knownElements, knownEntries } from "./inputs";

/** Limits of the create-cluster request (seed 004, "Limits"). */
const limits = { nodeGroups: 20, nodesPerGroup: 100 } as const;

export interface CommonGroupArgs {
  name: string;
  role: string;
  minSize: pulumi.Input<number>;
  maxSize: pulumi.Input<number>;
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]> | undefined;
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

export interface Bounds {
  minSize: number | undefined;
  maxSize: number | undefined;
  role: string | undefined;
}

export function checkBounds(path: string, { minSize, maxSize, role }: Bounds, problems: Problems): void {
  const inRange = (field: string, value: number | undefined, least: number): boolean => {
    if (value === undefined) {
      return false;
    }
    if (!Number.isInteger(value) || value < least || value > limits.nodesPerGroup) {
      problems.add(`${path}.${field}`, `must be a whole number from ${least} to ${limits.nodesPerGroup}, is ${value}`);
      return false;
    }
    return true;
  };
  const minOk = inRange("minSize", minSize, 0);
  const maxOk = inRange("maxSize", maxSize, 1);
  if (minOk && maxOk && minSize! > maxSize!) {
    problems.add(`${path}.minSize`, `${minSize} is more than maxSize, ${maxSize}`);
  } else if (minOk && maxOk && role === "control" && minSize !== maxSize) {
    problems.add(
      `${path}.maxSize`,
      `a group with role "control" is never autoscaled: maxSize must equal minSize, ${minSize}`,
    );
  }
}

/** Names must be unique, and fit a label's value because nodes carry them. */
export function checkGroupNames(path: string, names: readonly (string | undefined)[], problems: Problems): void {
  if (names.length > limits.nodeGroups) {
    problems.add(path, `a cluster has at most ${limits.nodeGroups} node groups, this has ${names.length}`);
  }
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    if (name === undefined) {
      return;
    }
    if (!isDnsLabel(name)) {
      problems.add(
        `${path}[${index}].name`,
        `"${name}" must be 1 to 63 lower-case letters, digits and hyphens, and start and end with a letter or digit`,
      );
    }
    const earlier = first.get(name);
    if (earlier !== undefined) {
      problems.add(`${path}[${index}].name`, `"${name}" is also the name of ${path}[${earlier}]`);
    } else {
      first.set(name, index);
    }
  });
}

const qualifiedName = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/** Labels in Kubernetes' own domains that kubelet may set on itself (NodeRestriction admission, kubelet's --node-labels). */
const kubeletLabels = new Set([
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);

/** What each kubelet says of its own machine: another value would be believed by the scheduler. */
const ownLabels = new Set(["kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os"]);

function keyProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && !isDnsSubdomain(prefix)) {
    return `the prefix "${prefix}" must be a DNS subdomain`;
  }
  if (!qualifiedName.test(key.slice(slash + 1))) {
    return "the name must have 1 to 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit";
  }
  return undefined;
}

type Labels = pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;

/** Labels of any object. `ofKey` says what else is wrong with a key. */
export function checkObjectLabels(
  path: string,
  labels: Labels,
  problems: Problems,
  ofKey: (key: string) => string | undefined = () => undefined,
): void {
  for (const [key, value] of knownEntries(labels)) {
    const at = `${path}["${key}"]`;
    const wrong = keyProblem(key) ?? ofKey(key);
    if (wrong) problems.add(at, wrong);
    if (value !== undefined && !labelValue.test(value)) {
      problems.add(
        at,
        `the value "${value}" must have at most 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit${dateHint(value)}`,
      );
    }
  }
}

/** What YAML makes of `2024-01-01`. */
function dateHint(value: string): string {
  const [, date] = /^(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?Z$/.exec(value) ?? [];
  return date === undefined ? "" : `; YAML reads a date without quotes as a time: "${date}"`;
}

/** Labels of nodes, which kubelets set on themselves. */
export function checkLabels(path: string, labels: Labels, problems: Problems): void {
  checkObjectLabels(path, labels, problems, nodeLabelProblem);
}

function nodeLabelProblem(key: string): string | undefined {
  const domain = key.split("/")[0]!;
  if (key.startsWith("gpu-clusters/")) return "labels that start with gpu-clusters/ are set by this package";
  if (ownLabels.has(key)) return "each node sets it for itself";
  const isForeign =
    key.includes("/") &&
    /(^|\.)(kubernetes|k8s)\.io$/.test(domain) &&
    !kubeletLabels.has(key) &&
    !/(^|\.)(node|kubelet)\.kubernetes\.io$/.test(domain);
  return isForeign
    ? `a node may not set labels of ${domain} on itself; use a domain of your own or node.kubernetes.io`
    : undefined;
}

/**
 * Taints by which Kubernetes and cluster-autoscaler tell each other of a node: one of the user's would go, or mean what nobody meant.
 * Reference: Kubernetes, "Well-Known Labels, Annotations and Taints"; cluster-autoscaler, utils/taints.
 */
const ofTheClusters = new RegExp(
  "^(node\\.kubernetes\\.io/(not-ready|unreachable|unschedulable|(memory|disk|pid)-pressure|network-unavailable|out-of-service)" +
    "|node\\.cloudprovider\\.kubernetes\\.io/(uninitialized|shutdown)|(ToBeDeletedBy|DeletionCandidateOf)ClusterAutoscaler)$",
);

export function checkTaints(
  path: string,
  taints: pulumi.Input<pulumi.Input<TaintArgs>[]> | undefined,
  problems: Problems,
): void {
  const all = knownElements(taints) ?? [];
  all.forEach((taint, index) => {
    if (taint === undefined) return;
    const at = `${path}[${index}]`;
    const [key, value] = [known(taint.key), known(taint.value)];
    const wrong = key === undefined ? undefined : keyProblem(key);
    if (wrong) problems.add(`${at}.key`, wrong);
    else if (key?.startsWith("gpu-clusters/"))
      problems.add(`${at}.key`, "taints that start with gpu-clusters/ are set by this package");
    else if (key !== undefined && ofTheClusters.test(key))
      problems.add(`${at}.key`, "the cluster's own parts set and remove it by themselves: take one of your own");
    const effect = known(taint.effect);
    const earlier = all.findIndex((other) => known(other?.key) === key && known(other?.effect) === effect);
    if (key !== undefined && effect !== undefined && earlier < index)
      problems.add(at, `has key and effect of ${path}[${earlier}]: a node takes one of them`);
    if (value !== undefined && !labelValue.test(value)) {
      problems.add(`${at}.value`, `"${value}" is not a valid label value${dateHint(value)}`);
    }
  });
}
