/** What played controllers do to objects. */
import { referenceTo, type KubernetesApi, type KubernetesObject, type ListQuery } from "../../provider/kubernetes/api";

export class PlayedObjects {
  constructor(
    readonly api: KubernetesApi,
    readonly signal: AbortSignal,
  ) {}

  async list<T extends KubernetesObject>(query: ListQuery): Promise<T[]> {
    return (await this.api.list(query, this.signal)) as T[];
  }

  async hold(object: KubernetesObject, finalizer: string): Promise<void> {
    const finalizers = finalizersOf(object);
    if (!finalizers.includes(finalizer)) await this.#finalizers(object, [...finalizers, finalizer]);
  }

  async release(object: KubernetesObject, finalizer: string): Promise<void> {
    const finalizers = finalizersOf(object);
    const kept = finalizers.filter((each) => each !== finalizer);
    if (kept.length !== finalizers.length) await this.#finalizers(object, kept);
  }

  async change(object: KubernetesObject, spec: object): Promise<void> {
    await this.api.patch(referenceTo(object), { spec }, this.signal);
  }

  async say(object: KubernetesObject, status: object): Promise<void> {
    await this.api.patch(referenceTo(object), { status }, this.signal, "status");
  }

  /** Once. */
  async giveUp(object: KubernetesObject): Promise<void> {
    if (object.metadata.deletionTimestamp === undefined)
      await this.api.delete(referenceTo(object), undefined, this.signal);
  }

  async #finalizers(object: KubernetesObject, finalizers: readonly string[]): Promise<void> {
    await this.api.patch(referenceTo(object), { metadata: { finalizers } }, this.signal);
  }
}

function finalizersOf({ metadata }: KubernetesObject): string[] {
  return (metadata["finalizers"] as string[] | undefined) ?? [];
}
