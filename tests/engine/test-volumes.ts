/** Volumes of the class `homes` for claims in a simulated cluster, where nothing makes any. */
import { kubernetesApi } from "../../provider/kubernetes/client";

export async function provideVolumes(kubeconfig: string, count: number): Promise<void> {
  const api = kubernetesApi(kubeconfig, { timeoutMs: 30_000 });
  const homes = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "homes" } };
  await api.apply({ ...homes, provisioner: "kubernetes.io/no-provisioner" }, { fieldManager: "test" });
  for (let index = 1; index <= count; index++) {
    const spec = {
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteOnce", "ReadWriteMany"],
      storageClassName: "homes",
      hostPath: { path: "/volumes" },
    };
    const volume = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: `home-${index}` }, spec };
    await api.apply(volume, { fieldManager: "test" });
  }
}
