/** What each cloud brings to the `NodeGroup` resource: the inputs, outputs and adapter of its own. */
import type { Fields } from "../cloud/inputs";
import type { ChangePlan, ProviderConfig, ResourceContext, ResourceHandler, ResourceState } from "../server/resource";
import type { Bounds } from "./bounds";
import type { NodeGroupDescription, NodeGroupDriver } from "./driver";
import type { Waiting } from "./waiting";

export interface GroupInputs extends Bounds {
  readonly clusterName: string;
  readonly name: string;
  readonly initialSize?: number;
}

export interface GroupOutputs {
  readonly size: number;
  readonly machines: readonly object[];
  /** Why machines are missing or were lost, and what keeps the cloud from giving more, in words. */
  readonly problems: readonly string[];
}

/** One resource in one operation. */
export interface GroupCall<I> {
  readonly inputs: I;
  readonly context: ResourceContext;
  /** Undefined while it is being made. */
  readonly id?: string;
  /** Of the resource as it was, at an update. */
  readonly before?: I;
}

export interface GroupAdapter<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver> {
  readonly check: NonNullable<ResourceHandler<I, O>["check"]>;
  readonly limits: { readonly changeMs: number; readonly deleteMs: number };
  open(call: GroupCall<I>): D;
  /** Under which the state keeps a group of which the cloud's own id is not known: the driver finds it by its names. */
  idByName(inputs: I, config: ProviderConfig): string;
  /** True for an id by name in the place of the cloud's own: whether the group was made is not known. */
  isByName?(id: string): boolean;
  /** What stands against a new group, where marks in the cloud cannot tell whose one is. Throws. */
  refuse?(driver: D, inputs: I, signal: AbortSignal): Promise<void>;
  /** How machines are waited for; undefined: they are not. */
  readonly waiting?: Waiting;
  /** True for a group that is over: nothing of it is made any more. */
  hasEnded?(inputs: I): boolean;
  /** Inputs of which a change concerns machines made from then on. */
  readonly newMachinesOnly: readonly (keyof I & string)[];
  /** Besides sizes and bounds. */
  plan?(state: ResourceState<I, O>, inputs: Fields<I>, changed: readonly string[]): ChangePlan;
  /** Outputs that an update leaves as they are. `sameSize`: the size is one of them. */
  stays?(outputs: O, sameSize: boolean): Partial<O>;
  /** What else an update does, when the group is right. */
  afterUpdate?(driver: D, call: GroupCall<I>, signal: AbortSignal): Promise<void>;
  /** The live inputs, as far as the cloud tells; undefined: there is no such group. On import `state` is undefined. */
  read(id: string, state: ResourceState<I, O> | undefined, context: ResourceContext): Promise<I | undefined>;
  outputs(id: string, description: NodeGroupDescription): Omit<O, "problems">;
  /** What would keep the cloud from giving one more machine now, where the driver cannot know it. */
  shortage?(inputs: I, context: ResourceContext): Promise<string | undefined>;
}
