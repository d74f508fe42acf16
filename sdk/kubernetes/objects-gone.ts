import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** Objects of one kind, in every namespace. */
export interface ObjectKind {
  /** Group and version: `ray.io/v1`. */
  apiVersion: pulumi.Input<string>;
  /** `RayJob`, for example. */
  kind: pulumi.Input<string>;
}

export interface ObjectsGoneArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Who looks after them, for what is told: `KubeRay's operator`.
   * @replaceOnChanges
   */
  controller: pulumi.Input<string>;
  /** Kinds that the cluster does not have, or not any more, have no objects. */
  kinds: pulumi.Input<pulumi.Input<ObjectKind>[]>;
  /**
   * How long its deletion waits, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 300
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * When it is deleted, deletes all objects of some kinds and waits until they have gone. It is for objects that only their controller lets go (finalizers), which, with the
 * definitions of the kinds, is deleted after it: without, these would never go. Where some stay, it ends with an error that names them. It makes nothing. Free of
 * charge.
 *
 * It cannot be imported: make it in the program.
 */
export class ObjectsGone extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ObjectsGone";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** `watched`. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: ObjectsGoneArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, { secrets: ["kubeconfig"], outputs: ["kubeconfig", "status"] });
    super(ObjectsGone.__pulumiType, name, properties, resourceOptions(options));
  }
}
