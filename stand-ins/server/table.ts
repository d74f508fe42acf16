/** A provider whose resources and functions stand in a table, by token: what the calls of the protocol have in common. */
import { compareInputs } from "../../provider/server/difference";
import { formatPath, isWithin, parsePath, type PropertyPath } from "../../sdk/schema/property-path";
import type { CheckFailure } from "../../provider/server/resource";
import type { DetailedChange, DiffQuestion } from "../../provider/server/resource-diff";
import { Unknown } from "../../provider/server/values";
import { containsUnknown, isRecord, type Properties, type WireValues } from "../../provider/server/wire";
import { defaultsKey, named, type Autoname } from "./autoname";
import { liveInputs } from "./live-inputs";
import { NotServed } from "./not-served";
import type { Calls, Subject } from "./server";

/** One kind of resource. `C` is what its calls work with: clients, or nothing. Every value is plain, and known outside previews. */
export interface TableResource<C> {
  /** The inputs that are understood; any other is refused, never ignored. */
  readonly inputs: readonly string[];
  /** The same inside of inputs, by path; `*` for any element. */
  readonly nested?: Readonly<Record<string, readonly string[]>>;
  readonly required?: readonly string[];
  readonly autoname?: Autoname;
  readonly defaults?: Properties;
  /** Paths of inputs whose change needs a new one; `*` for any element. */
  readonly replaceOn: readonly string[] | ((before: Properties, after: Properties) => readonly string[]);
  /** The old one must go before the new one can be. */
  readonly deleteBeforeReplace?: boolean | ((before: Properties, after: Properties) => boolean);
  /** Properties that are always secret. */
  readonly secrets?: readonly string[];
  /** Outputs that are secret when one of these inputs is. */
  readonly derived?: { readonly outputs: readonly string[]; readonly from: readonly string[] };
  /** Inputs that the cloud chooses where the program does not: leaving them out changes nothing. */
  readonly chosen?: readonly string[];
  /** Outputs that an update may change. */
  readonly volatile?: readonly string[];
  /** What is wrong with inputs besides their names; skips what is not known. */
  problems?(inputs: Properties): CheckFailure[];
  /** Outputs that follow from the inputs; one that differs from the state is a change of its own. */
  foresee?(client: C, inputs: Properties): Properties;
  /** Throws `PartialFailure` if something was made that the state must keep. */
  create(client: C, inputs: Properties, subject: Subject): Promise<{ id: string; outputs: Properties }>;
  /** All that is known of it, inputs too; undefined when it is gone. Without: the state is all there is. */
  read?(client: C, id: string, state: Properties, subject: Subject): Promise<Properties | undefined>;
  /** Absent when every change replaces. */
  update?(client: C, id: string, news: Properties, state: Properties, subject: Subject): Promise<Properties>;
  /** Returns when it is gone; gone before is fine. */
  delete(client: C, id: string, state: Properties, subject: Subject): Promise<void>;
}

/** Reads, never writes. */
export type TableFunction<C> = (client: C, args: Properties, signal: AbortSignal) => Promise<Properties>;

export interface Table<C> {
  readonly provider: string;
  readonly resources: Readonly<Record<string, TableResource<C>>>;
  readonly functions: Readonly<Record<string, TableFunction<C>>>;
}

export class TableCalls<C> implements Calls {
  /** `client` throws where the configuration is not known yet. */
  constructor(
    private readonly table: Table<C>,
    private readonly client: () => C,
  ) {}

