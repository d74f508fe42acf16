import assert from "node:assert/strict";
import { schemaSecrets, type ResourceSpec } from "../../../../sdk/schema/package-schema";
import { isWithin, parsePath } from "../../../../sdk/schema/property-path";
import { isUnknown, Unknown } from "../../../../provider/server/values";
import { containsUnknown, type Properties, type WireValues } from "../../../../provider/server/wire";
import { EngineResource, fromProgram, type StoredResource } from "./engine-resource";
import type { Plugin } from "./plugin";

export interface ResourceScenario {
  readonly plugin: Plugin;
  /** `gpu-clusters:cudo:Vm` */
  readonly type: string;
  readonly name?: string;
  /** As a program gives them; `new Secret(x)` for `pulumi.secret(x)`. */
  readonly inputs: Properties;
  /** The program after an edit that is an update in place. */
  readonly updated?: Properties;
  /** The program after an edit that needs a new resource. It is only compared, not made. */
  readonly replaced?: Properties;
  /** Outputs that the cloud changes by itself, or that `updated` changes: neither their stability nor their value is looked at. */
  readonly volatile?: readonly string[];
  /** Inputs that the cloud does not give back: an import cannot know them. */
  readonly notImported?: readonly string[];
  /** Resources without `import` by a lone id: certificates, waits. */
  readonly importable?: boolean;
  /** Outputs without which it counts as one that was never made. */
  readonly unfinishedWithout?: readonly string[];
  /** Called while the resource exists, after the create and after the update: look at the cloud here. */
  readonly inspect?: (stored: StoredResource, when: "created" | "updated") => Promise<void> | void;
}

/** Runs a resource through its whole life. Throws an AssertionError that says which promise was broken. */
export async function driveResource(scenario: ResourceScenario): Promise<void> {
  const { plugin, inputs: program, updated, replaced, inspect } = scenario;
  const resource = new EngineResource(plugin, scenario.type, scenario.name);
  const life = new Life(scenario, resource);

  await life.checkUnknown(program);
  const inputs = await life.check(program);
  const previewed = await resource.previewCreate(inputs);
  life.secretsKept(inputs, previewed, "the preview of the create");
  const created = await resource.create(inputs);
  try {
    life.complete(created);
    life.foretold(previewed, created.state, "create");
    life.secretsKept(inputs, created.state, "the state after the create");
    await inspect?.(created, "created");
    await life.settled(program, "the create");
    if (scenario.importable !== false) await life.imported(program);
    if (replaced) await life.replacement(replaced);
    await life.ofOtherReleases(program);
    if (updated) {
      await life.update(updated);
      await inspect?.(resource.stored!, "updated");
      await life.settled(updated, "the update");
    }
    await life.replacedInPlace(updated ?? program);
  } finally {
    await life.deletion();
  }
}

class Life {
  private readonly spec: ResourceSpec;

  constructor(
    private readonly scenario: ResourceScenario,
    private readonly resource: EngineResource,
  ) {
    const spec = scenario.plugin.schema.resources?.[scenario.type];
    assert.ok(spec, `${scenario.type} is not in the schema; run \`npm run generate\``);
    this.spec = spec;
  }

  async check(program: Properties): Promise<WireValues> {
    const { inputs, failures } = await this.resource.check(program);
    assert.deepEqual(failures, [], "check must accept the scenario's inputs");
    for (const path of fromProgram(program).secrets) {
      assert.ok(covers(inputs.secrets, path), `check must keep the program's secret ${path} secret`);
    }
    for (const path of schemaSecrets(this.scenario.plugin.schema, this.spec.inputProperties ?? {}, inputs.values)) {
      assert.ok(covers(inputs.secrets, path), `check must mark ${path} as secret, as the schema says`);
    }
    const again = await this.resource.check(inputs.values);
    assert.deepEqual(again.inputs.values, inputs.values, "check of checked inputs must change nothing");
    return inputs;
  }

