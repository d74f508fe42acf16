import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** What must hold of an object. */
export interface ObjectCondition {
  /** `Ready`, for example. */
  type: pulumi.Input<string>;
  /**
   * What its status must be.
   * @default "True"
   */
  status?: pulumi.Input<string>;
}

/** Objects of one kind. */
export interface ObjectUsers {
  /** Group and version. */
  apiVersion: pulumi.Input<string>;
  kind: pulumi.Input<string>;
  /** `modelplane.ai/cluster=us-east`. Default: all of the kind. */
  labelSelector?: pulumi.Input<string>;
}

export interface ObjectReadyArgs {
  /**
   * Kubeconfig of the cluster that has the object, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Group and version: `modelplane.ai/v1alpha1`.
   * @replaceOnChanges
   */
  apiVersion: pulumi.Input<string>;
  /** @replaceOnChanges */
  kind: pulumi.Input<string>;
  /**
   * Default: `default`, for kinds that have namespaces.
   * @replaceOnChanges
   */
  namespace?: pulumi.Input<string>;
  /**
   * Name of the object.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Uid of the object: one that was made anew under the same name is another. Default: whichever has the name.
   * @replaceOnChanges
   */
  uid?: pulumi.Input<string>;
  /** All of them must hold, of the object as it is now: what a controller said of an earlier version (`observedGeneration`) does not count. */
  conditions: pulumi.Input<pulumi.Input<ObjectCondition>[]>;
  /**
   * Where the object has its conditions.
   * @default "status.conditions"
   */
  conditionsAt?: pulumi.Input<string>;
  /**
   * How many seconds ago the conditions may have been confirmed at most (`lastUpdatedTimestamp`, Unix time, or `lastHeartbeatTime`): for controllers
   * that say nothing when they no longer reach something. Default: their age does not matter.
   * @integer
   */
  freshSeconds?: pulumi.Input<number>;
  /** Places in the object that must have a value, which the output `values` has by the same names: `{ "address": "status.gateway.address" }`. */
  fields?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Places in the object that must have one of these values, for kinds that say what they are in a word: `{ "status.provisioning.state": ["available"] }`.
   */
  expected?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<string>[]>>>;
  /** Places in the object that are told in errors besides its conditions: `["status.errorMessage"]`. */
  told?: pulumi.Input<pulumi.Input<string>[]>;
  /** What the object was made of, in any form: waits again when one of them changes. */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Deletes the object when this is deleted, in the foreground, and waits until it is gone. For objects whose controllers must take much down first:
   * what holds them up is told. Whatever made the object then finds it gone.
   */
  deletes?: pulumi.Input<boolean>;
  /** What keeps the object for as long as it is there: while the object does not go, these are named. */
  users?: pulumi.Input<ObjectUsers>;
  /**
   * Places in the object and what they say while somebody uses it: then it is not deleted, and what would delete it ends with an error:
   * `{ "status.provisioning.state": ["provisioned"] }`.
   */
  inUse?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<string>[]>>>;
  /** What to look at when it does not become ready, or does not go: the end of the error. */
  hint?: pulumi.Input<string>;
  /**
   * How long to wait until it is ready, and until it is gone, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 600
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Waits until an object in a cluster is what its controller is to make of it: its conditions hold, and it says what is asked of it. It creates
 * nothing, and deletes the object only where it is told to.
 *
 * An API server that does not answer for two minutes ends the wait; where it is gone for good, `PULUMI_K8S_DELETE_UNREACHABLE=true` lets a destroy
 * forget the object. A refresh does not fail when the cluster is down.
 * It cannot be imported: make it in the program.
 */
export class ObjectReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ObjectReady";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** Of the object that is there. */
  public readonly uid!: pulumi.Output<string>;
  /** What stands in `fields`. */
  public readonly values!: pulumi.Output<Record<string, string>>;
  /** `ready`; unknown until then. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: ObjectReadyArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig"],
      outputs: ["kubeconfig", "uid", "values", "status"],
    });
    super(ObjectReady.__pulumiType, name, properties, resourceOptions(options));
  }
}
