/**
 * What a resource, a function and a provider are to the plugin server. Cloud rooms implement these; `server.ts` speaks gRPC.
 *
 * Values here are plain: secrets are unwrapped (the schema says which properties are secret, and the server marks them again
 * on their way out), and unknowns exist only at preview, as `Unknown.value`.
 */
import type { Unknown } from "./values";

/** One thing that is wrong with the user's input. The path names the user's own field, for example `nodeGroups[2].gpus`. */
export interface CheckFailure {
  property: string;
  reason: string;
}

/** `T` as seen at preview: any value at any depth may not be known yet. */
export type Unknowable<T> =
  | Unknown
  | (T extends readonly (infer E)[] ? Unknowable<E>[] : T extends object ? { [K in keyof T]: Unknowable<T[K]> } : T);

/** Properties as seen at preview. The whole is known, each of its values may not be. */
export type UnknowableProperties<T> = { [K in keyof T]: Unknowable<T[K]> };

/** Messages shown to the user, live, under the resource that they belong to. */
export interface ResourceLog {
  info(message: string): void;
  warn(message: string): void;
  debug(message: string): void;
  /** A message that the next one replaces: the progress of a wait. */
  status(message: string): void;
}

/** What every call of a handler is given. */
export interface ResourceContext {
  /** The resource's name in the program, without its type or parents. */
  readonly name: string;
  readonly urn: string;
  /** Aborted when the user interrupts the operation, or when its timeout (`customTimeouts`) passes. */
  readonly signal: AbortSignal;
  /** The timeout of this operation in milliseconds, from `customTimeouts`; undefined means the handler's own default. */
  readonly timeoutMs: number | undefined;
  readonly log: ResourceLog;
  /** The provider's configuration, checked and with its defaults, by cloud: `config.cudo`, … */
  readonly config: ProviderConfig;
}

export type ProviderConfig = Readonly<Record<string, unknown>>;

/** What exists in the cloud, as far as the state knows. */
export interface ResourceState<I, O> {
  readonly inputs: I;
  /** What the inputs do not say themselves. After a create that failed half-way some may be missing. */
  readonly outputs: O;
}

/** How one property changes; the server adds the kind (add, update, delete) itself. */
export interface ChangePlan {
  /** Paths of inputs whose change needs a replacement, besides those that the schema marks `replaceOnChanges`. */
  replaces?: string[];
  /** Paths that differ but need no action. */
  ignores?: string[];
  /** Changes that no input shows, by output property: a certificate that must be renewed, a machine that is gone. */
  outputs?: string[];
  /** True when the old one must be gone before the new one can be made (a name or an address that only one can have). */
  deleteBeforeReplace?: boolean;
}

/**
 * One kind of resource. `I` are its inputs, `O` its computed outputs (the state holds both together).
 *
 * The server has validated types, required and unknown properties, enums and defaults against the schema before any method is called.
 */