  async check(subject: Subject, seed: Uint8Array, before: WireValues, news: WireValues) {
    const resource = this.#resource(subject.token);
    const given = { ...resource.defaults, ...news.values };
    const values = resource.autoname
      ? named(resource.autoname, { name: subject.name, seed, before: before.values, given })
      : given;
    const { nested = {} } = resource;
    const strange = strangeInputs([...resource.inputs, defaultsKey], nested, given);
    const failures: CheckFailure[] = strange.map((property) => ({
      property,
      reason: new NotServed(this.table.provider, `${property} of ${subject.token}`).message,
    }));
    for (const property of resource.required ?? []) {
      if (given[property] === undefined) failures.push({ property, reason: "is required" });
    }
    failures.push(...(resource.problems?.(given) ?? []));
    return { inputs: this.#marked(resource, values, news), failures };
  }

  async diff(subject: Subject, { oldInputs, oldState, news, ignoreChanges }: DiffQuestion) {
    const resource = this.#resource(subject.token);
    const ignored = [defaultsKey, ...ignoreChanges].map(parsePath);
    const found = compareInputs({}, oldInputs.values, news.values).filter(
      ({ path }) => !ignored.some((place) => isWithin(path, place)) && !this.#isLeftOpen(resource, path, news.values),
    );
    const { replaceOn } = resource;
    const replacing = typeof replaceOn === "function" ? replaceOn(oldInputs.values, news.values) : replaceOn;
    const places = replacing.map(parsePath);
    const changes = new Map<string, DetailedChange>();
    for (const { path, kind } of found) {
      const replaces = resource.update === undefined || places.some((place) => isWithin(path, place));
      changes.set(formatPath(path), { kind, replaces, ofInput: true });
    }
    if (resource.foresee && changes.size === 0 && !containsUnknown(news.values)) {
      const foreseen = resource.foresee(this.client(), news.values);
      const before = Object.fromEntries(Object.keys(foreseen).map((key) => [key, oldState.values[key]]));
      for (const { path, kind } of compareInputs({}, before, foreseen)) {
        if (ignored.some((place) => isWithin(path, place))) continue;
        changes.set(formatPath(path), { kind, replaces: false, ofInput: false });
      }
    }
    const replaced = [...changes.values()].some(({ replaces }) => replaces);
    const first = resource.deleteBeforeReplace ?? false;
    const deleteBeforeReplace =
      replaced && (typeof first === "function" ? first(oldInputs.values, news.values) : first);
    return { changes, deleteBeforeReplace };
  }

  async previewCreate(subject: Subject, inputs: WireValues): Promise<WireValues> {
    const resource = this.#resource(subject.token);
    return this.#marked(resource, { ...inputs.values, ...this.#foreseen(resource, inputs.values) }, inputs);
  }

  async previewUpdate(subject: Subject, _id: string, { oldState, news }: DiffQuestion): Promise<WireValues> {
    const resource = this.#resource(subject.token);
    const open = Object.fromEntries((resource.volatile ?? []).map((property) => [property, Unknown.value]));
    const values = { ...oldState.values, ...news.values, ...open, ...this.#foreseen(resource, news.values) };
    return this.#marked(resource, values, news);
  }

  async create(subject: Subject, inputs: WireValues): Promise<{ id: string; state: WireValues }> {
    const resource = this.#resource(subject.token);
    const { id, outputs } = await resource.create(this.client(), inputs.values, subject);
    return { id, state: this.#marked(resource, { ...inputs.values, ...outputs }, inputs) };
  }

  async read(subject: Subject, id: string, oldState: WireValues, oldInputs: WireValues) {
    const resource = this.#resource(subject.token);
    if (!resource.read) return { state: oldState, inputs: oldInputs };
    const live = await resource.read(this.client(), id, oldState.values, subject);
    if (live === undefined) return undefined;
    const isImport = Object.keys(oldInputs.values).length === 0;
    const inputs = isImport
      ? Object.fromEntries(resource.inputs.filter((key) => !isEmpty(live[key])).map((key) => [key, live[key]]))
      : liveInputs(oldInputs.values, live);
    const marks = { values: oldState.values, secrets: new Set([...oldState.secrets, ...oldInputs.secrets]) };
    return {
      inputs: this.#marked(resource, inputs, oldInputs),
      state: this.#marked(resource, { ...oldState.values, ...live }, marks),
    };
  }

  async update(subject: Subject, id: string, { oldState, news }: DiffQuestion): Promise<WireValues> {
    const resource = this.#resource(subject.token);
    if (!resource.update) throw new Error(`${subject.token} cannot be updated, only replaced`);
    const outputs = await resource.update(this.client(), id, news.values, oldState.values, subject);
    const dropped = resource.inputs.filter((key) => news.values[key] === undefined && outputs[key] === undefined);
    const values = { ...oldState.values, ...news.values, ...outputs };
    for (const key of dropped) delete values[key];
    return this.#marked(resource, values, news);
  }

  async delete(subject: Subject, id: string, oldState: WireValues, _oldInputs: WireValues): Promise<void> {
    await this.#resource(subject.token).delete(this.client(), id, oldState.values, subject);
  }

  kept(outputs: Properties, inputs: WireValues): WireValues {
    return { values: { ...inputs.values, ...outputs }, secrets: inputs.secrets };
  }

  async invoke(token: string, args: WireValues, signal: AbortSignal): Promise<WireValues> {
    const work = this.table.functions[token];
    if (!work) throw new NotServed(this.table.provider, `the function ${token}`);
    return { values: await work(this.client(), args.values, signal), secrets: args.secrets };
  }

  #resource(token: string): TableResource<C> {
    const resource = this.table.resources[token];
    if (!resource) throw new NotServed(this.table.provider, token);
    return resource;
  }

  #isLeftOpen({ chosen = [] }: TableResource<C>, path: PropertyPath, news: Properties): boolean {
    const key = String(path[0]);
    return chosen.includes(key) && news[key] === undefined;
  }

  #foreseen(resource: TableResource<C>, inputs: Properties): Properties {
    if (!resource.foresee || containsUnknown(inputs)) return {};
    try {
      return resource.foresee(this.client(), inputs);
    } catch {
      // The configuration may become known only with this update.
      return {};
    }
  }

  /** Secret wherever the inputs are, and what the table says. */
  #marked(resource: TableResource<C>, values: Properties, inputs: WireValues): WireValues {
    const secrets = new Set([...inputs.secrets, ...(resource.secrets ?? [])]);
    const { outputs, from } = resource.derived ?? { outputs: [], from: [] };
    const isTainted = [...inputs.secrets].some((path) => from.includes(String(parsePath(path)[0])));
    if (isTainted) for (const output of outputs) secrets.add(output);
    return { values, secrets };
  }
}

/** What a cloud says where there is nothing. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === "" || (isRecord(value) && Object.keys(value).length === 0);
}

/** Paths of inputs that are not understood. */
function strangeInputs(
  inputs: readonly string[],
  nested: Readonly<Record<string, readonly string[]>>,
  given: Properties,
): string[] {
  const visit = (value: unknown, path: PropertyPath, known: readonly string[]): string[] =>
    isRecord(value)
      ? Object.keys(value)
          .filter((key) => !known.includes(key))
          .map((key) => formatPath([...path, key]))
      : [];
  const found = visit(given, [], inputs);
  const walk = (value: unknown, path: PropertyPath): void => {
    for (const [pattern, known] of Object.entries(nested)) {
      const place = parsePath(pattern);
      if (place.length === path.length && isWithin(path, place)) found.push(...visit(value, path, known));
    }
    if (Array.isArray(value)) value.forEach((element, i) => walk(element, [...path, i]));
    else if (isRecord(value)) for (const [key, child] of Object.entries(value)) walk(child, [...path, key]);
  };
  if (Object.keys(nested).length > 0) walk(given, []);
  return found;
}
