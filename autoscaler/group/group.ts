/**
 * One node group in memory: what cluster-autoscaler is told of it, and what its cloud still lacks. Pure: it knows no cloud and no clock, and
 * answers at once.
 *
 * Between two changes the cloud's size is the target, so that a restart, Pulumi and a person at the cloud's console all mean the same by it.
 * From a request until the cloud has it, the target is kept here.
 */
import { counted } from "../../sdk/counted";
import { isLive } from "../../provider/node-groups/bounds";
import type { NodeGroupDescription, NodeGroupMachine } from "../../provider/node-groups/driver";
import { isOthers } from "../cluster/matching";
import type { GroupInstance, JoinedNode, NodeName, SeenNodes } from "./instances";
import { Joining } from "./joining";
import { Placeholders, type Problem } from "./placeholder";
import { Refusal } from "./refusal";

export interface Bounds {
  readonly minSize: number;
  readonly maxSize: number;
}

/** What the cloud lacks. */
export type Step =
  { readonly kind: "remove"; readonly ids: readonly string[] } | { readonly kind: "resize"; readonly size: number };

export interface GroupOptions extends Bounds {
  readonly id: string;
  /** Makes placeholders of this process unlike those of any other. */
  readonly run: string;
  /** How long the cloud's own lists may be out of date. Milliseconds. */
  readonly staleMs: number;
  /** How long a machine that runs may take to become a node. Milliseconds. */
  readonly joinMs: number;
}

export class Group {
  readonly id: string;
  readonly minSize: number;
  readonly maxSize: number;
  private wanted = 0;
  /** The cloud's size as it was last written or read; undefined when that is not known. */
  private applied: number | undefined;
  private machines: readonly NodeGroupMachine[] = [];
  private byName: ReadonlyMap<string, NodeGroupMachine> = new Map();
  /** Machines that are to go, until they are gone: when the cloud took the request. */
  private readonly leaving = new Map<string, number | undefined>();
  /** Machines that came after the first account and have not run yet. */
  private readonly fresh = new Set<string>();
  /** Why machines that the cloud has, but does not run, or that failed, do not come. */
  private readonly waiting = new Map<string, Problem>();
  private readonly placeholders: Placeholders;
  private changedAt = -Infinity;
  /** Launches fail: what the cloud makes in their place is not wanted. Until the group is asked for more, or has been quiet for a while. */
  private failing = false;
  /** More was asked for than has run. */
  private growing = false;
  /** Machines whose order was given up: they were removed, or lost as soon as they were made. */
  private readonly givenUp = new Set<string>();
  private described = false;
  private unfinished = false;
  private readonly joining: Joining;

  constructor(private readonly options: GroupOptions) {
    this.id = options.id;
    this.joining = new Joining(options.joinMs);
    this.placeholders = new Placeholders(options.id, options.run);
    this.minSize = options.minSize;
    this.maxSize = options.maxSize;
  }

  /** True once the cloud has told what there is. */
  get isKnown(): boolean {
    return this.described;
  }

  get target(): number {
    return this.wanted;
  }

  /** Machines that stay. */
  get live(): number {
    return this.machines.filter((machine) => this.stays(machine)).length;
  }

  /** Machines to come that nothing is known to stand in the way of. */
  get missing(): number {
    return Math.max(0, this.wanted - this.live - this.placeholders.count);
  }

  /** Machines that could not be made. */
  get failed(): number {
    return this.instances().filter(({ problem }) => problem !== undefined).length;
  }

  /** The cloud has all that was asked of it. */
  get isApplied(): boolean {
    return this.applied === this.wanted && this.nextStep() === undefined;
  }

  /** The cloud is as it should be, and nothing is under way. */
  get isAtRest(): boolean {
    return (
      this.applied === this.wanted &&
      this.live === this.wanted &&
      this.leaving.size === 0 &&
      this.machines.every(({ state }) => state === "running")
    );
  }

  get everyMachine(): readonly NodeGroupMachine[] {
    return this.machines;
  }

  instances(): GroupInstance[] {
    return [
      ...this.machines.map((machine) => this.instance(machine)),
      ...this.placeholders.list.map(({ id, problem }): GroupInstance => ({ id, state: "creating", problem })),
    ];
  }

