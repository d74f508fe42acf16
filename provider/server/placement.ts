/**
 * Where resources are: the account or project that the configuration names. The state of each keeps it, because the configuration may name
 * another one later; what exists is still read, changed and deleted where it is.
 */
import { isDeepStrictEqual } from "node:util";
import { parsePath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import type { ProviderConfig } from "./resource";
import { isUnknown } from "./values";
import { isRecord, type Properties } from "./wire";

export class Placement {
  private readonly path: PropertyPath | undefined;
  /** The output that keeps the place; undefined for resources that are nowhere in particular. */
  readonly property: string | undefined;
  /** Where new ones are made; undefined where that is not known. */
  readonly now: unknown;

  /** `source`: path in the configuration, `cudo.projectId`, whose last part is also the output's name. */
  constructor(
    source: string | undefined,
    private readonly config: ProviderConfig,
  ) {
    this.path = source === undefined ? undefined : parsePath(source);
    this.property = this.path && String(this.path.at(-1));
    const configured = this.path && valueAt(config, this.path);
    this.now = isUnknown(configured) ? undefined : configured;
  }

  /** The place of what the state describes. */
  of(state: Properties): unknown {
    const kept = this.property === undefined ? undefined : state[this.property];
    return kept === undefined || isUnknown(kept) ? this.now : kept;
  }

  /** True when the configuration names another place than the state. */
  isElsewhere(state: Properties): boolean {
    return this.now !== undefined && !isDeepStrictEqual(this.of(state), this.now);
  }

  /** The configuration as it is for what the state describes. */
  configFor(state: Properties): ProviderConfig {
    return this.path && this.isElsewhere(state) ? withValue(this.config, this.path, this.of(state)) : this.config;
  }

  /** As outputs of a resource that is at this place. */
  outputs(place: unknown): Properties {
    return this.property === undefined || place === undefined ? {} : { [this.property]: place };
  }

  /** What a handler foretells of an update, and that it stays where it is. */
  foretold(told: Properties | undefined, state: Properties): Properties | undefined {
    return told && { ...told, ...this.outputs(this.of(state)) };
  }

  /** Says where it was looked for, when that is not what the configuration says. */
  explain(error: unknown, state: Properties): unknown {
    if (!this.isElsewhere(state) || !(error instanceof Error)) return error;
    const places = `its ${this.property} is "${String(this.of(state))}", the provider's is "${String(this.now)}"`;
    return new Error(`${error.message} (${places})`, { cause: error });
  }
}

function withValue(root: object, [key, ...rest]: PropertyPath, value: unknown): ProviderConfig {
  const child = (root as Properties)[String(key)];
  return { ...root, [String(key)]: rest.length === 0 ? value : withValue(isRecord(child) ? child : {}, rest, value) };
}
