/** The sources that Modelplane's API has. Pure. */
import type { InferenceClusterArgs } from "./args";

export const sources = {
  existing: "Existing",
  eks: "EKS",
  gke: "GKE",
  aks: "AKS",
  nebius: "Nebius",
  vultr: "Vultr",
} as const;

export type SourceKey = keyof typeof sources;

export const sourceKeys = Object.keys(sources) as SourceKey[];

export function sourceOf(args: InferenceClusterArgs): SourceKey | undefined {
  return sourceKeys.find((key) => args[key] !== undefined);
}

/** Where it is; undefined where that is no choice of the source. */
export function regionOf(args: InferenceClusterArgs): { path: string; region: string } | undefined {
  if (args.eks) return { path: "eks.region", region: args.eks.region };
  if (args.gke) return { path: "gke.region", region: args.gke.region };
  if (args.aks) return { path: "aks.location", region: args.aks.location };
  if (args.vultr) return { path: "vultr.region", region: args.vultr.region };
  return undefined;
}
