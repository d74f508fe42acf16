import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** What may be chosen otherwise at any time. */
export interface ToldChoiceArgs {
  /** For people. */
  value: pulumi.Input<string>;
  /** What it means for what runs that it is another. */
  meaning: pulumi.Input<string>;
}

export interface LastingChoicesArgs {
  /**
   * Name of the cluster. Another name is another cluster, which may choose anew, unless the name is among the choices.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /** What is chosen, by the name that the user knows it by, for example `{ "controlPlane.count": "1" }`. */
  choices: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Sizes that only grow, by the name that the user knows them by, for example `{ "sharedStorage.sizeGib": 100 }`: less is refused. */
  least?: pulumi.Input<Record<string, pulumi.Input<number>>>;
  /**
   * What has data in it, by the name that the user knows it by, and whether it is kept: what was kept cannot be left out. `{ "the share \"a\"": true }`, and
   * `false` before it goes.
   */
  kept?: pulumi.Input<Record<string, pulumi.Input<boolean>>>;
  /**
   * Parts that may come and go, by the names that the user knows them by, each with what it means that it goes: `{ 'nodeGroups "gpu"': "its nodes go" }`. The
   * preview warns of one that is no longer named. With `onChange: "warn"`, one that goes as another comes was renamed, which replaces this.
   */
  parts?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What may be chosen otherwise, by the name that the user knows it by: the preview says what that means for what runs. */
  told?: pulumi.Input<Record<string, pulumi.Input<ToldChoiceArgs>>>;
  /**
   * Kubeconfig of the cluster that servers are managed from. One of another cluster is refused while the one before is there: its servers would be wiped. Other
   * credentials, addresses and authorities of the same cluster are no other choice.
   * @secret
   */
  managementKubeconfig?: pulumi.Input<string>;
  /**
   * What another choice means. `refuse`: an error. `warn`: what depends on this deletes the cluster and makes another, and the user is told.
   * @default "refuse"
   */
  onChange?: pulumi.Input<"refuse" | "warn">;
}

/**
 * What a cluster is made with and keeps for its life. It makes nothing: a program that chooses otherwise later is refused, at the preview
 * already. What must not happen then depends on this resource, as machines with etcd on their disks. What is named for the first time, or no
 * longer, is no other choice. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class LastingChoices extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:LastingChoices";

  public readonly clusterName!: pulumi.Output<string>;
  public readonly choices!: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: LastingChoicesArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterName", "choices"];
    super(LastingChoices.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
