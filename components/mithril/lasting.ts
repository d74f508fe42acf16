import * as pulumi from "../../sdk/pulumi";
import type { MithrilClusterArgs } from "./args";

const defaultKubernetesVersion = "1.34";

/** What a cluster keeps for its life: Mithril changes nothing of one, and a share of another size is another, empty one. */
export function lastingChoices(name: string, args: MithrilClusterArgs): Record<string, pulumi.Input<string>> {
  const { clusterName = name, namePrefix = "", kubernetesVersion = defaultKubernetesVersion } = args;
  return {
    clusterName,
    namePrefix: JSON.stringify(namePrefix),
    region: args.region,
    "controlPlane.instanceType": args.controlPlane.instanceType,
    kubernetesVersion,
    ...(args.sshKeyId !== undefined && { sshKeyId: args.sshKeyId }),
    ...(args.sshPublicKey !== undefined && { sshPublicKey: pulumi.output(args.sshPublicKey).apply(withoutComment) }),
    ...Object.fromEntries(
      (args.fileShares ?? []).map(({ name: share, sizeGb }) => [
        `sizeGb of the file share "${share}"`,
        pulumi.output(sizeGb).apply(String),
      ]),
    ),
  };
}

/** Shares that are there, and which of them may not be left out. */
export function keptShares({ fileShares = [], sharedStorage }: MithrilClusterArgs): Record<string, boolean> {
  const ofShared = (share: string) => (sharedStorage?.share === share ? sharedStorage.protect : undefined);
  const entries = fileShares.map(({ name, protect }) => [
    `the file share "${name}"`,
    protect ?? ofShared(name) ?? true,
  ]);
  return Object.fromEntries(entries) as Record<string, boolean>;
}

function withoutComment(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
}
