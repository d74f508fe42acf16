import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import * as pulumi from "../../../sdk/pulumi";
import type { KubernetesCluster } from "../../cluster";
import { checked, Problems } from "../../errors";
import { checkCluster } from "../../handles";
import { known } from "../../inputs";
import { bySchema, heldArgs } from "../../schema-check";
import { checkBetween, checkedBetween, checkLabel } from "../../value-checks";
import { ownClaim, ownersIn } from "../one-of-a-kind";

export interface SharedClaimArgs {
  /** A cluster with `sharedStorage`. */
  cluster: KubernetesCluster;
  /**
   * Size that the claim asks for, in GiB, and keeps. Where the cloud keeps files, nothing ends at it: EFS grows, a file server has one disk for all.
   * @integer
   */
  sizeGib: pulumi.Input<number>;
  /**
   * Namespace of the claim and of the pods that use it.
   * Default: `default`.
   */
  namespace?: pulumi.Input<string>;
  /** Name of the claim. Default: the resource's. */
  claimName?: string;
  /**
   * Refuses to delete it, because its data goes along, or is out of reach (EFS): set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

/**
 * Storage that many pods on many nodes read and write at once, the same on every cloud: a PersistentVolumeClaim of the cluster's StorageClass
 * `shared`.
 *
 * Cost: what the cloud takes for the data that is in it.
 *
 * @example
 * const data = new SharedClaim("datasets", { cluster, sizeGib: 500 });
 * // volumes: [data.podVolume], volumeMounts: [{ name: "datasets", mountPath: "/data" }]
 */
export class SharedClaim extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:addons:SharedClaim";

  /** Known once the claim is there. */
  public readonly claimName: pulumi.Output<string>;
  /** An entry of a pod's `volumes`, named after the claim. */
  public readonly podVolume: pulumi.Output<{ name: string; persistentVolumeClaim: { claimName: string } }>;

  constructor(name: string, given: SharedClaimArgs, options?: pulumi.ComponentResourceOptions) {
    checkSharedClaim(name, given).raise("SharedClaim");
    const args = heldArgs(SharedClaim.__pulumiType, given);
    const { cluster, claimName = name, protect = true } = args;
    const sizeGib = pulumi
      .output(args.sizeGib)
      .apply((size) => checkedBetween("SharedClaim", "sizeGib", size, claimSizes));
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(SharedClaim.__pulumiType, name, { ...args, cluster: cluster.clusterName }, options);
    const namespace = claimNamespace(name, args);
    const claim = new PersistentVolumeClaim(
      `${name}-claim`,
      {
        metadata: { name: claimName, namespace },
        spec: {
          accessModes: ["ReadWriteMany"],
          resources: { requests: { storage: pulumi.interpolate`${sizeGib}Gi` } },
          // Known once the class is there, which is deleted after the claim.
          storageClassName: cluster.sharedStorageClass!,
        },
      },
      // No volume of the class can be resized, and none need be.
      { parent: this, provider: cluster.kubeProvider, protect, ignoreChanges: ["spec.resources"] },
    );
    this.claimName = claim.metadata.name;
    this.podVolume = this.claimName.apply((claimed) => ({
      name: claimed,
      persistentVolumeClaim: { claimName: claimed },
    }));
    this.registerOutputs({ claimName: this.claimName, podVolume: this.podVolume });
  }
}

/** The claim's namespace, where no other of this program has a claim of its name. */
export function claimNamespace(name: string, { cluster, namespace = "default", claimName = name }: SharedClaimArgs) {
  const note = (place: string) => {
    ownersIn(cluster).note(`SharedClaim "${name}"`, [ownClaim(place, claimName)]);
    return place;
  };
  const given = known(namespace);
  return given !== undefined
    ? note(given)
    : pulumi.output(namespace).apply((later) => {
        const place = { cluster, namespace: later, claimName };
        return note(checked("SharedClaim", later, (problems) => checkPlace(place, problems)));
      });
}

function checkPlace(
  { cluster, namespace, claimName }: { cluster: KubernetesCluster | undefined; namespace: string; claimName: string },
  problems: Problems,
): void {
  checkLabel("namespace", namespace, problems);
  ownersIn(cluster).check([ownClaim(namespace, claimName)], problems);
}

/** In GiB, to a pebibyte: more is a mistake. */
export const claimSizes = [1, 1_048_576] as const;

export function checkSharedClaim(name: string, given: SharedClaimArgs): Problems {
  const problems = new Problems();
  const {
    cluster,
    sizeGib,
    namespace = "default",
    claimName = name,
  } = bySchema(SharedClaim.__pulumiType, given, problems);
  checkCluster("cluster", cluster, problems);
  checkBetween("sizeGib", sizeGib, claimSizes, problems);
  const place = known(namespace);
  if (place !== undefined) checkPlace({ cluster, namespace: place, claimName }, problems);
  checkLabel("claimName", claimName, problems);
  if (cluster !== undefined && cluster.sharedStorageClass === undefined)
    problems.add("cluster", "has no shared storage: give it sharedStorage");
  return problems;
}