export interface ResourceHandler<I extends object = any, O extends object = any> {
  /**
   * What the schema cannot say. Reads of the cloud are allowed, writes are not. Skip whatever is unknown. Report all problems at once.
   * `before` are the inputs of the resource that exists, if it does.
   */
  check?(
    inputs: UnknowableProperties<I>,
    context: ResourceContext,
    before?: I,
  ): CheckFailure[] | Promise<CheckFailure[]>;
  /** Adds to the comparison that the server makes from the schema. Called on each update, also when no input changed. */
  plan?(state: ResourceState<I, O>, inputs: UnknowableProperties<I>, changed: readonly string[]): ChangePlan;
  /**
   * Outputs that are others by now, where that must be seen without a refresh: as `plan`'s, but asked. Only reads, quickly; who cannot be asked has
   * changed nothing.
   */
  drifted?(state: ResourceState<I, O>, context: ResourceContext, inputs: UnknowableProperties<I>): Promise<string[]>;
  /**
   * Outputs known before the operation; what is left out, or undefined, is unknown at preview. `state` is undefined for a create.
   * For an update name all that stays (`{ ...state.outputs, size: Unknown.value }`): an output that is unknown for no reason shows a
   * false replacement of what depends on it. Without this method an update leaves all outputs as they are, save `plan`'s.
   */
  preview?(inputs: UnknowableProperties<I>, state: ResourceState<I, O> | undefined): Partial<UnknowableProperties<O>>;
  /** The same where the cloud can tell at the preview already; the cloud is only read. In the place of `preview`. */
  foresee?(
    inputs: UnknowableProperties<I>,
    context: ResourceContext,
    state: ResourceState<I, O> | undefined,
  ): Promise<Partial<O>>;
  /** Makes it and waits until it is ready. Throws `PartialFailure` if something was made that the state must keep. */
  create(inputs: I, context: ResourceContext): Promise<{ id: string; outputs: O }>;
  /** The live object, or undefined if it is gone. On import `state` is undefined: find everything by the id. */
  read(
    id: string,
    state: ResourceState<I, O> | undefined,
    context: ResourceContext,
  ): Promise<ResourceState<I, O> | undefined>;
  /** Absent when every change replaces. */
  update?(id: string, inputs: I, state: ResourceState<I, O>, context: ResourceContext): Promise<O>;
  /** What `delete` finds it by, where that is not its id. */
  knownBy?(inputs: I, config: ProviderConfig): string;
  /** `delete` has nothing to do. */
  readonly makesNothing?: true;
  /** Returns when it is gone. Already gone is success. */
  delete(id: string, state: ResourceState<I, O>, context: ResourceContext): Promise<void>;
}

/** The object exists but is not right: it stays in state, with the reasons, and the next update goes on with it. */
export class PartialFailure<O extends object = object> extends Error {
  override readonly name = "PartialFailure";
  constructor(
    readonly id: string,
    readonly outputs: Partial<O>,
    readonly reasons: string[],
    options?: ErrorOptions,
  ) {
    super(reasons.join("; "), options);
  }
}

/** A provider function: reads, never writes. */
export interface FunctionHandler<I extends object = any, O extends object = any> {
  invoke(inputs: I, context: Pick<ResourceContext, "signal" | "config">): Promise<O>;
}

/** Arguments are wrong in a way that only the cloud could tell; shown as check failures. */
export class InvalidArguments extends Error {
  override readonly name = "InvalidArguments";
  constructor(readonly failures: CheckFailure[]) {
    super(failures.map((failure) => `${failure.property}: ${failure.reason}`).join("\n"));
  }
}

/** Makes a component inside the plugin, for programs in other languages. Returns the component; its outputs are read by schema. */
export type ComponentFactory = (name: string, args: any, options: any) => object;

type Lazy<T> = () => Promise<T> | T;

/** Everything that the plugin serves. Handlers load on first use: a program pays only for the clouds that it names. */
export interface ProviderDefinition {
  readonly name: string;
  readonly version: string;
  /** The committed `schema.json`, parsed. */
  readonly schema: Lazy<object>;
  /** Checks the provider's configuration and fills defaults (also from the environment). Values may be unknown at preview. */
  checkConfig(config: Record<string, unknown>): { config: Record<string, unknown>; failures: CheckFailure[] };
  /**
   * The config property that says where resources of this type are, if one does: `cudo.projectId`, another account or project. They keep it
   * in the output of that name (`projectId`), and where the configuration names another place they are replaced.
   */
  placedBy(type: string): string | undefined;
  /** By type token, `gpu-clusters:cudo:Vm`. */
  readonly resources: Readonly<Record<string, Lazy<ResourceHandler>>>;
  readonly functions: Readonly<Record<string, Lazy<FunctionHandler>>>;
  readonly components: Readonly<Record<string, Lazy<ComponentFactory>>>;
}
