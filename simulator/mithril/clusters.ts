/** Hosted clusters (reference: Mithril API, /v2/kubernetes/clusters). There is no update, and no status for a failure. */
import { badRequest, notFound, unprocessable } from "./errors";
import { clusterImages, regions } from "./catalogue-data";
import { find, newFid, ofProject, takeAddress, type StoredCluster, type World } from "./model";
import { checkBilling, checkImage, checkKeys, checkProject, checkRegion, checkRoom, instanceTypeOf } from "./orders";
import type { CreateClusterBody } from "./requests";

export function createCluster(world: World, body: CreateClusterBody) {
  const { state, now } = world;
  checkProject(world, body.project);
  checkBilling(world);
  checkRegion(body.region);
  if (body.name.trim() === "") throw unprocessable("name", "String should have at least 1 character");
  if (!regions.some((region) => region.name === body.region && region.kubernetes)) {
    throw badRequest(`Kubernetes is not available in this region: ${body.region}`);
  }
  instanceTypeOf(body.instance_type);
  checkKeys(world, body.project, body.ssh_keys);
  checkImage(body.image_version, clusterImages);
  checkRoom(world, 1, body.region);
  const cluster: StoredCluster = {
    fid: newFid(state, "clust"),
    name: body.name,
    project: body.project,
    createdAt: now,
    region: body.region,
    sshKeys: [...body.ssh_keys],
    authorizedKeys: body.ssh_keys.map((fid) => state.sshKeys[fid]!.publicKey),
    instanceType: body.instance_type,
    kubernetesVersion: body.k8s_version ?? "1.34",
    ...(body.image_version ? { imageVersion: body.image_version } : {}),
    status: "Pending",
    address: takeAddress(state),
    ...(world.conditions.clustersStuck ? {} : { readyAt: now + world.delays.clusterProvisioning }),
    answering: false,
  };
  state.clusters[cluster.fid] = cluster;
  return clusterView(world, cluster);
}

/** Terminated ones too. */
export function listClusters(world: World, project: string) {
  checkProject(world, project);
  return ofProject(world.state.clusters, project).map((cluster) => clusterView(world, cluster));
}

export function getCluster(world: World, fid: string) {
  return clusterView(world, find(world.state.clusters, "Kubernetes cluster", fid));
}

/** Refused while orders name it, since what Mithril does then is not documented. */
export function deleteCluster(world: World, fid: string): void {
  const cluster = find(world.state.clusters, "Kubernetes cluster", fid);
  if (cluster.deletedAt !== undefined) throw notFound("Kubernetes cluster", fid);
  const worker = Object.values(world.state.instances).find(
    (instance) => instance.cluster === fid && instance.status !== "STATUS_TERMINATED",
  );
  if (worker) throw badRequest(`Kubernetes cluster ${cluster.name} is in use by instance ${worker.name}`);
  cluster.deletedAt = world.now;
  delete cluster.readyAt;
}

function clusterView(world: World, cluster: StoredCluster) {
  const workers = Object.values(world.state.instances).filter(
    (instance) => instance.cluster === cluster.fid && instance.status !== "STATUS_TERMINATED",
  );
  const available = cluster.status === "Available";
  const token = cluster.authorities?.bootstrapToken;
  return {
    fid: cluster.fid,
    project: cluster.project,
    name: cluster.name,
    region: cluster.region,
    created_at: new Date(cluster.createdAt).toISOString(),
    kube_host: available ? cluster.address : null,
    ssh_keys: cluster.sshKeys,
    instances: workers.map((instance) => instance.fid),
    join_command: available && token !== undefined ? `kubeadm join ${cluster.address}:6443 --token ${token}` : null,
    status: cluster.status,
    deleted_at: cluster.deletedAt === undefined ? null : new Date(cluster.deletedAt).toISOString(),
    k8s_version: cluster.kubernetesVersion,
    user_fid: null,
  };
}
