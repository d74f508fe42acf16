import type { DataCenter, Disk, Image, MachineType, Network, Rule, SecurityGroup, Vm, VmRequest } from "./types";
import type { SshKeySource } from "../../sdk/cudo/values";

/**
 * Cudo's API as far as this package uses it, for one project. `client.ts` implements it over HTTP.
 *
 * `find` gives undefined where there is none. Creates are sent once: `create-once.ts` makes them safe to repeat.
 */
export interface CudoApi {
  readonly projectId: string;
  dataCenters(signal: AbortSignal): Promise<DataCenter[]>;
  machineTypes(signal: AbortSignal): Promise<MachineType[]>;
  /** Public images and the project's own. */
  images(signal: AbortSignal): Promise<Image[]>;
  readonly vms: {
    /** All of the project; there is no filter by metadata. */
    list(signal: AbortSignal): Promise<Vm[]>;
    find(id: string, signal: AbortSignal): Promise<Vm | undefined>;
    create(request: VmRequest, signal: AbortSignal): Promise<void>;
    /** Deletes the VM and its boot disk; storage disks are detached and stay. */
    terminate(id: string, signal: AbortSignal): Promise<void>;
    start(id: string, signal: AbortSignal): Promise<void>;
    stop(id: string, signal: AbortSignal): Promise<void>;
    /** The VM must be stopped. */
    resize(id: string, size: { vcpus: number; memoryGib: number }, signal: AbortSignal): Promise<void>;
    /** Grows a disk of the VM. */
    growDisk(id: string, disk: { diskId: string; sizeGib: number }, signal: AbortSignal): Promise<void>;
    /** Replaces all metadata. */
    setMetadata(id: string, metadata: Record<string, string>, signal: AbortSignal): Promise<void>;
    setSshKeys(
      id: string,
      keys: { sshKeySource: SshKeySource; customSshKeys: string[] },
      signal: AbortSignal,
    ): Promise<void>;
    commit(id: string, commitmentTerm: string, signal: AbortSignal): Promise<void>;
    attachSecurityGroup(id: string, securityGroupId: string, signal: AbortSignal): Promise<void>;
    detachSecurityGroup(id: string, securityGroupId: string, signal: AbortSignal): Promise<void>;
  };
  readonly disks: {
    find(id: string, signal: AbortSignal): Promise<Disk | undefined>;
    create(disk: { id: string; dataCenterId: string; sizeGib: number }, signal: AbortSignal): Promise<void>;
    delete(id: string, signal: AbortSignal): Promise<void>;
    attach(id: string, vmId: string, signal: AbortSignal): Promise<void>;
    detach(id: string, signal: AbortSignal): Promise<void>;
  };
  readonly networks: {
    find(id: string, signal: AbortSignal): Promise<Network | undefined>;
    create(network: { id: string; dataCenterId: string; ipRange: string }, signal: AbortSignal): Promise<void>;
    delete(id: string, signal: AbortSignal): Promise<void>;
  };
  readonly securityGroups: {
    list(signal: AbortSignal): Promise<SecurityGroup[]>;
    find(id: string, signal: AbortSignal): Promise<SecurityGroup | undefined>;
    create(group: SecurityGroupRequest & { id: string }, signal: AbortSignal): Promise<void>;
    /** Replaces description and all rules. */
    update(id: string, group: SecurityGroupRequest, signal: AbortSignal): Promise<void>;
    delete(id: string, signal: AbortSignal): Promise<void>;
  };
}

export interface SecurityGroupRequest {
  dataCenterId: string;
  description: string;
  rules: Rule[];
}