  increase(delta: number): void {
    if (!(delta > 0)) throw new Refusal("invalid", `delta: ${delta} is not more than 0`);
    if (this.wanted + delta > this.maxSize)
      throw new Refusal(
        "beyondBounds",
        `node group "${this.id}" has ${counted(this.wanted, "machine")} and may have ${this.maxSize}: ${counted(delta, "more is", "more are")} too many`,
      );
    this.wanted += delta;
    this.growing = true;
    this.failing = false;
  }

  /** Gives up machines that are still to come, at most as many as there are of them. */
  decrease(delta: number): void {
    if (!(delta < 0)) throw new Refusal("invalid", `delta: ${delta} is not less than 0`);
    this.lower(this.wanted + delta);
  }

  /**
   * Removes machines and takes placeholders back; the target goes down with them. Machines that are gone or leaving are success, so that a
   * repeated or late request changes nothing. Running machines only go down to the minimum, unless they have run for long and are no nodes: then the
   * group is filled again. One that has joined, or may have, is not removed for one that did not. Returns machines that go because they did not.
   */
  remove(names: readonly NodeName[]): NodeGroupMachine[] {
    const given = new Set(names.map(({ providerId }) => providerId));
    const found = new Set(names.map((name) => this.find(name)).filter((machine) => machine !== undefined));
    const machines = [...found].filter(({ id }) => !this.leaving.has(id));
    const staying = machines.filter((machine) => this.stays(machine) && !this.waiting.has(machine.id));
    const unregistered = this.unregistered(names);
    this.refuseParts(found);
    this.refuseJoined(unregistered);
    const bound = staying.filter((machine) => !(unregistered.has(machine) && this.joining.isOverdue(machine)));
    if (bound.length > 0 && this.wanted - staying.length < this.minSize)
      throw new Refusal(
        "beyondBounds",
        `node group "${this.id}" has ${counted(this.wanted, "machine")} and keeps ${this.minSize}: ${staying.length} cannot go`,
      );
    this.wanted -= staying.length;
    for (const machine of machines) this.giveUp(machine);
    const broken = this.placeholders.take(given) + machines.length - staying.length;
    if (broken > 0) this.lower(this.wanted - broken);
    return staying.filter((machine) => unregistered.has(machine) && machine.state === "running");
  }

  /**
   * The machine that a node is, or was to be; not one that has the name after it. The name leads: a node has a certificate of it, and any id of a
   * machine that it likes to tell.
   */
  find({ providerId, name }: NodeName): NodeGroupMachine | undefined {
    const named = this.byName.get(name);
    if (named && (this.instanceId(named) === providerId || !isOthers(named, providerId))) return named;
    const found = this.byName.get(providerId);
    if (found?.providerId !== providerId || (named && named.nodeName !== found.nodeName)) return undefined;
    return found;
  }

  /** A machine of the group has this name, or is told by this id. */
  knows(name: string): boolean {
    return this.byName.has(name);
  }

  /** What is to be done at the cloud next. Removals come first: a size would count machines that are to go. */
  nextStep(): Step | undefined {
    if (!this.described) return undefined;
    const ids = [...this.leaving].filter(([, asked]) => asked === undefined).map(([id]) => id);
    if (ids.length > 0) return { kind: "remove", ids };
    // A cloud that makes machines in the place of lost ones stops now: elsewhere it may still find those that it is short of.
    const given = this.wanted - this.placeholders.count;
    const size = this.failing ? given : this.wanted;
    const most = this.failing ? Math.max(size, this.live) : size;
    if (this.unfinished || this.applied === undefined || this.applied > most) return { kind: "resize", size };
    // What the cloud has refused is not asked for again: cluster-autoscaler takes it back, or asks anew.
    return this.applied < given ? { kind: "resize", size } : undefined;
  }

  /** The cloud has taken the step. */
  done(step: Step, now: number): void {
    this.changedAt = now;
    if (step.kind === "resize") {
      // A size below the machines that it just makes is not taken: then the cloud is asked what it has.
      this.applied = this.failing ? undefined : step.size;
      this.unfinished = false;
      return;
    }
    // One that went by itself meanwhile has not taken its place with it: the cloud is asked what is left.
    this.applied = undefined;
    for (const id of step.ids) if (this.leaving.has(id)) this.leaving.set(id, now);
  }

