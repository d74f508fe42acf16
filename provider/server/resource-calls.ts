/** The life of one resource, as the engine drives it. Values are already off the wire; `server.ts` does the gRPC. */
import { goneByHand } from "./gone";
import type { EngineLog } from "./engine-log";
import { isSameObject, takenOver, type KeptObjects, type OldObject } from "./kept-objects";
import type { Operations } from "./operations";
import type { PackageSchema, ResourceSpec } from "../../sdk/schema/package-schema";
import { Placement } from "./placement";
import { diffResource, type DiffQuestion, type ResourceDiff } from "./resource-diff";
import {
  InvalidArguments,
  PartialFailure,
  type CheckFailure,
  type ProviderConfig,
  type ResourceContext,
  type ResourceHandler,
  type ResourceState,
} from "./resource";
import { joinState, previewCreate, previewUpdate, splitState, withAbsent, withSecrets } from "./resource-state";
import { InitializationFailure } from "./service-errors";
import { validate } from "../../sdk/schema/validation";
import { isUnknown } from "./values";
import type { Properties, WireValues } from "./wire";

/** The resource that a call is about. */
export interface Subject {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly timeoutMs: number | undefined;
  /** Texts that no message may show. */
  readonly secrets: readonly string[];
}

export interface ResourceEnvironment {
  readonly schema: PackageSchema;
  readonly operations: Operations;
  readonly log: EngineLog;
  readonly config: ProviderConfig;
  readonly kept: KeptObjects;
  handler(type: string): Promise<ResourceHandler>;
  placedBy(type: string): string | undefined;
}

export class ResourceCalls {
  constructor(private readonly environment: ResourceEnvironment) {}

  async check(
    subject: Subject,
    olds: WireValues,
    news: WireValues,
  ): Promise<{ inputs: WireValues; failures: CheckFailure[] }> {
    const { schema } = this.environment;
    const spec = this.spec(subject);
    const object = { properties: spec.inputProperties ?? {}, required: spec.requiredInputs ?? [] };
    const { values, failures } = validate(schema, object, news.values, isUnknown);
    const inputs = withSecrets(schema, spec, values, news);
    const handler = await this.environment.handler(subject.type);
    if (failures.length > 0 || !handler.check) return { inputs, failures };
    const before = Object.keys(olds.values).length === 0 ? undefined : olds.values;
    const check = (context: ResourceContext) => handler.check!(values, context, before);
    try {
      return { inputs, failures: await this.run("check", subject, check) };
    } catch (error) {
      if (error instanceof InvalidArguments) return { inputs, failures: error.failures };
      throw error;
    }
  }

  async diff(subject: Subject, id: string, question: DiffQuestion): Promise<ResourceDiff> {
    const handler = await this.environment.handler(subject.type);
    const difference = await this.compared(handler, subject, question);
    if (difference.changes.size === 0) this.keep(subject, id, question.news);
    return difference;
  }

  async create(subject: Subject, inputs: WireValues, preview: boolean): Promise<{ id: string; state: WireValues }> {
    const spec = this.spec(subject);
    const handler = await this.environment.handler(subject.type);
    const placement = this.placement(subject);
    const here = placement.outputs(placement.now);
    if (preview) {
      const told = await this.foretold(handler, subject, inputs.values, undefined);
      const foretold = { ...told, ...here };
      return { id: "", state: this.mark(spec, previewCreate(spec, inputs.values, foretold), inputs) };
    }
    try {
      const made = await this.run("create", subject, (context) => handler.create(inputs.values, context));
      this.keep(subject, made.id, inputs);
      return { id: made.id, state: this.state(spec, joinState(inputs.values, { ...made.outputs, ...here }), inputs) };
    } catch (error) {
      if (error instanceof PartialFailure) this.keep(subject, error.id, inputs);
      throw this.asInitializationFailure(spec, error, inputs, here);
    }
  }

  /** Undefined when it is gone. With no state and no inputs, this is an import. */
  async read(
    subject: Subject,
    id: string,
    oldState: WireValues,
    oldInputs: WireValues,
  ): Promise<{ state: WireValues; inputs: WireValues } | undefined> {
    const spec = this.spec(subject);
    const handler = await this.environment.handler(subject.type);
    const known = Object.keys(oldState.values).length > 0 || Object.keys(oldInputs.values).length > 0;
    const state = known ? splitState(spec, oldState.values, oldInputs.values) : undefined;
    const placement = this.placement(subject);
    const there = placement.outputs(placement.of(oldState.values));
    const live = await this.runAt(placement, oldState.values, "read", subject, (context) =>
      handler.read(id, state, context),
    );
    if (!live) return undefined;
    const inputs = withoutAbsent(live.inputs);
    return {
      inputs: this.mark(spec, inputs, oldInputs),
      state: this.state(spec, joinState(inputs, { ...live.outputs, ...there }), oldState, oldInputs),
    };
  }

