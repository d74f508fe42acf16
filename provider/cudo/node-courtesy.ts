/**
 * What a group's machines have in the cluster. It is a courtesy to that: when its API server does not answer, the machines go all the same, and the
 * answer is false.
 */
import { messageOf } from "../../sdk/message";
import type { GroupNodes } from "./group-nodes";

/** An API server that does not answer must not hold up the removal of machines that cost money. */
const timeoutMs = 10_000;

export class NodeCourtesy {
  constructor(
    private readonly nodes: GroupNodes,
    private readonly warn: (message: string) => void,
  ) {}

  cordon(names: readonly string[], signal: AbortSignal): Promise<boolean> {
    return this.each("cordon the node", names, (name, each) => this.nodes.cordon(name, each), signal);
  }

  remove(names: readonly string[], signal: AbortSignal): Promise<boolean> {
    return this.each("remove the node", names, (name, each) => this.nodes.remove(name, each), signal);
  }

  /** Of machines that are gone, or were not made: with one, who has it could be a later machine's node. */
  revokeTokens(ids: readonly string[], signal: AbortSignal): Promise<boolean> {
    return this.each("delete the bootstrap token", ids, (id, each) => this.nodes.revokeToken(id, each), signal);
  }

  private async each(
    what: string,
    names: readonly string[],
    act: (name: string, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const [index, name] of names.entries()) {
      try {
        await act(name, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      } catch (error) {
        signal.throwIfAborted();
        const rest = names.slice(index);
        this.warn(`could not ${what}${rest.length > 1 ? "s" : ""} ${rest.join(", ")}: ${messageOf(error)}`);
        return false;
      }
    }
    return true;
  }
}
