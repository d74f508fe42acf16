import type { NodeGroupMachine } from "../../provider/node-groups/driver";
import type { GroupInstance } from "./instances";
import { Refusal } from "./refusal";

/**
 * A group that is no longer configured and still has nodes. cluster-autoscaler's older releases fail on nodes whose group is not listed, so it
 * stays with bounds of 0 until the last node is gone. Its machines are its program's to remove.
 */
export class DepartedGroup {
  readonly minSize = 0;
  readonly maxSize = 0;
  readonly template = undefined;

  constructor(
    readonly id: string,
    private readonly nodes: readonly Pick<NodeGroupMachine, "providerId">[],
  ) {}

  get target(): number {
    return this.nodes.length;
  }

  instances(): GroupInstance[] {
    return this.nodes.map(({ providerId }) => ({ id: providerId, state: "running" }));
  }

  increase(): void {
    this.refuse();
  }

  decrease(): void {
    this.refuse();
  }

  remove(): never {
    this.refuse();
  }

  private refuse(): never {
    throw new Refusal(
      "notPossible",
      `node group "${this.id}" has left the configuration: pulumi up removes its machines`,
    );
  }
}