  async update(subject: Subject, id: string, question: DiffQuestion, preview: boolean): Promise<WireValues> {
    const { oldInputs, oldState, news } = question;
    const spec = this.spec(subject);
    const handler = await this.environment.handler(subject.type);
    const state = splitState(spec, oldState.values, oldInputs.values);
    const placement = this.placement(subject);
    const there = placement.outputs(placement.of(oldState.values));
    if (preview) {
      const told = await this.foretold(handler, subject, news.values, state);
      const foretold = placement.foretold(told, oldState.values);
      const { changes } = await this.compared(handler, subject, question);
      const changingOutputs = [...changes].filter(([, change]) => !change.ofInput).map(([path]) => path);
      const previewed = previewUpdate(spec, news.values, state.outputs as Properties, foretold, changingOutputs);
      return this.mark(spec, previewed, news);
    }
    try {
      const outputs = await this.runAt(placement, oldState.values, "update", subject, async (context) => {
        if (handler.update) return handler.update(id, news.values, state, context);
        // Only a create that failed half-way, or a value that became secret, leads here: look how it is now.
        const live = await handler.read(id, state, context);
        if (!live) throw goneByHand(`${subject.name} (${id}) is gone`);
        return live.outputs;
      });
      this.keep(subject, id, news);
      return this.state(spec, joinState(news.values, { ...outputs, ...there }), news);
    } catch (error) {
      if (error instanceof PartialFailure) this.keep(subject, id, news);
      throw this.asInitializationFailure(spec, error, news, state.outputs as Properties, id);
    }
  }

  async delete(subject: Subject, id: string, oldState: WireValues, oldInputs: WireValues): Promise<void> {
    const handler = await this.environment.handler(subject.type);
    const spec = this.spec(subject);
    const state = splitState(spec, oldState.values, oldInputs.values);
    if (this.isNewOnes(handler, subject, { id, inputs: oldInputs, oldState })) {
      const { log } = this.environment;
      if (!handler.makesNothing) log.forResource(subject.urn, subject.secrets).warn(takenOver(id));
      return;
    }
    await this.runAt(this.placement(subject), oldState.values, "delete", subject, (context) =>
      handler.delete(id, state, context),
    );
  }

  private keep({ urn }: Subject, id: string, inputs: WireValues): void {
    this.environment.kept.set(urn, { id, inputs });
  }

  private isNewOnes(handler: ResourceHandler, subject: Subject, old: OldObject): boolean {
    const { schema, config, kept } = this.environment;
    const now = kept.get(subject.urn);
    if (now === undefined) return false;
    const spec = this.spec(subject);
    return isSameObject({ schema, spec, handler, placement: this.placement(subject), config }, old, now);
  }

  private async compared(handler: ResourceHandler, subject: Subject, question: DiffQuestion): Promise<ResourceDiff> {
    const { oldInputs, oldState } = question;
    const spec = this.spec(subject);
    const placement = this.placement(subject);
    const { drifted } = handler;
    const others = drifted
      ? await this.runAt(placement, oldState.values, "diff", subject, (context) =>
          drifted(splitState(spec, oldState.values, oldInputs.values), context, question.news.values),
        )
      : [];
    return diffResource(this.environment.schema, spec, handler, placement, question, others);
  }

  /** What the handler says at a preview of the outputs; undefined: nothing. */
  private async foretold(
    handler: ResourceHandler,
    subject: Subject,
    inputs: Properties,
    state: ResourceState<Properties, Properties> | undefined,
  ): Promise<Properties | undefined> {
    return handler.foresee
      ? this.run("preview", subject, (context) => handler.foresee!(inputs, context, state) as Promise<Properties>)
      : (handler.preview?.(inputs, state) as Properties | undefined);
  }

  private placement({ type }: Subject): Placement {
    return new Placement(this.environment.placedBy(type), this.environment.config);
  }

  private spec(subject: Subject): ResourceSpec {
    const spec = this.environment.schema.resources?.[subject.type];
    if (!spec) throw new Error(`${subject.type} is not in the schema of this provider`);
    return spec;
  }

  private mark(spec: ResourceSpec, values: Properties, ...earlier: WireValues[]): WireValues {
    return withSecrets(this.environment.schema, spec, values, ...earlier);
  }

  /** Of one that is there, as the engine is to keep it. */
  private state(spec: ResourceSpec, values: Properties, ...earlier: WireValues[]): WireValues {
    return withAbsent(spec, this.mark(spec, values, ...earlier));
  }

  private run<T>(
    verb: string,
    subject: Subject,
    work: (context: ResourceContext) => Promise<T> | T,
    config = this.environment.config,
  ): Promise<T> {
    const { operations, log } = this.environment;
    const description = `${verb} of ${subject.type.split(":").at(-1)} "${subject.name}"`;
    return operations.run(description, subject.timeoutMs, (signal) =>
      work({
        name: subject.name,
        urn: subject.urn,
        signal,
        timeoutMs: subject.timeoutMs,
        log: log.forResource(subject.urn, subject.secrets),
        config,
      }),
    );
  }

  /** For what exists already: where the state says that it is. */
  private async runAt<T>(
    placement: Placement,
    state: Properties,
    verb: string,
    subject: Subject,
    work: (context: ResourceContext) => Promise<T> | T,
  ): Promise<T> {
    try {
      return await this.run(verb, subject, work, placement.configFor(state));
    } catch (error) {
      throw error instanceof PartialFailure ? error : placement.explain(error, state);
    }
  }

  private asInitializationFailure(
    spec: ResourceSpec,
    error: unknown,
    inputs: WireValues,
    oldOutputs: Properties,
    id?: string,
  ): unknown {
    if (!(error instanceof PartialFailure)) return error;
    const values = joinState(inputs.values, { ...oldOutputs, ...error.outputs });
    return new InitializationFailure(error.id || (id ?? ""), this.mark(spec, values, inputs), inputs, error.reasons);
  }
}

/** Handlers may spell an absent input as `undefined` or null. */
function withoutAbsent(values: object): Properties {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}
