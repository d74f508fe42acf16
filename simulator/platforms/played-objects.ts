/** What played controllers do to objects. */
import { referenceTo, type KubernetesApi, type KubernetesObject, type ListQuery } from "../../provider/kubernetes/api";
import { held, released } from "./finalizers";

export class PlayedObjects {
  constructor(
    readonly api: KubernetesApi,
    readonly signal: AbortSignal,
  ) {}

  async list<T extends KubernetesObject>(query: ListQuery): Promise<T[]> {
    return (await this.api.list(query, this.signal)) as T[];
  }

  async hold(object: KubernetesObject, finalizer: string): Promise<void> {
    await this.#patch(object, held(object, finalizer));
  }

  async release(object: KubernetesObject, finalizer: string): Promise<void> {
    await this.#patch(object, released(object, finalizer));
  }

  /** It goes when its owner has gone. */
  async own(object: KubernetesObject, owner: KubernetesObject): Promise<void> {
    const { apiVersion, kind, metadata } = owner;
    const { ownerReferences = [] } = object.metadata as { ownerReferences?: { uid: string }[] };
    if (ownerReferences.some(({ uid }) => uid === metadata.uid)) return;
    const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    await this.#patch(object, { metadata: { ownerReferences: [...ownerReferences, reference] } });
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

  async #patch(object: KubernetesObject, patch: object | undefined): Promise<void> {
    if (patch) await this.api.patch(referenceTo(object), patch, this.signal);
  }
}
