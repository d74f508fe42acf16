/** One resource as the engine drives it: its state between the calls, and the calls in the engine's own order. */
import assert from "node:assert/strict";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { formatPath, type PropertyPath } from "../../../../sdk/schema/property-path";
import { decode, encode, isRecord, nothing, type Properties, type WireValues } from "../../../../provider/server/wire";
import { PluginError, type Plugin } from "./plugin";

/** Marks a value in a test's inputs, as `pulumi.secret` does in a program. */
export class Secret {
  constructor(readonly value: unknown) {}
}

export interface StoredResource {
  id: string;
  inputs: WireValues;
  state: WireValues;
  /** Why it is not right yet; the next `up` updates it whether or not it differs. */
  initErrors: string[];
}

export interface Diff {
  /** Kind by path: `add`, `update-replace`, … */
  changes: Record<string, string>;
  replaces: string[];
  deleteBeforeReplace: boolean;
  stables: string[];
}

export class EngineResource {
  /** Undefined when the engine knows no such resource. */
  stored: StoredResource | undefined;

  constructor(
    readonly plugin: Plugin,
    readonly type: string,
    readonly name = "it",
  ) {}

  get urn(): string {
    return `urn:pulumi:test::contract::${this.type}::${this.name}`;
  }

  async check(program: Properties): Promise<{ inputs: WireValues; failures: { property: string; reason: string }[] }> {
    const request = this.about(new proto.CheckRequest());
    request.setOlds(encode(this.stored?.inputs ?? nothing));
    request.setNews(encode(fromProgram(program)));
    const response = await this.plugin.call<proto.CheckResponse>("check", request);
    return { inputs: decode(response.getInputs()), failures: response.getFailuresList().map(inParts) };
  }

