/**
 * Runs one node group: VMs of the project that carry the group's marks in their metadata. Cudo has no groups of its own, so the size is
 * the number of VMs, and growing is making VMs.
 */
import { placeholders } from "../../bootstrap/document";
import {
  GroupUnfinished,
  type NodeGroupDescription,
  type NodeGroupDriver,
  type NodeGroupMachine,
  type NodeGroupProblem,
  type NodeTemplate,
} from "../node-groups/driver";
import { nodeTemplate } from "../node-groups/template";
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import { inParallel } from "../cloud/parallel";
import { defaultPace, waitFor, type Pace } from "../cloud/wait";
import type { CudoApi } from "./api";
import { createOnce, IdTaken } from "./create-once";
import { isCudoError } from "./errors";
import type { GroupNodes, NodeMarks } from "./group-nodes";
import { NodeCourtesy } from "./node-courtesy";
import { GroupShortfall, isRefusal, problemOf } from "./group-shortfall";
import { memberId, memberOrdinal } from "../../sdk/cudo/ids";
import { tokenId } from "../kubernetes/bootstrap-token";
import { MachineTokens, tokensOf } from "./machine-tokens";
import { fillScript, metadataKeys, providerId } from "./ownership";
import type { Vm, VmRequest } from "./types";
import type { MachineAccess, MachineCredential } from "../vault/machine-access";
import { isLeaving, isSettled, machineState } from "./vm-state";
import { messageOf } from "../../sdk/message";

export interface CudoNodeGroupOptions {
  readonly api: CudoApi;
  readonly clusterName: string;
  readonly group: string;
  /** First part of the VMs' ids. */
  readonly idPrefix: string;
  /** Mark of the resource that the group belongs to (`ownerMark`). */
  readonly owner: string;
  /** What a new machine is. `image` is asked once for each `resize`. */
  readonly machine: Omit<VmRequest, "vmId" | "bootDiskImageId" | "startScript" | "metadata">;
  image(signal: AbortSignal): Promise<string>;
  /** With placeholders. */
  readonly startScript: string;
  /** Where the machines' disks are encrypted: what each has in Vault. */
  readonly access?: MachineAccess | undefined;
  readonly nodes: GroupNodes;
  /** What the nodes carry. */
  readonly marks: NodeMarks;
  /** GPUs as pods ask for them, by the resource's name. */
  readonly devices: Readonly<Record<string, number>>;
  /** Told what the user should know but what stops nothing. */
  warn(message: string): void;
  readonly pace?: Pace;
}

/** VMs asked for or given up at the same time. */
const parallelism = 5;
const keptProblems = 100;
/** A refused termination of a VM that is not busy will not pass by waiting, and an accepted one that does not begin is asked for again. */
const patienceMs = 60_000;

export class CudoNodeGroupDriver implements NodeGroupDriver {
  private readonly found: NodeGroupProblem[] = [];
  private readonly courtesy: NodeCourtesy;
  private readonly tokens: MachineTokens;

  constructor(private readonly options: CudoNodeGroupOptions) {
    this.courtesy = new NodeCourtesy(options.nodes, (message) => options.warn(message));
    this.tokens = new MachineTokens({
      find: (id, signal) => options.api.vms.find(id, signal),
      revoke: (ids, signal) => this.courtesy.revokeTokens(ids, signal),
    });
  }

  private get id(): string {
    const { api, clusterName, group } = this.options;
    return `${api.projectId}/${clusterName}/${group}`;
  }

  async ensure(size: number, signal: AbortSignal): Promise<string> {
    await this.refuseForeign(signal);
    try {
      await this.resize(size, signal);
    } catch (error) {
      throw new GroupUnfinished(error);
    }
    return this.id;
  }

  async describe(signal: AbortSignal): Promise<NodeGroupDescription> {
    const members = await this.members(signal);
    await this.tokens.follow(members, signal);
    const machines = members.map((vm) => this.machine(vm));
    const size = machines.filter(isLive).length;
    return { ...(machines.length > 0 && { id: this.id }), size, machines: machines.sort(byAge) };
  }

