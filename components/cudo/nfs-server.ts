/** How a VM with a data disk becomes the file server of a cluster. Pure. */

export interface NfsServerOptions {
  /** Range that may mount. */
  network: string;
  /** Kept as it is: whatever is on the disk is not touched but by its first format. */
  label?: string;
}

/**
 * Runs on each boot. NFS version 4 only, which needs one port. The share is the disk and nothing else: while that is not mounted nothing is served, or
 * pods would write to the machine's own disk. A disk is formatted only where it has nothing at all on it.
 */
export function nfsServerScript({ network, label = "gpu-clusters" }: NfsServerOptions): string {
  return `#!/bin/bash
set -euo pipefail
root=\${GPU_CLUSTERS_ROOT:-} share=/srv/shared label=${label}

say() { echo "nfs-server: $*" >&2; }
put() { mkdir -p "$root\${1%/*}" && cat >"$root$1"; }

# The disk that carries the label; else the one without partitions and without anything that blkid knows.
data_disk() {
  blkid -L "$label" && return
  local disk
  for disk in $(lsblk -dnpo NAME,TYPE | awk '$2 == "disk" { print $1 }'); do
    [ "$(lsblk -nro NAME "$disk" | wc -l)" -eq 1 ] || continue
    # 2: nothing is found there. Everything else is somebody's.
    blkid -p "$disk" >/dev/null 2>&1 || { [ $? -eq 2 ] && echo "$disk" && return; }
  done
  return 1
}

# It is attached while the machine starts.
disk=
for _ in $(seq 60); do
  if disk=$(data_disk); then break; fi
  sleep 5
done
[ -n "$disk" ] || { say "no data disk came within five minutes: an empty one, or one with the label $label"; exit 1; }
[ "$(blkid -L "$label" || true)" = "$disk" ] || { say "formatting the empty disk $disk" && mkfs.ext4 -q -L "$label" "$disk"; }

grep -qsF "LABEL=$label" "$root/etc/fstab" || echo "LABEL=$label $share ext4 defaults,nofail,x-systemd.device-timeout=300 0 2" >>"$root/etc/fstab"
mkdir -p "$root$share"
mountpoint -q "$share" || mount "$share"
# The disk may have grown.
resize2fs "$disk" >/dev/null 2>&1 || say "the file system keeps its size"

put /etc/exports.d/shared.exports <<END
$share ${network}(rw,sync,no_subtree_check,no_root_squash,fsid=0,mountpoint)
END
printf '[nfsd]\\nvers3=n\\n' | put /etc/nfs.conf.d/gpu-clusters.conf
printf '[Unit]\\nRequiresMountsFor=%s\\n' "$share" | put /etc/systemd/system/nfs-server.service.d/shared.conf
if ! command -v exportfs >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  for attempt in 1 2 3 4 5; do
    apt-get -q update && apt-get -qy -o DPkg::Lock::Timeout=300 install nfs-kernel-server && break
    [ "$attempt" -lt 5 ] || { say "nfs-kernel-server cannot be installed"; exit 1; }
    sleep 15
  done
fi
systemctl daemon-reload
systemctl enable -q nfs-server
systemctl restart nfs-server
exportfs -ra
say "serves $share to ${network}"
`;
}
