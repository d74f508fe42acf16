/** From `apiVersion` and `kind` to a path, as the API server itself tells it. */
import { KubernetesApiError } from "./api";

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** What a kind is asked for. */
export interface KindReference {
  apiVersion: string;
  kind: string;
  namespace?: string;
}

type Get = <T>(path: string, signal?: AbortSignal) => Promise<T>;

export class Discovery {
  readonly #known = new Map<string, readonly ApiResource[]>();

  constructor(private readonly get: Get) {}

  /** Path of the collection. Without a namespace: the one given as `otherwise`, or all of them. */
  async collection(reference: KindReference, signal?: AbortSignal, otherwise?: string): Promise<string> {
    const { apiVersion, kind } = reference;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { name, namespaced } = await this.#resource(root, apiVersion, kind, signal);
    const namespace = reference.namespace ?? otherwise;
    return namespaced && namespace !== undefined
      ? `${root}/namespaces/${encodeURIComponent(namespace)}/${name}`
      : `${root}/${name}`;
  }

  async #resource(root: string, apiVersion: string, kind: string, signal?: AbortSignal): Promise<ApiResource> {
    const search = (resources: readonly ApiResource[] = []) => resources.find((resource) => resource.kind === kind);
    const known = search(this.#known.get(root));
    if (known !== undefined) return known;
    // Asked again for a kind not seen before: it may have been defined since.
    const { resources } = await this.get<{ resources: ApiResource[] }>(root, signal);
    const own = resources.filter(({ name }) => !name.includes("/"));
    this.#known.set(root, own);
    const found = search(own);
    if (found === undefined)
      throw new KubernetesApiError(`the API server has no kind "${kind}" in ${apiVersion}`, 404, "NotFound");
    return found;
  }
}
