/**
 * On light control planes: volumes for claims that are answered at once, as the controllers of storage drivers make and delete them. Their pods
 * do not run here, and Pulumi waits until a claim has its volume. Nothing is stored in one.
 */
import { ignoring, type ApiConnection } from "../api-connection";
import { watchCollection, type Looked } from "./collection-watch";

const classesPath = "/apis/storage.k8s.io/v1/storageclasses";
const claimsPath = "/api/v1/persistentvolumeclaims";
const volumesPath = "/api/v1/persistentvolumes";
/** As drivers mark their own. */
const provisionedBy = "pv.kubernetes.io/provisioned-by";
/** A claim that is gone leaves its volume, which Kubernetes releases a moment later. */
const lookAgainMs = { busy: 500, idle: 10_000 };

interface Listed<T> {
  items: T[];
  metadata: { resourceVersion: string };
}
interface StorageClass {
  metadata: { name: string };
  provisioner: string;
  volumeBindingMode?: string;
  reclaimPolicy?: string;
}
interface Claim {
  metadata: { name: string; namespace: string; uid: string };
  spec: {
    accessModes: string[];
    resources: { requests: { storage: string } };
    storageClassName?: string;
    volumeName?: string;
  };
}
interface Volume {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: { persistentVolumeReclaimPolicy?: string };
  status?: { phase?: string };
}

export class VolumeProvisioner {
  constructor(private readonly api: ApiConnection) {}

  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return watchCollection(this.api, claimsPath, (each) => this.#provision(each), signal);
  }

  async #provision(signal: AbortSignal): Promise<Looked> {
    const { items: claims, metadata } = await this.#list<Claim>(claimsPath, signal);
    const { items: volumes } = await this.#list<Volume>(volumesPath, signal);
    const own = volumes.filter(
      ({ metadata: { name, annotations } }) => name.startsWith("pvc-") && annotations?.[provisionedBy],
    );
    const pending = claims.filter(({ spec }) => spec.volumeName === undefined);
    if (pending.length > 0) {
      const classes = (await this.#list<StorageClass>(classesPath, signal)).items.filter(isAnsweredAtOnce);
      for (const claim of pending) {
        const found = classes.find((each) => each.metadata.name === claim.spec.storageClassName);
        if (found) await this.#write("POST", volumesPath, signal, volumeFor(claim, found));
      }
    }
    for (const { metadata: volume, spec, status } of own)
      if (status?.phase === "Released" && spec.persistentVolumeReclaimPolicy === "Delete")
        await this.#write("DELETE", `${volumesPath}/${volume.name}`, signal);
    const isBusy = own.length > claims.length - pending.length;
    return { resourceVersion: metadata.resourceVersion, againMs: isBusy ? lookAgainMs.busy : lookAgainMs.idle };
  }

  #list<T>(path: string, signal: AbortSignal): Promise<Listed<T>> {
    return this.api.request<Listed<T>>("GET", path, signal);
  }

  /** Another control plane may be first. */
  async #write(method: string, path: string, signal: AbortSignal, body?: object): Promise<void> {
    await this.api.request(method, path, signal, body).catch(ignoring(404, 409));
  }
}

/** Where a node has to be chosen first, it is the scheduler's and the driver's on that node. */
function isAnsweredAtOnce({ provisioner, volumeBindingMode }: StorageClass): boolean {
  return volumeBindingMode !== "WaitForFirstConsumer" && !provisioner.startsWith("kubernetes.io/");
}

function volumeFor(
  { metadata, spec }: Claim,
  { metadata: { name }, provisioner, reclaimPolicy }: StorageClass,
): object {
  const volume = `pvc-${metadata.uid}`;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volume, annotations: { [provisionedBy]: provisioner } },
    spec: {
      accessModes: spec.accessModes,
      capacity: { storage: spec.resources.requests.storage },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
      csi: { driver: provisioner.replaceAll("/", "."), volumeHandle: volume },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: name,
    },
  };
}
