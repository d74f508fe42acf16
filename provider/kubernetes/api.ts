/** A small, typed way to a Kubernetes API server, for any kind. `client.ts` implements it. */

export interface ObjectMeta {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  resourceVersion?: string;
  uid?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  [field: string]: unknown;
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** To an object that has a name. */
export function referenceTo({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name: name!, ...(namespace !== undefined && { namespace }) };
}

export interface ListQuery {
  apiVersion: string;
  kind: string;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /**
   * Objects that are asked for at a time.
   * @default 500
   */
  limit?: number;
  /** No page is asked for once there are so many. Default: all of them. */
  most?: number;
}

export interface KubernetesApi {
  /** GET of a path such as `/readyz`; the answer's text. Throws `KubernetesApiError` on a status of 400 or more. */
  text(path: string, signal?: AbortSignal): Promise<string>;
  /** Undefined when there is none. */
  read(reference: ObjectReference, signal?: AbortSignal): Promise<KubernetesObject | undefined>;
  list(query: ListQuery, signal?: AbortSignal): Promise<KubernetesObject[]>;
  create(object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject>;
  /** Server-side apply. */
  apply(
    object: KubernetesObject,
    options: { fieldManager: string; force?: boolean; dryRun?: boolean },
    signal?: AbortSignal,
  ): Promise<KubernetesObject>;
  /** JSON merge patch, of the object or of its status. */
  patch(
    reference: ObjectReference,
    patch: object,
    signal?: AbortSignal,
    subresource?: "status",
  ): Promise<KubernetesObject>;
  /** Asks for deletion; already gone is success. Does not wait for finalizers. */
  delete(reference: ObjectReference, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
  /** Asks for a pod to go in an orderly way; already gone is success. Throws with status 429 while a disruption budget forbids it. */
  evict(pod: { namespace: string; name: string }, signal?: AbortSignal): Promise<void>;
}

export interface DeleteOptions {
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  /** Of the very object: one that has its name by now is not deleted (status 409). Default: whichever has the name. */
  uid?: string | undefined;
}

/** The API server's own answer, kept whole. */
export class KubernetesApiError extends Error {
  override readonly name = "KubernetesApiError";
  constructor(
    message: string,
    readonly statusCode: number,
    /** Kubernetes' `Status.reason`: `NotFound`, `Conflict`, `Forbidden`, … */
    readonly reason: string | undefined,
  ) {
    super(message);
  }
}

/** Whether whoever asked has no right to it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.statusCode === 403;
}
