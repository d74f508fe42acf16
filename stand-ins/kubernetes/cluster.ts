/** The objects of one cluster, as the resources of a program: apply, read, delete. Knows nothing of the engine. */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  KubernetesApiError,
  type KubernetesApi,
  type KubernetesObject,
  type ObjectReference,
  referenceTo,
} from "../../provider/kubernetes/api";
import type { Properties } from "../../provider/server/wire";
import { wishesOf } from "./annotations";
import { untilGone, untilReady, type Waiting } from "./await";
import type { Configuration } from "./configuration";
import { driftedInputs, importedInputs } from "./live-inputs";
import type { KubernetesType } from "./type-token";

/** A namespace or a definition that the same program makes may come a moment later. */
const prerequisiteMs = 10_000;

export interface Target {
  readonly type: KubernetesType;
  readonly urn: string;
}

export class Cluster {
  constructor(
    private readonly api: KubernetesApi,
    private readonly configuration: Configuration,
  ) {}

  /** Why the API server does not answer; undefined when it does. */
  async unreachable(signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.api.text("/version", signal);
      return undefined;
    } catch (error) {
      if (error instanceof KubernetesApiError) return undefined;
      signal.throwIfAborted();
      return (error as Error).message;
    }
  }

  /** Undefined when the API server does not know the kind (yet). */
  async isNamespaced({ apiVersion, kind }: KubernetesType, signal: AbortSignal): Promise<boolean | undefined> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const { resources } = JSON.parse(await this.api.text(root, signal)) as {
        resources: { kind: string; namespaced: boolean }[];
      };
      return resources.find((resource) => resource.kind === kind)?.namespaced;
    } catch (error) {
      if (error instanceof KubernetesApiError) return undefined;
      throw error;
    }
  }

  /** What the API server would make of the inputs. */
  async dryRun(
    target: Target,
    inputs: Properties,
    signal: AbortSignal,
    force = this.#force(inputs),
  ): Promise<KubernetesObject> {
    const options = { fieldManager: fieldManager(target, inputs), force, dryRun: true };
    return this.api.apply(asObject(inputs), options, signal).catch(throwWithHint);
  }

  /**
   * The same of an object that is about to be made. One of its name may be there now that will be gone by then, replaced by it: a preview does
   * not tell, and the official provider tries another name.
   */
  async dryRunOfNew(target: Target, inputs: Properties, signal: AbortSignal): Promise<KubernetesObject> {
    if (target.type.isPatch) {
      await this.requireFree(target, inputs, signal);
      return this.dryRun(target, inputs, signal);
    }
    const object = asObject(inputs);
    if ((await this.api.read(referenceTo(object), signal)) === undefined) return this.dryRun(target, inputs, signal);
    const { name } = object.metadata;
    const tried = await this.dryRun(
      target,
      { ...inputs, metadata: { ...object.metadata, name: `${name}-${randomBytes(4).toString("hex")}` } } as Properties,
      signal,
    );
    return { ...tried, metadata: { ...tried.metadata, name } };
  }

  /** Throws when the object is there already (or, for a patch, is not). */
  async requireFree({ type }: Target, inputs: Properties, signal: AbortSignal): Promise<void> {
    const reference = referenceTo(asObject(inputs));
    const existing = await this.api.read(reference, signal);
    if (type.isPatch) {
      if (existing === undefined) throw new Error(`${describe(reference)} does not exist, so it cannot be patched`);
    } else if (existing !== undefined && !this.configuration.upsertExistingObjects) {
      throw new Error(
        `${describe(reference)} already exists; import it, give another metadata.name, ` +
          "or set upsertExistingObjects on the provider to take it over",
      );
    }
  }

  async apply(target: Target, inputs: Properties, signal: AbortSignal): Promise<KubernetesObject> {
    const options = { fieldManager: fieldManager(target, inputs), force: this.#force(inputs) };
    const started = Date.now();
    for (;;) {
      try {
        return await this.api.apply(asObject(inputs), options, signal);
      } catch (error) {
        const missing = error instanceof KubernetesApiError && error.statusCode === 404;
        if (!missing || Date.now() - started > prerequisiteMs) return throwWithHint(error);
        await delay(500, undefined, { signal });
      }
    }
  }

  async awaitReady(
    inputs: Properties,
    applied: KubernetesObject,
    isPatch: boolean,
    waiting: Waiting,
  ): Promise<KubernetesObject> {
    return isPatch || wishesOf(inputs).skipAwait ? applied : untilReady(this.api, applied, waiting);
  }

  /** The live object and the inputs that it has; undefined when it is gone. Without stored inputs this is an import. */
  async read(
    target: Target,
    reference: ObjectReference,
    stored: Properties | undefined,
    signal: AbortSignal,
  ): Promise<{ live: KubernetesObject; inputs: Properties } | undefined> {
    const live = await this.api.read(reference, signal);
    if (live === undefined) return undefined;
    if (stored === undefined) return { live, inputs: importedInputs(live) };
    try {
      return { live, inputs: driftedInputs(stored, await this.dryRun(target, stored, signal, true), live) };
    } catch (error) {
      // Inputs that the API server does not take any more: the next update will say why.
      if (error instanceof KubernetesApiError) return { live, inputs: stored };
      throw error;
    }
  }

  async delete(target: Target, reference: ObjectReference, inputs: Properties, waiting: Waiting): Promise<void> {
    const live = await this.api.read(reference, waiting.signal);
    if (live === undefined) return;
    if (target.type.isPatch) {
      // Fields that nobody applies any more go away; those of others stay.
      const { apiVersion, kind, name, namespace } = reference;
      const nothing = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
      await this.api.apply(nothing, { fieldManager: fieldManager(target, inputs) }, waiting.signal);
      return;
    }
    const { propagationPolicy, skipAwait } = wishesOf(inputs);
    await this.api.delete(reference, { propagationPolicy }, waiting.signal);
    if (!skipAwait) await untilGone(this.api, reference, live.metadata.uid, waiting);
  }

  #force(inputs: Properties): boolean {
    return wishesOf(inputs).patchForce ?? this.configuration.patchForce;
  }
}

export function describe({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** Completed inputs are an object: `check` has seen to apiVersion, kind and metadata.name. */
function asObject(inputs: Properties): KubernetesObject {
  return inputs as KubernetesObject;
}

/** Patches of one object by several resources must not take each other's fields away. */
function fieldManager({ type, urn }: Target, inputs: Properties): string {
  const wished = wishesOf(inputs).fieldManager;
  if (wished !== undefined) return wished;
  return type.isPatch
    ? `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`
    : "pulumi-kubernetes";
}

function throwWithHint(error: unknown): never {
  if (!(error instanceof KubernetesApiError) || error.statusCode !== 409) throw error;
  const hint = 'set the annotation pulumi.com/patchForce: "true" to take these fields over';
  throw new KubernetesApiError(`${error.message}; ${hint}`, error.statusCode, error.reason);
}
