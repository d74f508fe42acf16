import type { StoredLaunch } from "./model";

export function launchView(launch: StoredLaunch) {
  return {
    volumes: launch.volumes,
    ssh_keys: launch.sshKeys,
    startup_script: launch.startupScript ?? null,
    kubernetes_cluster: launch.cluster ?? null,
    image_version: launch.imageVersion ?? null,
    memory_gb: launch.memoryGb ?? null,
  };
}
