/** What of a cluster only one can have: who comes second would take it over, or take it away with all that is in it. */
import type { KubernetesCluster } from "../cluster";
import type { Problems } from "../errors";
import { PerCluster } from "../per-cluster";

export interface OneOfAKind {
  /** What tells it from others. */
  key: string;
  /** The user's field that asks for it. */
  path: string;
  /** What is wrong with that where `owner` has it. */
  refusal(owner: string): string;
}

/** Who has what. */
export class Owners {
  private readonly byKey = new Map<string, string>();

  /** The first that another has says enough. `path` stands before the field, with its dot. */
  check(wanted: readonly OneOfAKind[], problems: Problems, path = ""): void {
    const taken = wanted.find(({ key }) => this.byKey.has(key));
    if (taken) problems.add(`${path}${taken.path}`, taken.refusal(this.byKey.get(taken.key)!));
  }

  note(owner: string, wanted: readonly OneOfAKind[]): void {
    for (const { key } of wanted) this.byKey.set(key, owner);
  }

  ownerOf({ key }: OneOfAKind): string | undefined {
    return this.byKey.get(key);
  }
}

const clusters = new PerCluster<Owners>();

/** Those of this program in the cluster. What others have in it, only the cluster can tell. */
export function ownersIn(cluster: KubernetesCluster | undefined): Owners {
  if (cluster === undefined) return new Owners();
  return clusters.get(cluster) ?? clusters.set(cluster, new Owners());
}

/** One that is made, and taken away with all that is in it. */
export function ownNamespace(namespace: string): OneOfAKind {
  return {
    key: `namespace ${namespace}`,
    path: "namespace",
    refusal: (owner) => `"${namespace}" is the namespace of ${owner}: name another`,
  };
}

/** An object of a platform's kind, in the cluster that the platform runs in. */
export function ownObject(kind: string, name: string, path: string): OneOfAKind {
  return {
    key: `${kind} ${name}`,
    path,
    refusal: (owner) => `"${name}" is the ${kind} of ${owner} in the platform's cluster: name another`,
  };
}

export function ownClaim(namespace: string, claimName: string): OneOfAKind {
  return {
    key: `claim ${namespace}/${claimName}`,
    path: "claimName",
    refusal: (owner) => `"${claimName}" in the namespace ${namespace} is the claim of ${owner}: name another`,
  };
}