  /** The cloud may have taken the step, or half of it. */
  uncertain(now: number): void {
    this.changedAt = now;
    this.applied = undefined;
  }

  /** The cloud's own account of the group. `now`: when it was asked for. Gives what is wrong where what was asked for has gone again. */
  seen({ size, machines }: NodeGroupDescription, now: number): Problem | undefined {
    const before = new Set(this.machines.map(({ id }) => id));
    this.machines = machines;
    this.joining.sawMachines(machines, now);
    this.index();
    if (!this.described) {
      this.described = true;
      this.wanted = this.applied = size;
      // Whoever ran before may have been interrupted in a removal: the cloud's driver ends it with the next change.
      this.unfinished = machines.some(({ state }) => state === "deleting");
    } else for (const { id } of machines) if (!before.has(id)) this.fresh.add(id);
    const starting = new Set(machines.filter(({ state }) => state === "creating").map(({ id }) => id));
    for (const id of this.fresh) if (!starting.has(id)) this.fresh.delete(id);
    this.forgetGone(now);
    if (this.failing) this.takeBack(this.live + this.placeholders.count - this.wanted);
    const problem = this.adopt(size, now);
    this.trimPlaceholders();
    if (this.isAtRest) this.growing = false;
    return problem;
  }

  /** What is still missing does not come; or one machine does not, which the cloud has but never ran. Tells whether that is news. */
  stockOut(problem: Problem, machineId?: string): boolean {
    if (machineId !== undefined) return this.markWaiting(machineId, problem);
    const { missing } = this;
    for (let index = 0; index < missing; index++) this.placeholders.add(problem);
    return missing > 0;
  }

  /**
   * A machine was made and lost at once, and the cloud makes another in its place, which is paid for like the first: its order is given up,
   * and a machine that came in its place already is taken back. Tells whether that is news.
   */
  launchFailed(problem: Problem, machineId: string): boolean {
    if (this.givenUp.has(machineId)) return false;
    this.givenUp.add(machineId);
    this.failing = true;
    if (this.missing === 0 && !this.takeBack(1)) return false;
    this.placeholders.add(problem);
    return true;
  }

  sawNodes(nodes: SeenNodes): void {
    this.joining.sawNodes(this.machines, nodes);
    this.index();
  }

  /** As far as the cluster's nodes have been seen. */
  nodeOf(machine: NodeGroupMachine): JoinedNode | undefined {
    return this.joining.nodeOf(machine);
  }

  private giveUp({ id }: NodeGroupMachine): void {
    this.leaving.set(id, undefined);
    this.givenUp.add(id);
  }

  /** The newest that have not run yet, at most so many. */
  private takeBack(count: number): boolean {
    const newest = this.machines.filter((machine) => this.neverRan(machine)).reverse();
    const excess = newest.slice(0, Math.max(0, count));
    for (const machine of excess) this.giveUp(machine);
    return excess.length > 0;
  }

  private neverRan(machine: NodeGroupMachine): boolean {
    const { id, state, bundle } = machine;
    return state === "creating" && bundle === undefined && this.fresh.has(id) && this.stays(machine);
  }

  private markWaiting(machineId: string, problem: Problem): boolean {
    const bundle = this.machines.find(({ id }) => id === machineId)?.bundle;
    const news = this.machines
      .filter(({ id, bundle: other }) => id === machineId || (bundle !== undefined && other === bundle))
      .filter(({ id, state }) => this.fresh.has(id) || state === "failed")
      .filter(({ id }) => !this.waiting.has(id) && !this.leaving.has(id));
    for (const { id } of news) this.waiting.set(id, problem);
    return news.length > 0;
  }

  /** Machines that were bought together go together. */
  private refuseParts(going: ReadonlySet<NodeGroupMachine>): void {
    const bundles = new Set([...going].map(({ bundle }) => bundle).filter((bundle) => bundle !== undefined));
    const left = this.machines.filter(
      (machine) => bundles.has(machine.bundle!) && !going.has(machine) && this.stays(machine),
    );
    if (left.length > 0)
      throw new Refusal(
        "notPossible",
        `${[...going].map(({ nodeName }) => nodeName).join(", ")} can only be removed together with ${left.map(({ nodeName }) => nodeName).join(", ")}`,
      );
  }

