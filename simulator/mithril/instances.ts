/** Instances of orders (reference: Mithril API, /v2/instances). */
import { find, simulatedUser, type StoredInstance, type World } from "./model";

export function instanceView(instance: StoredInstance) {
  const reachable = instance.powered;
  return {
    fid: instance.fid,
    name: instance.name,
    project: instance.project,
    created_at: new Date(instance.createdAt).toISOString(),
    created_by: simulatedUser,
    instance_type: instance.instanceType,
    region: instance.region,
    bid: instance.bid ?? null,
    reservation: instance.reservation ?? null,
    ssh_destination: reachable ? instance.address : null,
    private_ip: reachable ? instance.address : null,
    status: instance.status,
  };
}

export function instanceStatus(world: World, fid: string) {
  const instance = find(world.state.instances, "Instance", fid);
  const noticeEnds = instance.bid === undefined ? undefined : world.state.bids[instance.bid]?.noticeEnds;
  return {
    fid: instance.fid,
    name: instance.name,
    status: instance.status,
    bid: instance.bid ?? null,
    reservation: instance.reservation ?? null,
    end_time: noticeEnds === undefined ? null : new Date(noticeEnds).toISOString(),
  };
}