  async diff(inputs: WireValues, ignoreChanges: string[] = []): Promise<Diff> {
    const request = this.about(new proto.DiffRequest());
    this.fillOld(request, inputs, ignoreChanges);
    const response = await this.plugin.call<proto.DiffResponse>("diff", request);
    const kinds = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];
    const changes: Record<string, string> = {};
    response.getDetaileddiffMap().forEach((detail, path) => (changes[path] = kinds[detail.getKind()]!));
    return {
      changes,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      stables: response.getStablesList(),
    };
  }

  async previewCreate(inputs: WireValues): Promise<WireValues> {
    return decode((await this.createCall(inputs, true, 0)).getProperties());
  }

  /** Keeps what a failed create made, as the engine does, and rejects all the same. */
  async create(inputs: WireValues, timeoutSeconds = 0): Promise<StoredResource> {
    try {
      const response = await this.createCall(inputs, false, timeoutSeconds);
      const state = decode(response.getProperties());
      return (this.stored = { id: response.getId(), inputs, state, initErrors: [] });
    } catch (error) {
      if (error instanceof PluginError && error.partial) {
        const { id, state, reasons } = error.partial;
        this.stored = { id, inputs, state, initErrors: reasons };
      }
      throw error;
    }
  }

  async previewUpdate(inputs: WireValues): Promise<WireValues> {
    return decode((await this.updateCall(inputs, true, 0)).getProperties());
  }

  async update(inputs: WireValues, timeoutSeconds = 0): Promise<StoredResource> {
    const old = this.existing();
    try {
      const response = await this.updateCall(inputs, false, timeoutSeconds);
      return (this.stored = { id: old.id, inputs, state: decode(response.getProperties()), initErrors: [] });
    } catch (error) {
      if (error instanceof PluginError && error.partial) {
        // The engine keeps the old inputs, so that the next `up` tries again.
        this.stored = { ...old, state: error.partial.state, initErrors: error.partial.reasons };
      }
      throw error;
    }
  }

  /** `pulumi up`: check, then create, update, replace or nothing. Returns which. */
  async up(program: Properties): Promise<"create" | "update" | "replace" | "same"> {
    const { inputs, failures } = await this.check(program);
    if (failures.length > 0) throw new Error(failures.map((f) => `${f.property}: ${f.reason}`).join("\n"));
    if (!this.stored) {
      await this.previewCreate(inputs);
      await this.create(inputs);
      return "create";
    }
    const { changes, replaces, deleteBeforeReplace } = await this.diff(inputs);
    if (replaces.length > 0) {
      const old = this.stored;
      if (deleteBeforeReplace) await this.destroy();
      await this.create(inputs);
      const made = this.stored;
      if (!deleteBeforeReplace) {
        await this.deleteReplaced(old);
        this.stored = made;
      }
      return "replace";
    }
    if (Object.keys(changes).length === 0 && this.stored.initErrors.length === 0) {
      this.stored = { ...this.stored, inputs };
      return "same";
    }
    await this.previewUpdate(inputs);
    await this.update(inputs);
    return "update";
  }

  /**
   * `pulumi up --replace`, after a `pulumi state taint`, or by a `replacementTrigger`: no diff is asked for, and the new one is made first. What a
   * create leaves that fails is in the state beside the old one.
   */
  async replace(program: Properties): Promise<void> {
    const old = this.existing();
    this.stored = undefined;
    await this.plugin.begin();
    const { inputs, failures } = await this.check(program);
    if (failures.length > 0) throw new Error(failures.map((f) => `${f.property}: ${f.reason}`).join("\n"));
    try {
      await this.create(inputs);
    } catch (error) {
      this.stored ??= old;
      throw error;
    }
    await this.deleteReplaced(old);
  }

  /** `pulumi refresh`. False when it is gone. What kept it from being right is forgotten with it: only what was read counts then. */
  async refresh(): Promise<boolean> {
    const { id, inputs, state } = this.existing();
    const live = await this.read(id, state, inputs);
    this.stored = live && { id, ...live, initErrors: [] };
    return live !== undefined;
  }

  /** `pulumi import`. False when there is no such thing. */
  async import(id: string): Promise<boolean> {
    const live = await this.read(id, nothing, nothing);
    this.stored = live && { id, ...live, initErrors: [] };
    return live !== undefined;
  }

  async destroy(timeoutSeconds = 0): Promise<void> {
    await this.deleteStored(this.existing(), timeoutSeconds);
    this.stored = undefined;
  }

  async deleteStored(stored: StoredResource, timeoutSeconds = 0): Promise<void> {
    await this.plugin.begin();
    await this.deleteReplaced(stored, timeoutSeconds);
  }

  /** The end of the command that made another in its place. */
  async deleteReplaced({ id, inputs, state }: StoredResource, timeoutSeconds = 0): Promise<void> {
    const request = this.about(new proto.DeleteRequest());
    request.setId(id);
    request.setProperties(encode(state));
    request.setOldInputs(encode(inputs));
    request.setTimeout(timeoutSeconds);
    await this.plugin.call("delete", request);
  }

  async read(
    id: string,
    state: WireValues,
    inputs: WireValues,
  ): Promise<{ state: WireValues; inputs: WireValues } | undefined> {
    const request = this.about(new proto.ReadRequest());
    request.setId(id);
    if (state !== nothing) request.setProperties(encode(state));
    if (inputs !== nothing) request.setInputs(encode(inputs));
    const response = await this.plugin.call<proto.ReadResponse>("read", request);
    if (response.getId() === "") return undefined;
    return { state: decode(response.getProperties()), inputs: decode(response.getInputs()) };
  }

  private existing(): StoredResource {
    if (!this.stored) throw new Error(`${this.name} does not exist`);
    return this.stored;
  }

  private about<R extends { setUrn(v: string): unknown; setType(v: string): unknown; setName(v: string): unknown }>(
    request: R,
  ): R {
    request.setUrn(this.urn);
    request.setType(this.type);
    request.setName(this.name);
    return request;
  }

  private fillOld(request: proto.DiffRequest | proto.UpdateRequest, news: WireValues, ignoreChanges: string[]): void {
    const { id, inputs, state } = this.existing();
    request.setId(id);
    request.setOlds(encode(state));
    request.setOldInputs(encode(inputs));
    request.setNews(encode(news));
    request.setIgnorechangesList(ignoreChanges);
  }

  private createCall(inputs: WireValues, preview: boolean, timeoutSeconds: number): Promise<proto.CreateResponse> {
    const request = this.about(new proto.CreateRequest());
    request.setProperties(encode(inputs));
    request.setPreview(preview);
    request.setTimeout(timeoutSeconds);
    return this.plugin.call("create", request);
  }

  private updateCall(inputs: WireValues, preview: boolean, timeoutSeconds: number): Promise<proto.UpdateResponse> {
    const request = this.about(new proto.UpdateRequest());
    this.fillOld(request, inputs, []);
    request.setPreview(preview);
    request.setTimeout(timeoutSeconds);
    return this.plugin.call("update", request);
  }
}

/** Takes the `Secret` marks out of a program's values. */
export function fromProgram(program: Properties): WireValues {
  const secrets = new Set<string>();
  const visit = (value: unknown, path: PropertyPath): unknown => {
    if (value instanceof Secret) {
      secrets.add(formatPath(path));
      return visit(value.value, path);
    }
    if (Array.isArray(value)) return value.map((element, i) => visit(element, [...path, i]));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child, [...path, key])]));
  };
  const values = visit(program, []) as Properties;
  return { values, secrets };
}

/** A failure that named its property to the engine would have the property's value printed, secret or not. */
function inParts(failure: proto.CheckFailure): { property: string; reason: string } {
  assert.equal(failure.getProperty(), "");
  const [, property, reason] = /^((?:\["[^"]*"\]|[^ ])+): (.*)$/s.exec(failure.getReason()) ?? [
    undefined,
    "",
    failure.getReason(),
  ];
  return { property: property!, reason: reason! };
}
