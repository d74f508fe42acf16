import * as pulumi from "../pulumi";
import { optionalOutput, resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** What a cluster can be registered with. */
export type Platform = "Modelplane" | "Michelangelo";

const gpusOf: Readonly<Record<Platform, string>> = {
  Modelplane: "hands GPUs out by DRA and forbids a device plugin beside it",
  Michelangelo: "asks for nvidia.com/gpu, which a device plugin offers",
};

/** Why a cluster cannot be registered a second time. */
export function platformConflict(wanted: Platform, present: string): string {
  const other = Object.entries(gpusOf).find(([platform]) => platform === present)?.[1];
  const reason =
    wanted === present || other === undefined
      ? `${wanted} counts on being the only one that places pods on its GPUs`
      : `${wanted} ${gpusOf[wanted]}, ${present} ${other}: both would hand out the same GPUs`;
  return `the cluster is registered with ${present} already: ${reason}. Give each a cluster of its own, or take the other registration back first`;
}

export interface PlatformClaimArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts. It must be allowed to write ConfigMaps in kube-system, or in
   * default where nobody may write to that, as on GKE Autopilot.
   * Another cluster is refused while the one before is there.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * What the cluster is registered with.
   * @replaceOnChanges
   */
  platform: pulumi.Input<Platform>;
}

/**
 * Keeps a cluster for one platform: a mark in the cluster (ConfigMap `gpu-clusters-platform` in kube-system, or in default) that a second registration finds,
 * from whichever program, at the preview where the cluster can be asked by then. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class PlatformClaim extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:PlatformClaim";

  public readonly platform!: pulumi.Output<Platform>;
  /** Whose mark it is. */
  public readonly owner!: pulumi.Output<string>;
  /** Which cluster it is: the uid of its namespace kube-system. Left out where that may not be read. */
  public readonly clusterUid!: pulumi.Output<string | undefined>;

  constructor(name: string, args: PlatformClaimArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig"],
      outputs: ["kubeconfig", "platform", "owner", "clusterUid"],
    });
    super(PlatformClaim.__pulumiType, name, properties, resourceOptions(options));
    this.clusterUid = optionalOutput(this.clusterUid);
  }
}
