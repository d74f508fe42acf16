import type { KubernetesCluster } from "./cluster";

type Handle = Pick<KubernetesCluster, "kubeProvider">;

/** What this program knows of clusters, whichever handle of one it is asked by. */
export class PerCluster<T> {
  private readonly known = new WeakMap<object, T>();

  get(cluster: Handle | undefined): T | undefined {
    const handle = handleOf(cluster);
    return handle && this.known.get(handle);
  }

  set(cluster: Handle, value: T): T {
    const handle = handleOf(cluster);
    // Whatever a user wrote in a cluster's place is refused elsewhere.
    if (handle) this.known.set(handle, value);
    return value;
  }
}

function handleOf(cluster: Handle | undefined): object | undefined {
  const handle: unknown = cluster?.kubeProvider ?? cluster;
  return typeof handle === "object" && handle !== null ? handle : undefined;
}
