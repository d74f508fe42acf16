import * as pulumi from "../pulumi";
import type { MachineVaultArgs } from "../vault/machine-vault";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { CommitmentTerm, SshKeySource } from "./values";

/** A network interface of a VM. */
export interface VmNicArgs {
  /** Network of the same data center. */
  networkId: pulumi.Input<string>;
  /**
   * Whether the VM gets a public address on this interface.
   * @default false
   */
  assignPublicIp?: pulumi.Input<boolean>;
  /** Changed in place where the VM has one interface; with several, a change makes a new VM. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

export interface VmArgs {
  /**
   * Id of the VM, unique in the project: 1 to 30 lower-case letters, digits and hyphens, starting with a letter.
   * Default: the resource's name, made valid.
   * @replaceOnChanges
   */
  vmId?: pulumi.Input<string>;
  /**
   * Data center, for example `us-newyork-1`.
   * @replaceOnChanges
   */
  dataCenterId: pulumi.Input<string>;
  /**
   * Hardware family, for example `intel-broadwell-v100`; `getMachineTypes` lists what a data center offers.
   * @replaceOnChanges
   */
  machineType: pulumi.Input<string>;
  /**
   * Image id, public or private, or the beginning of one (`ubuntu-2204-nvidia-550-docker`): the newest that matches is used, and kept when
   * a newer one appears. A change makes a new VM, unless it still names the image that the VM has.
   */
  image: pulumi.Input<string>;
  /**
   * vCPUs. The machine type bounds them and their ratio to memory and GPUs. A change stops and starts the VM.
   * @integer
   */
  vcpus: pulumi.Input<number>;
  /**
   * Memory in GiB. A change stops and starts the VM.
   * @integer
   */
  memoryGib: pulumi.Input<number>;
  /**
   * GPUs.
   * @default 0
   * @integer
   * @replaceOnChanges
   */
  gpus?: pulumi.Input<number>;
  /**
   * Boot disk in GiB. Default: the image's size. It grows in place; shrinking it makes a new VM.
   * @integer
   */
  diskSizeGib?: pulumi.Input<number>;
  /** Storage disks of the same data center to attach. Disks stay when the VM is deleted. Changed in place. */
  storageDiskIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Network interfaces. Default: public networking with a public address and no private one. */
  nics?: pulumi.Input<pulumi.Input<VmNicArgs>[]>;
  /**
   * Security groups of a VM without `nics`; with `nics`, give them there. Without any, all traffic is let through. Changed in place.
   */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Whose SSH keys root accepts, besides `customSshKeys`. Changed in place.
   * @default "SSH_KEY_SOURCE_NONE"
   */
  sshKeySource?: pulumi.Input<SshKeySource>;
  /** Public keys in OpenSSH format. Changed in place. */
  customSshKeys?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Bash script that root runs, possibly again on each boot. Keep it below 16 KiB. `@@NODE_NAME@@` stands for the VM's id and
   * `@@PROVIDER_ID@@` for `cudo://<project>/<id>`. Cudo does not give it back, so a change made elsewhere is not seen, and an imported VM
   * has none in its state: import with `ignoreChanges: ["startScript"]`.
   * @secret
   * @replaceOnChanges
   */
  startScript?: pulumi.Input<string>;
  /**
   * Where the VM keeps the key of its encrypted disk. Before it is made, it gets a role there, and `startScript` the means to log in:
   * `@@VAULT_ROLE_ID@@`, `@@VAULT_TOKEN@@` (a one-time token for a secret id, good for two hours) and `@@VAULT_KEY_PATH@@`. Deleting the VM deletes
   * role and key: nobody opens its disk any more. Keys of data disks go with these (`Disk.encryption`). The provider's `vault.token` acts. Address, namespace and mounts stay as they are.
   */
  vault?: pulumi.Input<MachineVaultArgs>;
  /**
   * What the VM gets from Vault and not from Cudo: written to the KV engine beside the key of its disk, under `start`, before it is made, and deleted
   * with it. `startScript` fetches it. For keys that Cudo shall not have, and for more than 16 KiB. `@@NODE_NAME@@` and `@@PROVIDER_ID@@` stand for
   * the same, and `@@SECRETS_KEY@@` for 32 random bytes in base64, which are made for this VM and are in Vault alone. Needs `vault`.
   * @secret
   * @replaceOnChanges
   */
  vaultScript?: pulumi.Input<string>;
  /** Free-form marks. Keys `gpu-clusters-owner` and `gpu-clusters-script` are taken. Changed in place. */
  metadata?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * How long the VM is paid for in advance. It cannot be deleted before that.
   * @default "COMMITMENT_TERM_NONE"
   */
  commitmentTerm?: pulumi.Input<CommitmentTerm>;
}

/**
 * A virtual machine. Charged by the hour for vCPUs, memory, GPUs, disk and public address, stopped or not: only deleting it ends that.
 *
 * If creating it was interrupted before the state was written, the next `pulumi up` goes on with the VM that is there: its metadata names
 * the resource that made it. A VM of the same id that something else made is refused.
 * Import id: `<vmId>`. Import with `ignoreChanges: ["startScript"]`.
 */
export class Vm extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:Vm";

  public readonly vmId!: pulumi.Output<string>;
  public readonly dataCenterId!: pulumi.Output<string>;
  public readonly machineType!: pulumi.Output<string>;
  public readonly image!: pulumi.Output<string>;
  /** @integer */
  public readonly vcpus!: pulumi.Output<number>;
  /** @integer */
  public readonly memoryGib!: pulumi.Output<number>;
  /** @integer */
  public readonly gpus!: pulumi.Output<number>;
  /** @integer */
  public readonly diskSizeGib!: pulumi.Output<number>;
  public readonly metadata!: pulumi.Output<Record<string, string> | undefined>;
  /** The image that the VM was made from. */
  public readonly imageId!: pulumi.Output<string>;
  /** GPU model, for example `V100`; empty without GPUs. */
  public readonly gpuModel!: pulumi.Output<string>;
  /** Address in the private network; empty on a VM that has public networking only. */
  public readonly internalIpAddress!: pulumi.Output<string>;
  /** Public address; empty where none is assigned. */
  public readonly externalIpAddress!: pulumi.Output<string>;
  /** `cudo://<project>/<id>`: what a Kubernetes node on the VM has as `spec.providerID`. */
  public readonly providerId!: pulumi.Output<string>;
  /** Project that the VM is in. */
  public readonly projectId!: pulumi.Output<string>;
  /** State at the last `up` or `refresh`: `ACTIVE`, `STOPPED`, `FAILED`, … */
  public readonly state!: pulumi.Output<string>;
  /** RFC 3339. Another VM of the same id was made at another time. */
  public readonly createdAt!: pulumi.Output<string>;

  /** The VM with this id, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Vm {
    return new Vm(name, undefined, { ...options, id });
  }

  constructor(name: string, args: VmArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: VmArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: VmArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "vmId",
      "dataCenterId",
      "machineType",
      "image",
      "vcpus",
      "memoryGib",
      "gpus",
      "diskSizeGib",
      "metadata",
      "imageId",
      "gpuModel",
      "internalIpAddress",
      "externalIpAddress",
      "providerId",
      "projectId",
      "state",
      "createdAt",
    ];
    super(
      Vm.__pulumiType,
      name,
      resourceProperties(args, { secrets: ["startScript", "vaultScript"], outputs }),
      resourceOptions(options),
    );
  }
}
