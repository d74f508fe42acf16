/**
 * Machines that a cloud does not give. cluster-autoscaler is told of them as machines that could not be made, and takes them back.
 * An id is never used twice, because it backs off from a group only for ids that it has not seen.
 */
import type { NodeGroupProblem } from "../../provider/node-groups/driver";

export type Problem = Pick<NodeGroupProblem, "kind" | "message">;

const scheme = "placeholder://";

export class Placeholders {
  private made = 0;
  private all: { readonly id: string; readonly problem: Problem }[] = [];

  /** `run` is unlike that of every other process. */
  constructor(
    private readonly group: string,
    private readonly run: string,
  ) {}

  get list(): readonly { readonly id: string; readonly problem: Problem }[] {
    return this.all;
  }

  get count(): number {
    return this.all.length;
  }

  add(problem: Problem): void {
    this.all.push({ id: `${scheme}${this.group}/${this.run}-${this.made++}`, problem });
  }

  /** Takes those of these ids away, and tells how many there were. */
  take(ids: ReadonlySet<string>): number {
    const before = this.count;
    this.all = this.all.filter(({ id }) => !ids.has(id));
    return before - this.count;
  }

  /** The oldest, at most so many. */
  keep(most: number): void {
    this.all.splice(most);
  }
}

/** The group that a placeholder stands for, also one that is no more; undefined for other ids. */
export function groupOfPlaceholder(id: string): string | undefined {
  return id.startsWith(scheme) ? id.slice(scheme.length, id.lastIndexOf("/")) : undefined;
}
