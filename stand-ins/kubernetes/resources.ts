/** The engine's questions about one resource, answered from the cluster; at a preview that does not know it, from the inputs alone. */
import { KubernetesApiError, type KubernetesObject, type ObjectReference } from "../../provider/kubernetes/api";
import { compareInputs } from "../../provider/server/difference";
import { formatPath, isWithin, parsePath, valueAt } from "../../sdk/schema/property-path";
import { PartialFailure, type CheckFailure } from "../../provider/server/resource";
import type { DetailedChange, DiffQuestion } from "../../provider/server/resource-diff";
import { Unknown } from "../../provider/server/values";
import { containsUnknown, type Properties, type WireValues } from "../../provider/server/wire";
import type { Calls, Subject } from "../server/server";
import { NotReady } from "./await";
import { Cluster, describe } from "./cluster";
import type { Configuration } from "./configuration";
import { replacingPaths, refusedPaths } from "./immutable";
import { completeInputs, wasAutonamed } from "./inputs";
import { foreseenOutputs, outputsOf } from "./live-inputs";
import { kubernetesType, type KubernetesType } from "./type-token";

/** How long a preview waits for a cluster that may not answer. */
const previewTimeoutMs = 5_000;

export class Resources implements Calls {
  readonly #cluster: Cluster | undefined;

  constructor(private readonly configuration: Configuration) {
    this.#cluster = configuration.api && new Cluster(configuration.api, configuration);
  }

  async check(
    subject: Subject,
    seed: Uint8Array,
    before: WireValues,
    news: WireValues,
  ): Promise<{ inputs: WireValues; failures: CheckFailure[] }> {
    const type = kubernetesType(subject.token, news.values["kind"]);
    const { inputs, failures } = completeInputs({
      type,
      name: subject.name,
      seed,
      before: before.values,
      given: news.values,
      defaultNamespace: await this.#defaultNamespace(type, subject),
    });
    return { inputs: marked(inputs, news), failures };
  }

