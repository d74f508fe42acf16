/** Names that are made of a cluster's, where they must be shorter than it may be. Pure. */
import { createHash } from "node:crypto";

/** Longest value of a Kubernetes label, and name of most things there. */
export const longestName = 63;

/** The name itself where it fits, else its beginning with a hash of the whole, so that different names stay different. */
export function shortened(name: string, longest: number): string {
  return name.length <= longest ? name : `${name.slice(0, longest - 9)}-${hashOf(name)}`;
}

/** Value of the nodes' label `gpu-clusters/cluster`: a cluster's name may be longer than a label. */
export function clusterLabel(clusterName: string): string {
  return shortened(clusterName, longestName);
}

/** Eight characters that tell texts apart. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
