/**
 * Bootstrap tokens of a group's machines. Only a machine's metadata names its token, which goes when somebody else deletes the machine: so it is kept
 * here from when the machine was seen, as long as this process lives.
 */
import { metadataKeys } from "./ownership";
import type { Vm } from "./types";

export interface MachineTokensOptions {
  find(vmId: string, signal: AbortSignal): Promise<Vm | undefined>;
  /** False where it could not be done. */
  revoke(tokens: readonly string[], signal: AbortSignal): Promise<boolean>;
}

export class MachineTokens {
  /** By token: its machine. */
  private readonly known = new Map<string, string>();

  constructor(private readonly options: MachineTokensOptions) {}

  /** After a look at the group: revokes those of machines that are gone. A list may be behind, so that each machine that it lacks is asked for. */
  async follow(members: readonly Vm[], signal: AbortSignal): Promise<void> {
    const listed = new Set<string>();
    for (const vm of members) {
      for (const token of tokensOf(vm)) {
        listed.add(token);
        this.known.set(token, vm.id);
      }
    }
    const gone: string[] = [];
    for (const [token, id] of this.known) {
      if (!listed.has(token) && !(await this.isThere(id, token, signal))) gone.push(token);
    }
    await this.revoke(gone, signal);
  }

  /** Those that could not be revoked now are tried again after the next look. */
  async revoke(tokens: readonly string[], signal: AbortSignal): Promise<void> {
    if (tokens.length === 0 || !(await this.options.revoke(tokens, signal))) return;
    for (const token of tokens) this.known.delete(token);
  }

  private async isThere(id: string, token: string, signal: AbortSignal): Promise<boolean> {
    const vm = await this.options.find(id, signal);
    return vm !== undefined && vm.state !== "DELETED" && tokensOf(vm).includes(token);
  }
}

/** By their ids: those that a machine was made with. */
export function tokensOf({ metadata }: Vm): string[] {
  const id = metadata[metadataKeys.token];
  return id === undefined ? [] : [id];
}
