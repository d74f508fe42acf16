/** What a type token of the `kubernetes` provider says: `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:NodePatch`. */
import { NotServed } from "../server/not-served";

export interface KubernetesType {
  readonly apiVersion: string;
  readonly kind: string;
  /** Lays fields over an object that belongs to somebody else. */
  readonly isPatch: boolean;
}

/** Groups of types that are not one Kubernetes object each. */
const notObjects = new Set(["helm.sh", "yaml", "kustomize", "helm"]);

/**
 * @param givenKind the `kind` among the inputs, which tells the patch of a Node from a custom resource that is called NodePatch
 * Throws `NotServed` for what is not a single Kubernetes object.
 */
export function kubernetesType(token: string, givenKind?: unknown): KubernetesType {
  const [, module = "", name = ""] = token.split(":");
  const cut = module.lastIndexOf("/");
  const group = cut < 0 ? "" : module.slice(0, cut);
  const version = module.slice(cut + 1);
  if (!/^v\d/.test(version) || notObjects.has(group) || name === "") throw new NotServed("kubernetes", token);
  const isPatch = name.endsWith("Patch") && givenKind !== name;
  if (name.endsWith("List") && givenKind === undefined) throw new NotServed("kubernetes", `lists (${token})`);
  return {
    apiVersion: group === "" || group === "core" ? version : `${group}/${version}`,
    kind: isPatch ? name.slice(0, -"Patch".length) : name,
    isPatch,
  };
}
