/** Rules of access that Kubernetes admits, and that give nobody anything. Pure. */
import { isDnsLabel, isDnsSubdomain } from "../../sdk/dns-label";
import type { Problems } from "../errors";
import type { AccessRule } from "./service-account-kubeconfig";

/** Resources of Kubernetes' own groups. Some are in several. */
const ownGroups: Readonly<Record<string, string>> = {
  "": "bindings configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services",
  "apiextensions.k8s.io": "customresourcedefinitions",
  apps: "controllerrevisions daemonsets deployments replicasets statefulsets",
  autoscaling: "horizontalpodautoscalers",
  batch: "cronjobs jobs",
  "coordination.k8s.io": "leases",
  "discovery.k8s.io": "endpointslices",
  "events.k8s.io": "events",
  "metrics.k8s.io": "nodes pods",
  "networking.k8s.io": "ingressclasses ingresses networkpolicies",
  policy: "poddisruptionbudgets",
  "rbac.authorization.k8s.io": "clusterrolebindings clusterroles rolebindings roles",
  "resource.k8s.io": "deviceclasses resourceclaims resourceclaimtemplates resourceslices",
  "scheduling.k8s.io": "priorityclasses",
  "storage.k8s.io": "csidrivers csinodes storageclasses volumeattachments",
};

const inNoNamespace = new Set(
  (
    "clusterrolebindings clusterroles csidrivers csinodes customresourcedefinitions deviceclasses ingressclasses nodes persistentvolumes priorityclasses " +
    "resourceslices storageclasses volumeattachments"
  ).split(" "),
);

const noVerbs = new Set(["all", "any", "edit", "everything", "read", "readonly", "view", "write"]);

/** @param areBound whether the rights end at namespaces */
export function checkAccessRules(rules: readonly AccessRule[], areBound: boolean, problems: Problems): void {
  rules.forEach((rule, index) => {
    const path = `rules[${index}]`;
    for (const field of ["apiGroups", "resources", "verbs"] as const) {
      if (rule[field]?.length === 0) problems.add(`${path}.${field}`, "must have at least one");
      rule[field]?.forEach((text, at) => {
        const fault = faultOf[field](text, rule, areBound);
        if (fault !== undefined) problems.add(`${path}.${field}[${at}]`, `"${text}" ${fault}`);
      });
    }
  });
}

type Fault = (text: string, rule: AccessRule, areBound: boolean) => string | undefined;

const faultOf: Record<keyof AccessRule, Fault> = {
  apiGroups(group) {
    if (group === "core" || /^v\d+(\w+\d+)?$/.test(group)) return 'is no group of the API: the core group is ""';
    if (group.includes("/")) return `must be the group without a version: "${group.split("/")[0]}"`;
    return ["", "*"].includes(group) || isDnsSubdomain(group)
      ? undefined
      : 'must be one group of the API, such as "apps", or "*"';
  },

  resources(resource, { apiGroups = [] }, areBound) {
    const [kind = "", ...group] = resource.split("/")[0]!.split(".");
    if (group.length > 0 && /^[a-z0-9.]+$/.test(resource))
      return `has its group in it: "${kind}" belongs here, "${group.join(".")}" into apiGroups`;
    const parts = resource.split("/");
    if (parts.length > 2 || !parts.every((part) => part === "*" || isDnsLabel(part)))
      return 'must be one resource, its plural in lower case, such as "pods" or "pods/log", or "*"';
    const plural = pluralOf(kind);
    if (plural !== undefined) return `must be the plural, "${plural}"`;
    const groups = groupsOf(kind);
    const isElsewhere = groups.length > 0 && apiGroups.every((name) => name in ownGroups && !groups.includes(name));
    if (isElsewhere && apiGroups.length > 0) return `is of the group "${groups[0]}", which apiGroups does not have`;
    return areBound && inNoNamespace.has(kind)
      ? "is in no namespace, so that rights that end at namespaces never reach it: leave it out, or namespaces"
      : undefined;
  },

  verbs: (verb) =>
    /^(\*|[a-z]{1,63})$/.test(verb) && !noVerbs.has(verb)
      ? undefined
      : 'must be one verb: get, list, watch, create, update, patch, delete, …, or "*"',
};

function groupsOf(resource: string): string[] {
  return Object.keys(ownGroups).filter((group) => ownGroups[group]!.split(" ").includes(resource));
}

/** Of a word that is the singular of a resource of Kubernetes' own. */
function pluralOf(word: string): string | undefined {
  const candidates = [`${word}s`, `${word}es`, word.replace(/y$/, "ies")];
  return groupsOf(word).length > 0 ? undefined : candidates.find((plural) => groupsOf(plural).length > 0);
}
