/** Pulumi's annotations on Kubernetes objects (reference: Pulumi documentation, "Kubernetes provider annotations"). */
import { valueAt } from "../../sdk/schema/property-path";

export const autonamed = "pulumi.com/autonamed";

export interface Wishes {
  readonly skipAwait: boolean;
  readonly patchForce: boolean | undefined;
  readonly fieldManager: string | undefined;
  readonly propagationPolicy: "Foreground" | "Background" | "Orphan";
}

export function wishesOf(object: object): Wishes {
  const annotation = (name: string): string | undefined => {
    const value = valueAt(object, ["metadata", "annotations", `pulumi.com/${name}`]);
    return typeof value === "string" ? value : undefined;
  };
  const force = annotation("patchForce");
  return {
    skipAwait: annotation("skipAwait") === "true",
    patchForce: force === undefined ? undefined : force === "true",
    fieldManager: annotation("patchFieldManager"),
    propagationPolicy: propagation(annotation("deletionPropagationPolicy")),
  };
}

const policies: Readonly<Record<string, Wishes["propagationPolicy"]>> = {
  background: "Background",
  foreground: "Foreground",
  orphan: "Orphan",
};

function propagation(policy = "foreground"): Wishes["propagationPolicy"] {
  return policies[policy.toLowerCase()] ?? "Foreground";
}
