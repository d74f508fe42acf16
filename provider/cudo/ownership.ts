/** Marks in a VM's metadata. Cudo has no labels on disks, networks and security groups. */
import { scryptSync } from "node:crypto";
import { placeholders } from "../../bootstrap/document";
import type { MachineCredential } from "../vault/machine-access";

export const metadataKeys = {
  /** Name of the cluster. */
  cluster: "gpu-clusters-cluster",
  nodeGroup: "gpu-clusters-node-group",
  /** Which resource of which stack made it. */
  owner: "gpu-clusters-owner",
  /** Which start script it was made with: Cudo does not give the script back. */
  script: "gpu-clusters-script",
  /** The public part of the bootstrap token that it was made with. */
  token: "gpu-clusters-token",
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

export interface OwnValues {
  projectId: string;
  vmId: string;
  bootstrapToken?: string | undefined;
  credential?: MachineCredential | undefined;
  /** For Kubernetes' Secrets in etcd. */
  secretsKey?: string | undefined;
}

/** A start script with the machine's own values in place of the placeholders. */
export function fillScript(script: string, own: OwnValues): string {
  const { projectId, vmId, bootstrapToken, credential, secretsKey } = own;
  const values: Record<keyof typeof placeholders, string | undefined> = {
    nodeName: vmId,
    providerId: providerId(projectId, vmId),
    bootstrapToken,
    vaultRoleId: credential?.roleId,
    vaultToken: credential?.wrappedSecretId,
    vaultKeyPath: credential?.keyPath,
    secretsKey,
  };
  return Object.entries(values).reduce(
    // A function, because `$` in a text would have a meaning of its own.
    (text, [name, value]) =>
      value === undefined ? text : text.replaceAll(placeholders[name as keyof typeof values], () => value),
    script,
  );
}