  /** A first preview, where nothing that other resources give is known. */
  async checkUnknown(program: Properties): Promise<void> {
    const unknown = Object.fromEntries(Object.keys(program).map((key) => [key, Unknown.value]));
    const { inputs, failures } = await this.resource.check(unknown);
    assert.deepEqual(failures, [], "check must skip what is unknown");
    await this.resource.previewCreate(inputs);
  }

  complete({ id, state }: StoredResource): void {
    assert.notEqual(id, "", "create must give an id");
    this.idAsStated(id, state);
    assert.ok(!containsUnknown(state.values), "nothing may be unknown after a create");
    for (const output of this.spec.required ?? []) {
      assert.notEqual(
        state.values[output],
        undefined,
        `the schema promises the output ${output}, but create did not give it`,
      );
    }
  }

  /** What the preview said must come true; what it left open may be anything. */
  foretold(previewed: WireValues, real: WireValues, verb: string): void {
    for (const [key, value] of Object.entries(previewed.values)) {
      if (this.isVolatile(key) || containsUnknown(value)) continue;
      assert.deepEqual(real.values[key], value, `the preview of the ${verb} promised another value of ${key}`);
    }
    for (const key of Object.keys(real.values)) {
      assert.ok(key in previewed.values, `the preview of the ${verb} did not show that there would be ${key}`);
    }
  }

  secretsKept(inputs: WireValues, state: WireValues, where: string): void {
    const properties = { ...this.spec.properties, ...this.spec.inputProperties };
    const expected = schemaSecrets(this.scenario.plugin.schema, properties, state.values);
    for (const path of [...expected, ...inputs.secrets]) {
      const top = String(parsePath(path)[0]);
      if (top in state.values) assert.ok(covers(state.secrets, path), `${path} must be secret in ${where}`);
    }
  }

  /** Neither a second `up` nor a refresh finds anything to do. */
  async settled(program: Properties, after: string): Promise<void> {
    const inputs = await this.check(program);
    assert.deepEqual(
      (await this.resource.diff(inputs)).changes,
      {},
      `an \`up\` right after ${after} must change nothing`,
    );
    const before = this.resource.stored!;
    assert.ok(await this.resource.refresh(), `a refresh right after ${after} must find it`);
    const live = this.resource.stored!;
    this.secretsKept(inputs, live.state, `the state after a refresh`);
    for (const key of Object.keys(before.state.values)) {
      if (this.isVolatile(key)) continue;
      const [now, then] = [live.state.values[key], before.state.values[key]];
      assert.deepEqual(now, then, `a refresh right after ${after} must not change ${key}`);
    }
    const { changes } = await this.resource.diff(inputs);
    assert.deepEqual(changes, {}, `an \`up\` after ${after} and a refresh must change nothing`);
  }

  async imported(program: Properties): Promise<void> {
    const twin = new EngineResource(this.scenario.plugin, this.scenario.type, this.resource.name);
    const { id } = this.resource.stored!;
    assert.ok(await twin.import(id), `an import of ${id} must find it`);
    const { inputs } = await twin.check(program);
    // Which tag or label the program calls secret is nothing that a cloud could tell.
    twin.stored = { ...twin.stored!, inputs: { ...twin.stored!.inputs, secrets: inputs.secrets } };
    const { changes } = await twin.diff(inputs, [...(this.scenario.notImported ?? [])]);
    assert.deepEqual(changes, {}, "an `up` after an import must change nothing");
  }

