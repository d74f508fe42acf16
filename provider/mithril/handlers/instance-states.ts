import type { InstanceState } from "../../../sdk/mithril/spot-bid";
import { isGone } from "../orders";
import type { Instance } from "../types";

/** Instances that may run again, by name. */
export function instanceStates(instances: readonly Instance[]): InstanceState[] {
  return instances
    .filter((instance) => !isGone(instance))
    .map(({ fid, name, status, sshDestination, privateIp }) => ({
      id: fid,
      name,
      status,
      sshDestination: sshDestination ?? "",
      privateIp: privateIp ?? "",
    }))
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}
