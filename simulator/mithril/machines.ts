/** The machines that simulated Mithril runs: control planes of its clusters, and the instances of orders. */
import { renderBootstrapScript } from "../../bootstrap/script";
import type { WantedMachine } from "../cloud";
import type { FileShare } from "../machines/machine";
import { instanceTypes } from "./catalogue-data";
import { instanceScript } from "./instance-script";
import { controlPlaneDocument, workerDocument } from "./node-documents";
import type { MithrilState, StoredBid, StoredCluster, StoredInstance, StoredReservation, StoredVolume } from "./model";

export function wantedMachines(state: MithrilState): ReadonlyMap<string, WantedMachine> {
  const machines = new Map<string, WantedMachine>();
  for (const cluster of Object.values(state.clusters)) {
    // Without its keys it has nothing to boot with yet.
    if (cluster.authorities && cluster.deletedAt === undefined)
      machines.set(clusterMachineId(cluster), controlPlane(cluster));
  }
  for (const instance of Object.values(state.instances)) {
    if (instance.status !== "STATUS_TERMINATED") machines.set(instanceMachineId(instance), worker(state, instance));
  }
  return machines;
}

export function fileShares(state: MithrilState): string[] {
  return Object.values(state.volumes)
    .filter((volume) => volume.diskInterface === "File" && volume.deletedAt === undefined)
    .map(shareId);
}

function clusterMachineId(cluster: Pick<StoredCluster, "project" | "fid">): string {
  return `mithril/${cluster.project}/${cluster.fid}`;
}

function instanceMachineId(instance: Pick<StoredInstance, "project" | "fid">): string {
  return `mithril/${instance.project}/${instance.fid}`;
}

function shareId(volume: StoredVolume): string {
  return `mithril/${volume.project}/${volume.fid}`;
}

/** Real nodes wait for their network's images; these wait as long as whoever gives them labels may need, since Mithril gives them none. */
const workerReadyMs = 3_000;

function controlPlane(cluster: StoredCluster): WantedMachine {
  const type = instanceTypes.find(({ fid }) => fid === cluster.instanceType);
  const document = controlPlaneDocument(cluster, cluster.authorities!);
  return {
    uid: cluster.fid,
    powered: true,
    boots: 1,
    spec: {
      id: clusterMachineId(cluster),
      name: document.nodeName,
      address: cluster.address,
      vcpus: type?.vcpus ?? 4,
      memoryGib: type?.memoryGb ?? 16,
      gpus: undefined,
      startScript: renderBootstrapScript(document, { delivery: "cudo-start-script" }),
    },
  };
}

function worker(state: MithrilState, instance: StoredInstance): WantedMachine {
  const type = instanceTypes.find(({ fid }) => fid === instance.instanceType);
  const cluster = instance.cluster === undefined ? undefined : state.clusters[instance.cluster];
  const joins = cluster?.authorities !== undefined && cluster.deletedAt === undefined;
  const launch = orderOf(state, instance)?.launch;
  const document = joins ? workerDocument(cluster, cluster.authorities!, instance, type) : undefined;
  return {
    uid: instance.fid,
    powered: instance.powered,
    boots: instance.boots,
    spec: {
      id: instanceMachineId(instance),
      name: instance.name,
      address: instance.address,
      vcpus: type?.vcpus ?? 1,
      memoryGib: type?.memoryGb ?? 1,
      gpus: type && type.gpus > 0 ? { count: type.gpus, model: type.gpuType } : undefined,
      startScript: instanceScript(document, launch?.startupScript),
      readyAfterMs: workerReadyMs,
      shares: sharesOf(state, launch?.volumes ?? []),
    },
  };
}

function orderOf(state: MithrilState, instance: StoredInstance): StoredBid | StoredReservation | undefined {
  if (instance.bid !== undefined) return state.bids[instance.bid];
  return instance.reservation === undefined ? undefined : state.reservations[instance.reservation];
}

/** Block volumes are not simulated on machines. */
function sharesOf(state: MithrilState, volumes: readonly string[]): FileShare[] {
  return volumes
    .map((fid) => state.volumes[fid])
    .filter((volume) => volume?.diskInterface === "File")
    .map((volume) => ({ id: shareId(volume!), name: volume!.name }));
}