  /** cluster-autoscaler names a machine that did not join, in time or at all, by the machine's id alone. */
  private unregistered(names: readonly NodeName[]): Set<NodeGroupMachine> {
    const found = names.filter(({ name, providerId }) => name === providerId).map((name) => this.find(name));
    return new Set(found.filter((machine) => machine !== undefined));
  }

  private refuseJoined(unregistered: ReadonlySet<NodeGroupMachine>): void {
    for (const machine of unregistered) {
      // What has run once may have a node, also while it is outbid.
      if (!this.fresh.has(machine.id) && this.stays(machine)) this.joining.refuseJoined(machine);
    }
  }

  private index(): void {
    const byName = new Map<string, NodeGroupMachine>();
    const name = (machine: NodeGroupMachine, ...names: (string | undefined)[]) => {
      for (const each of names) if (each) byName.set(each, machine);
    };
    // What is another machine's own is not a node's to take.
    for (const machine of this.machines) name(machine, this.instanceId(machine), this.nodeOf(machine)?.name);
    for (const machine of this.machines) name(machine, machine.nodeName, machine.providerId);
    this.byName = byName;
  }

  private forgetGone(now: number): void {
    const known = new Map(this.machines.map((machine) => [machine.id, machine]));
    for (const [id, asked] of this.leaving) {
      const machine = known.get(id);
      if (machine === undefined) this.leaving.delete(id);
      // Removed, as the cloud said, and alive all the same.
      else if (asked !== undefined && now - asked > this.options.staleMs && isLive(machine))
        this.leaving.set(id, undefined);
    }
    for (const id of this.waiting.keys())
      if (!this.fresh.has(id) && known.get(id)?.state !== "failed") this.waiting.delete(id);
  }

  private adopt(size: number, now: number): Problem | undefined {
    const settled = now - this.changedAt >= this.options.staleMs;
    if (this.applied === undefined) {
      this.applied = size;
      return undefined;
    }
    if (this.failing) {
      const quiet = this.placeholders.count + this.leaving.size === 0 && this.nextStep() === undefined;
      if (!settled || !quiet) return undefined;
      this.failing = false;
      this.applied = this.wanted;
    }
    const pending = this.applied !== this.wanted || this.leaving.size > 0 || this.placeholders.count > 0;
    const broken = this.machines.some(({ state }) => state === "failed");
    if (!settled || pending || broken) return undefined;
    this.applied = size;
    // A cloud that keeps a target makes others in the place of what ended: there somebody has lowered it.
    if (this.growing && size < this.wanted && size === this.live) return this.endedEarly(this.wanted - size);
    this.wanted = size;
    return undefined;
  }

  /** What was asked for has gone again, and nobody here gave it up: asked for at once, it would only be made and lost again. */
  private endedEarly(count: number): Problem {
    const what = counted(count, "machine that was", "machines that were");
    const problem: Problem = {
      kind: "lost",
      message: `${what} asked for ended before it ran, and the cloud does not say why`,
    };
    for (let index = 0; index < count; index++) this.placeholders.add(problem);
    return problem;
  }

  /** Never below the machines that stay. */
  private lower(target: number): void {
    this.wanted = Math.max(Math.min(this.wanted, target), Math.min(this.wanted, this.live), 0);
    this.trimPlaceholders();
  }

  private trimPlaceholders(): void {
    this.placeholders.keep(Math.max(0, this.wanted - this.live));
  }

  private stays(machine: NodeGroupMachine): boolean {
    return isLive(machine) && !this.leaving.has(machine.id);
  }

  /** A node's own provider id leads, where it has one. */
  private instanceId(machine: NodeGroupMachine): string {
    return this.nodeOf(machine)?.providerId || machine.providerId;
  }

  private instance(machine: NodeGroupMachine): GroupInstance {
    const id = this.instanceId(machine);
    if (this.leaving.has(machine.id) || machine.state === "deleting") return { id, state: "deleting" };
    if (machine.state === "running") return { id, state: "running" };
    const problem = this.waiting.get(machine.id);
    if (problem || machine.state === "creating") return { id, state: "creating", ...(problem && { problem }) };
    const message = `machine ${machine.id} failed while it was being made`;
    return { id, state: "creating", problem: { kind: "lost", message } };
  }
}
