/**
 * Which machines get a node's certificate. Kubernetes' own approver asks only for the group of a bootstrap token, so that any machine could
 * become any node, the control plane's too. Here a machine gets its own name and no other, once. Pure: the same decisions are taken on real
 * control planes (`bootstrap/scripts/control-plane.sh`), and one table of cases holds both.
 */

/** A token with the group `<prefix><node>` is for that node only. */
export const nodeTokenGroup = "system:bootstrappers:gpu-clusters:";
/** Of control planes that join: a token cannot have it, because its groups begin otherwise; the authority's key can. */
export const controlPlaneGroup = "gpu-clusters:control-planes";

/** A request for a node's first certificate, approved or not. */
export interface NodeRequest {
  readonly name: string;
  /** The node whose certificate it asks for. */
  readonly node: string;
  /** Who asks, and in which groups: the API server's word. */
  readonly user: string;
  readonly groups: readonly string[];
  /** RFC 3339, to the second. */
  readonly created: string;
}

/** What the cloud says of the machine of a worker group that has the node's name and lives. */
export interface CloudMachine {
  readonly providerId: string;
  /** When it began; RFC 3339, to the second. */
  readonly since: string;
}

export interface NodeFacts {
  /** All requests for first certificates that the API server still has. */
  readonly requests: readonly NodeRequest[];
  /** Undefined where there is none, or the cloud is not asked. */
  readonly machine?: CloudMachine | undefined;
  /** The cluster's node of that name. */
  readonly registered?: { readonly providerId?: string | undefined } | undefined;
}

/** Why a request is not approved, or not yet; undefined: it is to be approved. */
export function refusal(request: NodeRequest, { requests, machine, registered }: NodeFacts): string | undefined {
  if (request.groups.includes(controlPlaneGroup)) return undefined;
  const bound = request.groups.filter((group) => group.startsWith(nodeTokenGroup));
  const isRival = (other: NodeRequest) =>
    other.node === request.node &&
    (bound.length > 0 ? other.user === request.user : other.created >= (machine?.since ?? ""));
  if (bound.length > 0) {
    if (bound.length > 1 || bound[0] !== nodeTokenGroup + request.node) return "its token is another machine's";
    if (registered) return "there is a node of that name";
  } else {
    if (!machine) return "its token is no machine's own, and the cloud has no such machine in a node group";
    if (request.created < machine.since) return "it is older than the machine";
    if (registered && (registered.providerId ?? machine.providerId) === machine.providerId)
      return "there is a node of that name";
  }
  const first = requests.filter(isRival).reduce((a, b) => (isBefore(b, a) ? b : a), request);
  return first.name === request.name ? undefined : "its machine has asked before";
}

/**
 * Whether a node of that name was left by an earlier machine, and goes before the request is approved: addresses, and names with them, are given
 * again. A kubelet takes over a node that is there, with the labels, taints and notice that it has, and an id that no machine has any more.
 */
export function replacesNode(request: NodeRequest, { machine, registered }: NodeFacts): boolean {
  if (!machine || request.groups.includes(controlPlaneGroup)) return false;
  return registered?.providerId !== undefined && registered.providerId !== machine.providerId;
}

function isBefore(a: NodeRequest, b: NodeRequest): boolean {
  return a.created < b.created || (a.created === b.created && a.name < b.name);
}