  /** Cudo keeps nothing of a group but its machines. */
  reshape(): Promise<boolean> {
    return Promise.resolve(false);
  }

  template(): Promise<NodeTemplate> {
    const { machine, marks, devices } = this.options;
    return Promise.resolve(
      nodeTemplate({
        ...marks,
        // Cudo's machine types say nothing of their architecture; all that are documented are x86.
        architecture: "amd64",
        vcpus: machine.vcpus,
        memoryMib: machine.memoryGib * 1024,
        diskGib: machine.bootDiskSizeGib,
        devices,
      }),
    );
  }

  /** Members by id; those that are gone are left out. */
  async members(signal: AbortSignal): Promise<Vm[]> {
    return this.membersAmong(await this.options.api.vms.list(signal));
  }

  async resize(size: number, signal: AbortSignal): Promise<void> {
    const { api, clusterName, group } = this.options;
    const everything = await api.vms.list(signal);
    const members = this.membersAmong(everything);
    const failed = members.filter((vm) => machineState(vm) === "failed");
    const missing = size - members.filter((vm) => isLive(this.machine(vm))).length;
    if (failed.length > 0) {
      await this.removeFailed(failed, signal);
    }
    if (missing <= 0) {
      return;
    }
    const image = await this.options.image(signal);
    const taken = new Set(everything.map((vm) => vm.id));
    const problems: NodeGroupProblem[] = [];
    let unknown: OutcomeUnknown | undefined;
    let made = 0;
    // After a refusal the next request would be refused too: nothing new is begun, what is under way is finished.
    await inParallel(Array.from({ length: missing }), parallelism, signal, async () => {
      if (problems.length > 0) return;
      try {
        await this.makeOne(image, taken, signal);
        made++;
      } catch (error) {
        const problem = signal.aborted ? undefined : problemOf(error);
        if (!problem) throw error;
        if (error instanceof OutcomeUnknown) unknown = error;
        problems.push(problem);
        this.note(problem);
      }
    });
    if (made < missing) {
      throw new GroupShortfall(`${clusterName}/${group}`, size, missing - made, problems, { cause: unknown });
    }
  }

