import { requireTexts } from "../../sdk/function-arguments";
import * as pulumi from "../../sdk/pulumi";
import { PersistentVolume } from "@pulumi/kubernetes/core/v1/persistentVolume";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import type { KubernetesCluster } from "../cluster";
import { Problems } from "../errors";
import { checkCluster } from "../handles";
import { bySchema, heldArgs } from "../schema-check";
import { checkBetween, checkedBetween, checkLabel } from "../value-checks";
import { fileShares } from "./file-shares";
import { ownClaim, ownersIn, type OneOfAKind } from "./one-of-a-kind";

/** An entry of a pod's `volumes`. */
export interface HostPathPodVolume {
  name: string;
  hostPath: { path: string; type: "Directory" };
}

/**
 * A file share as an entry of a pod's `volumes`, without a claim. The pod does not start on a node that has not mounted the share
 * (type `Directory`), instead of writing to the node's own disk.
 */
export function fileSharePodVolume(share: string): HostPathPodVolume {
  requireTexts("fileSharePodVolume", { share });
  return { name: share, hostPath: { path: `/mnt/${share}`, type: "Directory" } };
}

export interface FileShareVolumeArgs {
  /** The cluster whose nodes have the share. */
  cluster: KubernetesCluster;
  /** Name of the share: nodes have it at `/mnt/<share>`. A cluster that knows all of its nodes' shares refuses others. */
  share: string;
  /**
   * Size that the claim shows, in GB, and keeps. The share's own size is what counts.
   * @integer
   */
  sizeGb: pulumi.Input<number>;
  /**
   * Namespace of the claim and of the pods that use it.
   * Default: `default`.
   */
  namespace?: string;
  /**
   * Name of the claim.
   * Default: the share's name.
   */
  claimName?: string;
}

/**
 * A file share of the nodes as a PersistentVolume with its claim, for workloads that want a claim (charts, notebooks). Many pods on many
 * nodes read and write it at once. Deleting it leaves the data.
 *
 * Start dozens of pods with volumes one after another: see examples/mithril-training.
 *
 * Cost: none besides the share's own.
 *
 * @example
 * const data = new FileShareVolume("data", { cluster, share: "datasets", sizeGb: 1000 });
 * // volumes: [data.podVolume], volumeMounts: [{ name: "datasets", mountPath: "/data" }]
 */
export class FileShareVolume extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:FileShareVolume";

  /** Known once the claim is bound. */
  public readonly claimName: pulumi.Output<string>;
  /** An entry of a pod's `volumes`, named after the share. */
  public readonly podVolume: pulumi.Output<{ name: string; persistentVolumeClaim: { claimName: string } }>;

  constructor(name: string, given: FileShareVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    checkFileShareVolume(given).raise("FileShareVolume");
    const args = heldArgs(FileShareVolume.__pulumiType, given);
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(FileShareVolume.__pulumiType, name, { ...args, cluster: args.cluster.clusterName }, options);
    const { cluster, share, namespace = "default", claimName = share } = args;
    const child = { parent: this, provider: cluster.kubeProvider };
    ownersIn(cluster).note(`FileShareVolume "${name}"`, volumeAlone(args));
    const capacity = {
      storage: pulumi
        .output(args.sizeGb)
        .apply((size) => `${checkedBetween("FileShareVolume", "sizeGb", size, volumeSizes)}G`),
    };
    const accessModes = ["ReadWriteMany"];
    const volume = new PersistentVolume(
      `${name}-volume`,
      {
        // Volumes have no namespace: two claims of one share in two namespaces are two volumes.
        metadata: { name: volumeName(namespace, claimName) },
        spec: {
          capacity,
          accessModes,
          hostPath: fileSharePodVolume(share).hostPath,
          // No provisioner may answer the claim, and no other claim may take the volume.
          storageClassName: "",
          claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: claimName },
          persistentVolumeReclaimPolicy: "Retain",
        },
      },
      child,
    );
    const claim = new PersistentVolumeClaim(
      `${name}-claim`,
      {
        metadata: { name: claimName, namespace },
        spec: {
          accessModes,
          resources: { requests: capacity },
          storageClassName: "",
          volumeName: volume.metadata.name,
        },
      },
      // Kubernetes resizes no volume that nobody provisions.
      { ...child, ignoreChanges: ["spec.resources"] },
    );
    this.claimName = claim.metadata.name;
    this.podVolume = this.claimName.apply((claimed) => ({
      name: share,
      persistentVolumeClaim: { claimName: claimed },
    }));
    this.registerOutputs({ claimName: this.claimName, podVolume: this.podVolume });
  }
}

function volumeName(namespace: string, claimName: string): string {
  return `${namespace}-${claimName}`;
}

function volumeAlone({
  share,
  namespace = "default",
  claimName = share,
}: Pick<FileShareVolumeArgs, "share" | "namespace" | "claimName">): OneOfAKind[] {
  const volume = volumeName(namespace, claimName);
  return [
    ownClaim(namespace, claimName),
    {
      key: `volume ${volume}`,
      path: "claimName",
      refusal: (owner) =>
        `the volume ${volume} is that of ${owner}, and volumes have no namespace: name the claim otherwise`,
    },
  ];
}

/** In GB, to a petabyte: more is a mistake. */
export const volumeSizes = [1, 1_000_000] as const;

/** Pods would wait for ever for a path that no node has. */
function checkShare(share: string | undefined, there: readonly string[] | undefined, problems: Problems): void {
  if (share === undefined || there === undefined || there.includes(share)) return;
  const names = there.length > 0 ? there.join(", ") : "none; for storage that many pods share, take SharedClaim";
  problems.add("share", `"${share}" is on no node of the cluster, whose nodes have: ${names}`);
}

export function checkFileShareVolume(given: FileShareVolumeArgs): Problems {
  const problems = new Problems();
  const args = bySchema(FileShareVolume.__pulumiType, given, problems);
  const { cluster, share, sizeGb, namespace, claimName } = args;
  checkCluster("cluster", cluster, problems);
  // A pod's volume has the share's name, which Kubernetes limits further than Mithril does.
  for (const [field, value] of Object.entries({ share, namespace, claimName })) checkLabel(field, value, problems);
  checkBetween("sizeGb", sizeGb, volumeSizes, problems);
  checkShare(share, fileShares.get(cluster), problems);
  if (share !== undefined) ownersIn(cluster).check(volumeAlone(args), problems);
  return problems;
}
