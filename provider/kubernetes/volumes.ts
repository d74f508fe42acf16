/** Volumes of one driver in a cluster, when the cluster is about to go. Pure. */
import type { KubernetesObject } from "./api";

export interface Volume extends KubernetesObject {
  spec?: {
    capacity?: { storage?: string };
    claimRef?: { namespace?: string; name?: string };
    csi?: { driver?: string; volumeHandle?: string };
    persistentVolumeReclaimPolicy?: string;
  };
  status?: { phase?: string };
}

export interface VolumesNow {
  /** The driver is deleting them. */
  readonly leaving: readonly Volume[];
  /** Nobody deletes them. */
  readonly staying: readonly Volume[];
}

export function volumesOf(driver: string, volumes: readonly Volume[]): VolumesNow {
  const own = volumes.filter(({ spec }) => spec?.csi?.driver === driver);
  const isLeaving = ({ metadata, spec, status }: Volume) =>
    metadata.deletionTimestamp !== undefined ||
    (status?.phase === "Released" && spec?.persistentVolumeReclaimPolicy === "Delete");
  return { leaving: own.filter(isLeaving), staying: own.filter((volume) => !isLeaving(volume)) };
}

/** `vol-0abc (20Gi), which default/note claims` */
export function inWords({ metadata, spec }: Volume): string {
  const { claimRef } = spec ?? {};
  const claim = claimRef?.name === undefined ? "" : `, which ${claimRef.namespace}/${claimRef.name} claims`;
  return `${spec?.csi?.volumeHandle ?? metadata.name} (${spec?.capacity?.storage ?? "of unknown size"})${claim}`;
}