  /** The reference's "Import id: `<realm>/<clientId>`": a part in brackets is the property of that name, and `…` whatever the cloud chooses. */
  private idAsStated(id: string, { values }: WireValues): void {
    const [, stated] = /\bImport id: `([^`]+)`/.exec(this.spec.description ?? "") ?? [];
    if (stated === undefined) return;
    const ids = stated.replaceAll(/<(\w+)>/g, (_, name: string) => String(values[name]));
    const [start, end] = ids.split("…");
    assert.ok(
      end === undefined ? id === start : id.startsWith(start!),
      `the import id is said to be ${stated}, not ${id}`,
    );
  }

  async replacement(program: Properties): Promise<void> {
    const inputs = await this.check(program);
    const { replaces } = await this.resource.diff(inputs);
    assert.notDeepEqual(replaces, [], "the edit in `replaced` must need a replacement");
  }

  /** A state that lacks an output, and one that has an input and an output which a newer release knows: nothing is made anew for that. */
  async ofOtherReleases(program: Properties): Promise<void> {
    const { resource } = this;
    const stored = resource.stored!;
    const given = { ...stored.inputs.values };
    const later = { ofALaterRelease: { a: ["b"] } };
    const others = Object.keys(stored.state.values).filter((key) => !(key in given));
    const older = others.map((key) => [`without ${key}`, { ...stored.state.values, [key]: undefined }, given] as const);
    const states = [
      ...older,
      ["of a later release", { ...stored.state.values, ...later }, { ...given, ...later }] as const,
    ];
    for (const [which, state, inputs] of states) {
      resource.stored = {
        ...stored,
        state: { ...stored.state, values: state },
        inputs: { ...stored.inputs, values: inputs },
      };
      const { inputs: news } = await resource.check(program);
      const { replaces } = await resource.diff(news);
      if (!this.scenario.unfinishedWithout?.some((output) => which === `without ${output}`))
        assert.deepEqual(replaces, [], `a state ${which} must be no reason to make it anew`);
    }
    resource.stored = stored;
  }

  /** The engine may make the new one beside the old one: that is refused, or the new one outlives the old one's delete. */
  async replacedInPlace(program: Properties): Promise<void> {
    const { resource } = this;
    const [old, replaced] = [resource.stored!, "a replacement that the user asks for"];
    const refused = await resource.replace(program).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    if (refused === undefined) return this.settled(program, replaced);
    assert.match(refused.message, /exists already/, `${replaced} must say what stands in its way`);
    assert.deepEqual(resource.stored, old, `${replaced} and is refused must leave the old one`);
    await this.settled(program, `${replaced} and is refused`);
  }

  async update(program: Properties): Promise<void> {
    const { resource } = this;
    const old = resource.stored!;
    const inputs = await this.check(program);
    const diff = await resource.diff(inputs);
    assert.notDeepEqual(diff.changes, {}, "the edit in `updated` must be a change");
    assert.deepEqual(diff.replaces, [], "the edit in `updated` must need no replacement");
    const previewed = await resource.previewUpdate(inputs);
    this.secretsKept(inputs, previewed, "the preview of the update");
    const { state } = await resource.update(inputs);
    this.foretold(previewed, state, "update");
    this.secretsKept(inputs, state, "the state after the update");
    for (const [key, value] of Object.entries(previewed.values)) {
      if (this.isVolatile(key) || !isUnknown(value)) continue;
      const hint = "say in `preview` that it stays, or what depends on it shows a false replacement";
      assert.notDeepEqual(
        state.values[key],
        old.state.values[key],
        `${key} was unknown at preview and did not change: ${hint}`,
      );
    }
    for (const key of diff.stables) {
      assert.deepEqual(
        state.values[key],
        old.state.values[key],
        `diff called ${key} stable, and the update changed it`,
      );
    }
  }

  async deletion(): Promise<void> {
    const last = this.resource.stored!;
    await this.resource.destroy();
    await this.resource.deleteStored(last);
    if (this.scenario.importable === false) return;
    const gone = await this.resource.read(last.id, last.state, last.inputs);
    assert.equal(gone, undefined, "a read after the delete must say that it is gone");
  }

  private isVolatile(output: string): boolean {
    return this.scenario.volatile?.includes(output) === true;
  }
}

/** True when the path or something above it is marked. */
function covers(secrets: ReadonlySet<string>, path: string): boolean {
  const parsed = parsePath(path);
  return [...secrets].some((secret) => isWithin(parsed, parsePath(secret)));
}
