/** Marks in a VM's metadata. Cudo has no labels on disks, networks and security groups. */
import { scryptSync } from "node:crypto";
import { placeholders } from "../../bootstrap/document";

export const metadataKeys = {
  /** Name of the cluster. */
  cluster: "gpu-clusters-cluster",
  nodeGroup: "gpu-clusters-node-group",
  /** Which resource of which stack made it. */
  owner: "gpu-clusters-owner",
  /** Which start script it was made with: Cudo does not give the script back. */
  script: "gpu-clusters-script",
} as const;

/** Keys that this package sets by itself on a VM; a program may set the others. */
export const reservedKeys: readonly string[] = [metadataKeys.owner, metadataKeys.script];

/** Metadata is no secret and the script is: the mark must not let anyone test guesses quickly, so it is a slow hash. */
export function scriptMark(urn: string, startScript: string | undefined): string {
  return startScript === undefined ? "none" : scryptSync(startScript, urn, 16).toString("hex");
}

export function providerId(projectId: string, vmId: string): string {
  return `cudo://${projectId}/${vmId}`;
}

/** A start script with the machine's own values in place of the placeholders. */
export function fillScript(
  script: string,
  { projectId, vmId, bootstrapToken }: { projectId: string; vmId: string; bootstrapToken?: string },
): string {
  // A function, because `$` in a text would have a meaning of its own.
  const filled = script
    .replaceAll(placeholders.nodeName, () => vmId)
    .replaceAll(placeholders.providerId, () => providerId(projectId, vmId));
  return bootstrapToken === undefined ? filled : filled.replaceAll(placeholders.bootstrapToken, () => bootstrapToken);
}