  async remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const everything = await this.options.api.vms.list(signal);
    const members = new Set(this.membersAmong(everything).map((vm) => vm.id));
    const strangers = ids.filter(
      (id) => !members.has(id) && everything.some((vm) => vm.id === id && vm.state !== "DELETED"),
    );
    if (strangers.length > 0) {
      throw new Error(
        `VMs ${strangers.join(", ")} are not machines of node group "${this.options.group}"; none was removed`,
      );
    }
    const wanted = new Set(ids);
    await this.removeMembers((vm) => wanted.has(vm.id), signal);
    // A machine that was gone before may have left its node behind, and its access to Vault.
    const gone = ids.filter((id) => !members.has(id));
    await this.courtesy.remove(gone, signal);
    await this.revoke(gone, signal);
  }

  async destroy(signal: AbortSignal): Promise<void> {
    await this.removeMembers(() => true, signal);
    // Of machines whose making was cut short, and of those that somebody else deleted.
    const left = (await this.options.access?.machines(signal)) ?? [];
    await this.revoke(
      left.filter((id) => this.ordinal(id) !== Infinity),
      signal,
    );
  }

  async problems(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    for (const vm of await this.members(signal)) {
      if (machineState(vm) === "failed") this.noteFailed(vm);
    }
    return this.found.filter(({ at }) => at >= since);
  }

  /** Two groups of the same name would take each other's machines for their own, and destroying one would destroy both. */
  private async refuseForeign(signal: AbortSignal): Promise<void> {
    const { api, clusterName, group, owner } = this.options;
    const foreign = (await this.members(signal)).filter(({ metadata }) => metadata[metadataKeys.owner] !== owner);
    if (foreign.length === 0) return;
    throw new Error(
      `name: a node group "${group}" of a cluster "${clusterName}" exists already in project "${api.projectId}", and this resource did not make it ` +
        `(VMs ${foreign.map((vm) => vm.id).join(", ")}): choose another cluster name, or import it ` +
        `(pulumi import gpu-clusters:cudo:NodeGroup <name> ${this.id})`,
    );
  }

  private membersAmong(vms: readonly Vm[]): Vm[] {
    const { clusterName, group } = this.options;
    return vms
      .filter(
        ({ metadata }) => metadata[metadataKeys.cluster] === clusterName && metadata[metadataKeys.nodeGroup] === group,
      )
      .filter(({ state }) => state !== "DELETED")
      .sort((a, b) => this.ordinal(a.id) - this.ordinal(b.id) || a.id.localeCompare(b.id));
  }

  private ordinal(id: string): number {
    return memberOrdinal(this.options.idPrefix, this.options.group, id) ?? Infinity;
  }

  private machine(vm: Vm): NodeGroupMachine {
    return {
      id: vm.id,
      nodeName: vm.id,
      providerId: providerId(this.options.api.projectId, vm.id),
      // Cudo gives addresses after the VM is ACTIVE.
      state: vm.state === "ACTIVE" && vm.externalIpAddress === "" ? "creating" : machineState(vm),
      ...(vm.externalIpAddress && { address: vm.externalIpAddress }),
      ...(vm.createTime && { createdAt: vm.createTime }),
    };
  }

  /** Makes one VM under the lowest number that nobody has. */
  private async makeOne(image: string, taken: Set<string>, signal: AbortSignal): Promise<void> {
    const { api, clusterName, group, idPrefix, owner, machine, startScript, nodes, access } = this.options;
    for (let ordinal = 0; ; ordinal++) {
      const id = memberId(idPrefix, group, ordinal);
      if (taken.has(id)) continue;
      taken.add(id);
      // A node of that name is an earlier machine's, maybe cordoned, and so is a disk's key: the new one must not take them over.
      let isGranted = false;
      const hasToken = startScript.includes(placeholders.bootstrapToken);
      if (hasToken) await this.removeLeftBehind(id, signal);
      else await this.courtesy.remove([id], signal);
      const bootstrapToken = hasToken ? await nodes.mintBootstrapToken(id, signal) : undefined;
      const marks = {
        [metadataKeys.cluster]: clusterName,
        [metadataKeys.nodeGroup]: group,
        [metadataKeys.owner]: owner,
      };
      const tokens = bootstrapToken === undefined ? [] : [tokenId(bootstrapToken)];
      const metadata = { ...marks, ...(tokens[0] !== undefined && { [metadataKeys.token]: tokens[0] }) };
      const scriptFor = (credential: MachineCredential | undefined) =>
        fillScript(startScript, { projectId: api.projectId, vmId: id, bootstrapToken, credential });
      let found: Vm | undefined;
      const isOurs = (vm: Vm) => Object.entries(marks).every(([key, value]) => vm.metadata[key] === value);
      try {
        await createOnce(
          {
            kind: "VM",
            id,
            importHint: "a node group takes no VM that it has not made",
            find: (each) => api.vms.find(id, each),
            send: async (each) => {
              // Not before Cudo has said that there is no such VM, because its list may lag behind; and once: a lost create may have made a machine with a key of its own.
              if (!isGranted) await access?.forgetKey(id, each);
              isGranted = access !== undefined;
              const script = scriptFor(await access?.grant(id, each));
              await api.vms.create(
                { ...machine, vmId: id, bootDiskImageId: image, startScript: script, metadata },
                each,
              );
            },
            differences: () => [],
            made: (vm) => isOurs((found = vm)),
          },
          signal,
        );
        // An earlier run made it, with a token of its own.
        if (found)
          await this.courtesy.revokeTokens(
            tokens.filter((id) => !tokensOf(found!).includes(id)),
            signal,
          );
        return;
      } catch (error) {
        if (!signal.aborted && (error instanceof IdTaken || isRefusal(error)))
          await this.courtesy.revokeTokens(tokens, signal);
        if (error instanceof IdTaken) continue;
        if (isGranted && !signal.aborted && isRefusal(error)) await this.takeBack(id, error, signal);
        throw error;
      }
    }
  }

  /** Beside a node that is there the machine's token counts as spent, and no certificate is given. */
  private async removeLeftBehind(nodeName: string, signal: AbortSignal): Promise<void> {
    try {
      await this.options.nodes.remove(nodeName, signal);
    } catch (error) {
      signal.throwIfAborted();
      const words = `node ${nodeName}, which an earlier machine may have left, could not be removed: ${messageOf(error)}`;
      throw new Error(words, { cause: error });
    }
  }

  /** What a VM that was not made has in Vault: without a machine, the state may have no group that would do it. */
  private async takeBack(id: string, refused: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.options.access!.revoke(id, signal);
    } catch (error) {
      const words = `${messageOf(refused)}; what VM "${id}" would have had in Vault may be left: ${messageOf(error)}`;
      throw new OutcomeUnknown(words, { cause: refused });
    }
  }

  private async removeFailed(failed: readonly Vm[], signal: AbortSignal): Promise<void> {
    for (const vm of failed) this.noteFailed(vm);
    const ids = new Set(failed.map((vm) => vm.id));
    await this.removeMembers((vm) => ids.has(vm.id), signal);
  }

  /** Terminates the chosen members and waits until none is left, then removes their nodes. */
  private async removeMembers(chosen: (vm: Vm) => boolean, signal: AbortSignal): Promise<void> {
    const seen = new Map<string, Vm>();
    const acceptedAt = new Map<string, number>();
    const refused = new Map<string, number>();
    await waitFor(
      async () => {
        const left = (await this.members(signal)).filter(chosen);
        const fresh = left.filter((vm) => !seen.has(vm.id));
        for (const vm of left) seen.set(vm.id, vm);
        await this.courtesy.cordon(idsOf(fresh), signal);
        const isAccepted = ({ id }: Vm) => Date.now() - (acceptedAt.get(id) ?? -Infinity) < patienceMs;
        const waiting = left.filter((vm) => !isLeaving(vm) && !isAccepted(vm));
        await inParallel(waiting, parallelism, signal, async (vm) => {
          const isUnderWay = acceptedAt.has(vm.id);
          if (await this.terminate(vm, refused, isUnderWay, signal)) acceptedAt.set(vm.id, Date.now());
        });
        return left.length === 0 ? true : undefined;
      },
      signal,
      this.options.pace ?? defaultPace,
    );
    await this.courtesy.remove([...seen.keys()], signal);
    await this.tokens.revoke([...seen.values()].flatMap(tokensOf), signal);
    await this.revoke([...seen.keys()], signal);
  }

  /** Of machines that are gone. */
  private async revoke(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { access } = this.options;
    if (access) await inParallel(ids, parallelism, signal, (id) => access.revoke(id, signal));
  }

  /** False while the VM is too busy to be terminated. What was accepted is under way, whatever its repetition is told. */
  private async terminate(
    vm: Vm,
    refused: Map<string, number>,
    isUnderWay: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await this.options.api.vms.terminate(vm.id, signal);
      return true;
    } catch (error) {
      if (!isCudoError(error, "precondition", "invalid", "alreadyExists")) throw error;
      if (isUnderWay) return true;
      const since = refused.get(vm.id) ?? Date.now();
      refused.set(vm.id, since);
      if (isSettled(vm) && Date.now() - since >= patienceMs) throw error;
      return false;
    }
  }

  private noteFailed(vm: Vm): void {
    const message = `VM "${vm.id}" went to the state FAILED${vm.shortState && ` (${vm.shortState})`}; Cudo gives no reason`;
    if (!this.found.some((problem) => problem.message === message)) {
      this.note({ kind: "lost", machineId: vm.id, message, at: new Date() });
    }
  }

  private note(problem: NodeGroupProblem): void {
    this.found.push(problem);
    this.found.splice(0, this.found.length - keptProblems);
  }
}

/** Oldest first; machines of one age by their numbers. */
function byAge(a: NodeGroupMachine, b: NodeGroupMachine): number {
  const age = ({ createdAt }: NodeGroupMachine) => (createdAt ? Date.parse(createdAt) : 0);
  return age(a) - age(b);
}

function idsOf(vms: readonly Vm[]): string[] {
  return vms.map(({ id }) => id);
}

function isLive({ state }: NodeGroupMachine): boolean {
  return state === "creating" || state === "running";
}
