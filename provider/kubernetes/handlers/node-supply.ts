/** What the clouds say of the groups whose nodes are waited for: they may come to nothing after all machines were ordered. */
import { counted } from "../../../sdk/counted";
import type { NodeSupplyArgs } from "../../../sdk/kubernetes/nodes-ready";
import { messageOf } from "../../../sdk/message";
import type { Unwrap } from "../../../sdk/pulumi";
import { isLive } from "../../node-groups/bounds";
import type { NodeGroupDriver, NodeGroupProblem } from "../../node-groups/driver";
import type { NodeGroupOptions } from "../../node-groups/registry";
import type { ProviderConfig, ResourceContext } from "../../server/resource";

/** Opens a group by its cloud, the provider's configuration and the inputs of its resource. */
export type OpenGroups = (
  cloud: string,
  config: ProviderConfig,
  spec: object,
  options: NodeGroupOptions,
) => Promise<NodeGroupDriver>;

export type NodeSupply = Unwrap<NodeSupplyArgs>;

export interface Patience {
  /** How long a group may lack machines that nobody orders. */
  readonly patienceMs: number;
  /** Orders that end before their nodes are there: each may have cost money. */
  readonly mostEnded: number;
}

const patient: Patience = { patienceMs: 300_000, mostEnded: 3 };
const lookMs = 20_000;
const mostProblems = 3;

/** Looked at while nodes are waited for. A cloud that cannot be asked ends nothing. */
export class SupplyWatch {
  readonly #groups: WatchedGroup[];

  constructor(
    supplies: readonly NodeSupply[],
    open: OpenGroups,
    private readonly context: Pick<ResourceContext, "config" | "signal">,
    patience = patient,
  ) {
    const since = new Date();
    this.#groups = supplies.map(
      (supply) =>
        new WatchedGroup(supply, patience, since, () =>
          open(supply.cloud, context.config, JSON.parse(supply.spec) as object, {
            owner: supply.owner,
            warn: () => {},
          }),
        ),
    );
  }

  async look(): Promise<void> {
    const limit = AbortSignal.any([this.context.signal, AbortSignal.timeout(lookMs)]);
    await Promise.all(this.#groups.map((group) => group.look(limit)));
    this.context.signal.throwIfAborted();
  }

  /** As of the last look, a sentence for each group of which there is something to say. */
  get said(): string[] {
    return this.#groups.flatMap((group) => group.said ?? []);
  }

  /** Of groups whose nodes will not come, with what to do. */
  get lost(): string | undefined {
    const lost = this.#groups.flatMap((group) => group.lost ?? []);
    return lost.length === 0 ? undefined : lost.join(". ");
  }
}

class WatchedGroup {
  said: string | undefined;
  lost: string | undefined;
  #driver: NodeGroupDriver | undefined;
  #seen = new Set<string>();
  readonly #ended = new Set<string>();
  /** Since when it has too few, which nobody orders. */
  #stuck: { live: number; at: number } | undefined;

  constructor(
    private readonly supply: NodeSupply,
    private readonly patience: Patience,
    private readonly since: Date,
    private readonly open: () => Promise<NodeGroupDriver>,
  ) {}

  async look(signal: AbortSignal): Promise<void> {
    try {
      this.#driver ??= await this.open();
      const { machines } = await this.#driver.describe(signal);
      const problems = await this.#driver.problems(this.since, signal);
      const live = machines.filter(isLive);
      // On some clouds the next machine has the last one's id.
      this.#count(live.map(({ id, bundle, createdAt = "" }) => bundle ?? `${id} ${createdAt}`));
      const lacks = live.length < this.supply.minSize;
      this.said = this.#words(live.length, problems);
      const isOver = problems.some(({ kind, machineId }) => kind === "lost" && machineId === undefined);
      // A cloud that goes on trying may have some soon.
      const isStuck = this.#isStuck(lacks && !problems.some(({ kind }) => kind === "capacity"), live.length);
      const isHopeless = lacks && (isOver || isStuck || this.#ended.size >= this.patience.mostEnded);
      this.lost = isHopeless ? `${this.said!}. ${advice}` : undefined;
    } catch (error) {
      // What was said before holds until the cloud says else.
      this.said ??= `${this.#name} cannot be asked for at its cloud: ${messageOf(error)}`;
    }
  }

  get #name(): string {
    return `node group "${this.supply.name}"`;
  }

  #words(live: number, problems: readonly NodeGroupProblem[]): string | undefined {
    const words = [...new Set(problems.map(({ message }) => message))].slice(-mostProblems);
    const { minSize } = this.supply;
    const ended = this.#ended.size === 0 ? [] : [`${counted(this.#ended.size, "order has", "orders have")} ended`];
    if (live < minSize)
      return [`${this.#name} has ${live} of ${counted(minSize, "machine")} at its cloud`, ...ended, ...words].join(
        ", ",
      );
    return words.length === 0 ? undefined : `${this.#name}: ${words.join(", ")}`;
  }

  /** Machines that were there and are no more, by what they were ordered with. */
  #count(orders: readonly string[]): void {
    const now = new Set(orders);
    for (const order of this.#seen) if (!now.has(order)) this.#ended.add(order);
    this.#seen = now;
  }

  #isStuck(isWrong: boolean, live: number): boolean {
    if (!isWrong) this.#stuck = undefined;
    else if (this.#stuck?.live !== live) this.#stuck = { live, at: Date.now() };
    return this.#stuck !== undefined && Date.now() - this.#stuck.at >= this.patience.patienceMs;
  }
}

const advice =
  "Mend the cause, at the cloud or in the group's fields (its price, its types, its capacity), and `pulumi up --refresh` orders what is missing";
