import type { KubernetesApi } from "./api";

/** Reads the kubeconfig only when the cluster is really asked: a group can be read and deleted without one. */
export function lazyApi(connect: () => KubernetesApi): KubernetesApi {
  let api: KubernetesApi | undefined;
  const get = () => (api ??= connect());
  return {
    text: async (...args) => get().text(...args),
    read: async (...args) => get().read(...args),
    list: async (...args) => get().list(...args),
    create: async (...args) => get().create(...args),
    apply: async (...args) => get().apply(...args),
    patch: async (...args) => get().patch(...args),
    delete: async (...args) => get().delete(...args),
    evict: async (...args) => get().evict(...args),
  };
}
