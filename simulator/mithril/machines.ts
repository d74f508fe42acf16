/** The machines that simulated Mithril runs: control planes of its clusters, and the instances of orders. */
import type { NodeDocument } from "../../bootstrap/document";
import type { WantedMachine } from "../cloud";
import { instanceTypes } from "./catalogue-data";
import { controlPlaneDocument, workerDocument } from "./node-documents";
import type { MithrilState, StoredCluster, StoredInstance } from "./model";

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

export function clusterMachineId(cluster: Pick<StoredCluster, "project" | "fid">): string {
  return `mithril/${cluster.project}/${cluster.fid}`;
}

function instanceMachineId(instance: Pick<StoredInstance, "project" | "fid">): string {
  return `mithril/${instance.project}/${instance.fid}`;
}

function controlPlane(cluster: StoredCluster): WantedMachine {
  const type = instanceTypes.find(({ fid }) => fid === cluster.instanceType);
  return {
    uid: cluster.fid,
    powered: true,
    boots: 1,
    spec: {
      id: clusterMachineId(cluster),
      name: cluster.name,
      address: cluster.address,
      vcpus: type?.vcpus ?? 4,
      memoryGib: type?.memoryGb ?? 16,
      gpus: undefined,
      startScript: script(controlPlaneDocument(cluster, cluster.authorities!)),
    },
  };
}

function worker(state: MithrilState, instance: StoredInstance): WantedMachine {
  const type = instanceTypes.find(({ fid }) => fid === instance.instanceType);
  const cluster = instance.cluster === undefined ? undefined : state.clusters[instance.cluster];
  const joins = cluster?.authorities !== undefined && cluster.deletedAt === undefined;
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
      startScript: joins ? script(workerDocument(cluster, cluster.authorities!, instance, type)) : "",
    },
  };
}

function script(document: NodeDocument): string {
  return `#!/bin/bash\n# BEGIN NODE DOCUMENT\n${JSON.stringify(document)}\n# END NODE DOCUMENT\n`;
}
