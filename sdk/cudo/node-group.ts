import * as pulumi from "../pulumi";
import type { NodeGpusArgs } from "../kubernetes/node-gpus";
import type { TaintArgs } from "../kubernetes/taint";
import type { MachineVaultArgs } from "../vault/machine-vault";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface NodeGroupArgs {
  /**
   * Name of the cluster that the machines join.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * Name of the group, unique in its cluster: 1 to 63 lower-case letters, digits and hyphens.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Put before the cluster's name in the ids of the VMs, `<namePrefix><clusterName>-<name>-<number>`. Ids have at most 30 characters: where
   * that is too long, or could be read as another cluster and group, a hash stands before the number. Default: none.
   */
  namePrefix?: pulumi.Input<string>;
  /** `worker` nodes run workloads, `control` nodes the cluster's own services. Nodes carry it in the label `gpu-clusters/role`. */
  role: pulumi.Input<"control" | "worker">;
  /**
   * Fewest machines, from 0. `pulumi up` makes what is missing.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most machines. Lowering it removes the newest machines beyond it.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * Machines that a new group starts with. Default: `minSize`.
   * @integer
   */
  initialSize?: pulumi.Input<number>;
  /**
   * Data center, for example `us-newyork-1`.
   * @replaceOnChanges
   */
  dataCenterId: pulumi.Input<string>;
  /** Hardware family, for example `intel-broadwell-v100`. Like the rest of the shape, a change concerns machines made from then on. */
  machineType: pulumi.Input<string>;
  /**
   * vCPUs per machine.
   * @integer
   */
  vcpus: pulumi.Input<number>;
  /**
   * Memory per machine in GiB.
   * @integer
   */
  memoryGib: pulumi.Input<number>;
  /**
   * GPUs per machine.
   * @default 0
   * @integer
   */
  gpus?: pulumi.Input<number>;
  /** GPUs as pods ask for them, which tells an autoscaler what a node of an empty group will be. Default: as many `nvidia.com/gpu`. */
  offeredGpus?: pulumi.Input<NodeGpusArgs>;
  /** GPU model, for example `V100`; only checked against the machine type's. */
  gpuModel?: pulumi.Input<string>;
  /**
   * Boot disk per machine in GiB.
   * @integer
   */
  diskSizeGib: pulumi.Input<number>;
  /** Image id, or the beginning of one: each new machine gets the newest that matches. */
  image: pulumi.Input<string>;
  /**
   * Network that the machines are in. They get public addresses too, for downloads.
   * @replaceOnChanges
   */
  networkId: pulumi.Input<string>;
  /** Security groups of new machines. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Public keys in OpenSSH format that root accepts on new machines. */
  customSshKeys?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Bash script that makes a new machine a node. `@@NODE_NAME@@`, `@@PROVIDER_ID@@` and `@@BOOTSTRAP_TOKEN@@` stand for what differs from
   * machine to machine; the token is made in the cluster when the machine is, and expires after two hours.
   * @secret
   */
  startScript: pulumi.Input<string>;
  /**
   * Where machines keep the keys of their encrypted disks: each gets a role there before it is made, and `startScript` the means to log in, as of
   * `cudo:Vm`. When a machine goes, role and key go. Concerns new machines; address, namespace and mounts stay as they are.
   */
  vault?: pulumi.Input<MachineVaultArgs>;
  /**
   * Administrator's access to the cluster, as YAML.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** Labels of the group's nodes. Changed in place, also on nodes that are there. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Taints of the group's nodes. Changed in place, also on nodes that are there. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
}

/** A machine of a node group. */
export interface NodeGroupMachineState {
  /** VM id. */
  id: string;
  /** Name of its node. */
  nodeName: string;
  /** The node's `spec.providerID`. */
  providerId: string;
  /** `creating`, `running`, `deleting` or `failed`. */
  state: string;
  /** Public address; empty until there is one. */
  address: string;
}

/**
 * A group of equal VMs that join a Kubernetes cluster as nodes. This resource owns the group's shape and bounds; the autoscaler owns its
 * size between them, and moving it there is no difference to `pulumi up`.
 *
 * Members are the VMs whose metadata has `gpu-clusters-cluster` and `gpu-clusters-node-group`. Deleting the group deletes all of them,
 * whoever made them, and waits until they are gone. Import id: `<projectId>/<clusterName>/<name>`.
 */
export class NodeGroup extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:NodeGroup";

  public readonly clusterName!: pulumi.Output<string>;
  public readonly name!: pulumi.Output<string>;
  /** @integer */
  public readonly minSize!: pulumi.Output<number>;
  /** @integer */
  public readonly maxSize!: pulumi.Output<number>;
  /**
   * Machines that the group has, at the last `up` or `refresh`.
   * @integer
   */
  public readonly size!: pulumi.Output<number>;
  /** The machines, oldest first. */
  public readonly machines!: pulumi.Output<NodeGroupMachineState[]>;
  /**
   * Which machines failed, and what kept Cudo from giving another one at the last `up` or `refresh`, in words: Cudo keeps no record of what it refused,
   * so that this is what was free then.
   */
  public readonly problems!: pulumi.Output<string[]>;
  /** Project that the group is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The group with this id, `<project>/<cluster>/<group>`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): NodeGroup {
    return new NodeGroup(name, undefined, { ...options, id });
  }

  constructor(name: string, args: NodeGroupArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterName", "name", "minSize", "maxSize", "size", "machines", "problems", "projectId"];
    super(
      NodeGroup.__pulumiType,
      name,
      resourceProperties(args, { secrets: ["startScript", "kubeconfig"], outputs }),
      resourceOptions(options),
    );
  }
}
