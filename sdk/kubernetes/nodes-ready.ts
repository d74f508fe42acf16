import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { MachineLogArgs } from "./api-server-ready";
import type { MachineClaimsArgs, MachineStatus } from "./machine-claims";

/** How many nodes of a group to wait for. */
export interface ExpectedNodeGroup {
  /** Value of the nodes' label `gpu-clusters/node-group`. */
  name: pulumi.Input<string>;
  /**
   * Nodes that the group must have; 0 waits for none.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * GPUs that each of its nodes must offer to pods, as `gpuMode` says. Default: none is waited for.
   * @integer
   */
  gpus?: pulumi.Input<number>;
}

/** A machine that is to become a node. */
export interface ExpectedMachine {
  nodeName: pulumi.Input<string>;
  /** Where this computer reaches it, for `sshPrivateKey`. */
  address?: pulumi.Input<string>;
  /** Where else its log can be read, in a cloud's own way. */
  log?: pulumi.Input<MachineLogArgs>;
}

/** Who gives a group its machines. */
export interface NodeSupplyArgs {
  /** As the provider's configuration names it: `aws`, `cudo` or `mithril`. */
  cloud: pulumi.Input<string>;
  /** Of the group. */
  name: pulumi.Input<string>;
  /** URN of its `NodeGroup`. */
  owner: pulumi.Input<string>;
  /**
   * Machines that it must have.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /** The inputs of its `NodeGroup`, as far as they say which machines are its own, in JSON. */
  spec: pulumi.Input<string>;
}

export interface NodesReadyArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** The groups to wait for. */
  nodeGroups: pulumi.Input<pulumi.Input<ExpectedNodeGroup>[]>;
  /**
   * Control plane nodes to wait for. 0 where the cloud runs the control plane.
   * @integer
   * @default 1
   */
  controlPlaneNodes?: pulumi.Input<number>;
  /**
   * Nodes to wait for besides the control plane's, whatever their group: for clouds that make the nodes themselves, without labels of ours.
   * @integer
   */
  workerNodes?: pulumi.Input<number>;
  /**
   * GPUs that these offer together.
   * @integer
   */
  workerGpus?: pulumi.Input<number>;
  /**
   * What counts as a node's GPUs. `plugin`: `nvidia.com/…` or `amd.com/…` among its allocatable resources; `dra`: devices of NVIDIA's and AMD's
   * drivers in its ResourceSlices.
   * @default "plugin"
   */
  gpuMode?: pulumi.Input<"plugin" | "dra">;
  /**
   * `Ready`: nodes that take pods. `Registered`: nodes that have joined; without a CNI they do not become Ready.
   * @default "Ready"
   */
  condition?: pulumi.Input<"Ready" | "Registered">;
  /**
   * How long to wait, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 1800
   */
  timeoutSeconds?: pulumi.Input<number>;
  /** Asked for their logs when they do not become nodes. A change of them is none here. */
  machines?: pulumi.Input<pulumi.Input<ExpectedMachine>[]>;
  /**
   * Key that root accepts on `machines`: with it, the error about a node that is missing has the last lines of its machine's log.
   * OpenSSH's, PEM or PKCS#8 format, without a passphrase.
   * @secret
   */
  sshPrivateKey?: pulumi.Input<string>;
  /**
   * Where the cluster's machines are claimed, for clusters whose nodes a platform makes: the wait ends once one of them is in error, with what is wrong.
   */
  claims?: pulumi.Input<MachineClaimsArgs>;
  /**
   * Asked what becomes of the groups' machines while nodes are missing: a cloud may end an order, or refuse it, after it was placed. The wait tells its words, and
   * ends once the cloud gives no more. A change of them is none here.
   */
  supplies?: pulumi.Input<pulumi.Input<NodeSupplyArgs>[]>;
  /** What machines are made of, and which cluster it is, in any form: waits again when one of them changes. Cluster API's machines must all be of what it is told now. */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Waits until a cluster has the nodes that it should have at least, with their GPUs where they have some. It creates nothing and deletes
 * nothing.
 *
 * Nodes that come or go later are the autoscaler's business and cause no change here.
 * It cannot be imported: make it in the program.
 */
export class NodesReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:NodesReady";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /**
   * Control plane nodes waited for.
   * @integer
   */
  public readonly controlPlaneNodes!: pulumi.Output<number>;
  /** What was waited for. */
  public readonly condition!: pulumi.Output<"Ready" | "Registered">;
  /**
   * How long to wait, in seconds.
   * @integer
   */
  public readonly timeoutSeconds!: pulumi.Output<number>;
  /** What was claimed, where `claims` says where; as of the last `up` or `refresh`. */
  public readonly machines!: pulumi.Output<MachineStatus[] | undefined>;
  /** `ready`; unknown until then. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: NodesReadyArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig", "sshPrivateKey"],
      outputs: ["kubeconfig", "controlPlaneNodes", "condition", "timeoutSeconds", "machines", "status"],
    });
    super(NodesReady.__pulumiType, name, properties, resourceOptions(options));
  }
}