  async diff(
    subject: Subject,
    { oldInputs, news, ignoreChanges }: DiffQuestion,
  ): Promise<{ changes: Map<string, DetailedChange>; deleteBeforeReplace: boolean }> {
    const type = kubernetesType(subject.token, news.values["kind"]);
    const ignored = ignoreChanges.map(parsePath);
    const found = compareInputs({}, oldInputs.values, news.values).filter(
      ({ path }) => !ignored.some((place) => isWithin(path, place)),
    );
    const forced = replacingPaths(type.apiVersion, type.kind, this.configuration);
    const replaced = new Set(
      found
        .filter(({ path }) => !type.isPatch && forced.some((place) => isWithin(path, place)))
        .map(({ path }) => formatPath(path)),
    );
    if (found.length > 0 && replaced.size === 0) {
      const changed = found.map(({ path }) => path);
      const refusal = await this.#rehearse(subject, type, news.values).then(
        () => undefined,
        (error: unknown) => error,
      );
      for (const path of refusedPaths(refusal, changed)) replaced.add(path);
    }
    const changes = new Map(
      found.map(({ path, kind }) => {
        const place = formatPath(path);
        return [place, { kind, replaces: replaced.has(place), ofInput: true }] as const;
      }),
    );
    return { changes, deleteBeforeReplace: replaced.size > 0 && isSameObject(oldInputs.values, news.values) };
  }

  async previewCreate(subject: Subject, inputs: WireValues): Promise<WireValues> {
    const type = kubernetesType(subject.token, inputs.values["kind"]);
    const rehearsed = await this.#rehearse(subject, type, inputs.values, true);
    const foreseen = rehearsed === undefined ? inputs.values : foreseenOutputs(rehearsed, inputs.values);
    return marked({ ...foreseen, status: Unknown.value }, inputs);
  }

  async previewUpdate(subject: Subject, _id: string, { oldState, news }: DiffQuestion): Promise<WireValues> {
    const type = kubernetesType(subject.token, news.values["kind"]);
    const rehearsed = await this.#rehearse(subject, type, news.values);
    return marked(rehearsed === undefined ? { ...oldState.values, ...news.values } : outputsOf(rehearsed), news);
  }

  async create(subject: Subject, inputs: WireValues): Promise<{ id: string; state: WireValues }> {
    const type = kubernetesType(subject.token, inputs.values["kind"]);
    const cluster = await this.#reachable(subject);
    await cluster.requireFree({ type, urn: subject.urn }, inputs.values, subject.signal);
    return this.#applied(cluster, subject, type, inputs);
  }

  async update(subject: Subject, _id: string, { oldInputs, news }: DiffQuestion): Promise<WireValues> {
    const type = kubernetesType(subject.token, news.values["kind"] ?? oldInputs.values["kind"]);
    return (await this.#applied(await this.#reachable(subject), subject, type, news)).state;
  }

  /** Undefined when it is gone. */
  async read(
    subject: Subject,
    id: string,
    oldState: WireValues,
    oldInputs: WireValues,
  ): Promise<{ state: WireValues; inputs: WireValues } | undefined> {
    const known = Object.keys(oldInputs.values).length > 0;
    const type = kubernetesType(subject.token, oldInputs.values["kind"] ?? oldState.values["kind"]);
    const cluster = await this.#reachable(subject).catch((error: unknown) => this.#forgiven(error, subject));
    if (cluster === undefined) return undefined;
    const found = await cluster.read(
      { type, urn: subject.urn },
      referenceFrom(type, id),
      known ? oldInputs.values : undefined,
      subject.signal,
    );
    return (
      found && {
        inputs: marked(found.inputs, oldInputs),
        state: marked(outputsOf(found.live), known ? oldInputs : oldState),
      }
    );
  }

  async delete(subject: Subject, id: string, oldState: WireValues, oldInputs: WireValues): Promise<void> {
    const type = kubernetesType(subject.token, oldInputs.values["kind"] ?? oldState.values["kind"]);
    const cluster = await this.#reachable(subject).catch((error: unknown) => this.#forgiven(error, subject));
    await cluster?.delete({ type, urn: subject.urn }, referenceFrom(type, id), oldInputs.values, waitingOf(subject));
  }

  /** Whether the cluster is; false where it does not answer and the user said that it is gone then. */
  async isThere(subject: Subject): Promise<boolean> {
    const cluster = await this.#reachable(subject).catch((error: unknown) => this.#forgiven(error, subject));
    return cluster !== undefined;
  }

  /** The official provider deletes no release from a cluster that does not answer, whatever the user said. */
  async requireForRelease(subject: Subject): Promise<void> {
    await this.#reachable(subject).catch((error: Error) => {
      throw new Error(`can't delete Helm Release with unreachable cluster. Reason: "${error.message}"`);
    });
  }

  kept(outputs: Properties, inputs: WireValues): WireValues {
    return marked(outputs, inputs);
  }

  async #applied(
    cluster: Cluster,
    subject: Subject,
    type: KubernetesType,
    inputs: WireValues,
  ): Promise<{ id: string; state: WireValues }> {
    const applied = await cluster.apply({ type, urn: subject.urn }, inputs.values, subject.signal);
    const id = idOf(applied);
    try {
      const live = await cluster.awaitReady(inputs.values, applied, type.isPatch, waitingOf(subject));
      return { id, state: marked(outputsOf(live), inputs) };
    } catch (error) {
      const live = error instanceof NotReady ? error.live : applied;
      const [first, ...more] = error instanceof NotReady ? error.reasons : [(error as Error).message];
      const reasons = [`${describe(referenceFrom(type, id))} exists but is not ready: ${first}`, ...more];
      throw new PartialFailure(id, outputsOf(live), reasons, { cause: error });
    }
  }

  /** What the API server would answer; undefined where nobody can say yet. Throws its refusal. */
  async #rehearse(
    subject: Subject,
    type: KubernetesType,
    inputs: Properties,
    isNew = false,
  ): Promise<KubernetesObject | undefined> {
    if (this.#cluster === undefined || containsUnknown(inputs)) return undefined;
    const signal = AbortSignal.any([subject.signal, AbortSignal.timeout(previewTimeoutMs)]);
    try {
      if (!isNew) return await this.#cluster.dryRun({ type, urn: subject.urn }, inputs, signal);
      return await this.#cluster.dryRunOfNew({ type, urn: subject.urn }, inputs, signal);
    } catch (error) {
      if (error instanceof KubernetesApiError) {
        // The namespace, the definition or the rights may come with the same update.
        if (error.statusCode === 404 || error.statusCode === 403) return undefined;
        throw error;
      }
      if ((await this.#cluster.unreachable(subject.signal)) !== undefined) return undefined;
      throw error;
    }
  }

  async #defaultNamespace(type: KubernetesType, subject: Subject): Promise<string | undefined> {
    const { namespace } = this.configuration;
    if (namespace === undefined || this.#cluster === undefined) return undefined;
    const namespaced = await this.#cluster.isNamespaced(type, subject.signal).catch(() => undefined);
    return namespaced === true ? namespace : undefined;
  }

  async #reachable(subject: Subject): Promise<Cluster> {
    if (this.#cluster === undefined) throw new Unreachable("its kubeconfig is not known");
    const reason = await this.#cluster.unreachable(subject.signal);
    if (reason !== undefined) throw new Unreachable(reason);
    return this.#cluster;
  }

  /** Undefined where the user said that what is in a lost cluster counts as gone. */
  #forgiven(error: unknown, subject: Subject): undefined {
    if (!(error instanceof Unreachable)) throw error;
    if (!this.configuration.deleteUnreachable) {
      const hint =
        "if the cluster was deleted, set PULUMI_K8S_DELETE_UNREACHABLE=true to drop its resources from the state";
      throw new Error(`${error.message}; ${hint}`);
    }
    subject.log.warn(`${error.message}; dropping ${subject.name} from the state, as deleteUnreachable says`);
    return undefined;
  }
}

class Unreachable extends Error {
  override readonly name = "Unreachable";
  constructor(reason: string) {
    super(`the configured Kubernetes cluster is unreachable: ${reason}`);
  }
}

function waitingOf({ signal, timeoutMs, log }: Subject) {
  return { signal, timeoutMs, status: (message: string) => log.status(message) };
}

/** Secret wherever the inputs were secret, and where the kind is. */
function marked(values: Properties, inputs: WireValues): WireValues {
  const secrets = new Set(inputs.secrets);
  if (values["kind"] === "Secret" && values["apiVersion"] === "v1")
    for (const path of ["data", "stringData"]) secrets.add(path);
  // What was secret as a text is stored under another name.
  const { stringData } = inputs.values;
  return { values: stringData === undefined ? values : { stringData, ...values }, secrets };
}

function idOf({ metadata }: KubernetesObject): string {
  return metadata.namespace === undefined ? metadata.name! : `${metadata.namespace}/${metadata.name}`;
}

function referenceFrom({ apiVersion, kind }: KubernetesType, id: string): ObjectReference {
  const [first, second] = id.split("/") as [string, string | undefined];
  return second === undefined
    ? { apiVersion, kind, name: first }
    : { apiVersion, kind, namespace: first, name: second };
}

/** The new object would have the old one's name, so the old one must go first. */
function isSameObject(before: Properties, after: Properties): boolean {
  if (wasAutonamed(after)) return false;
  const same = (path: string[]) => valueAt(before, path) === valueAt(after, path);
  return same(["metadata", "name"]) && same(["metadata", "namespace"]) && before["kind"] === after["kind"];
}
