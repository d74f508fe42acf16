/** How a VM with a data disk becomes the file server of a cluster. Pure. */
import { dataDiskScript, diskKeyScript } from "../../bootstrap/disk-scripts";
import type { DiskEncryption } from "../../bootstrap/document";
import { maximumScriptBytes, unpacking } from "../../bootstrap/script";

export interface NfsServerOptions {
  /** Range that may mount. */
  network: string;
  /** Kept as it is: whatever is on the disk is not touched but by its first format. */
  label?: string;
  /** Where the key of its data disk is: LUKS2 on the whole disk. Absent: the disk is in plain text. */
  encryption?: Omit<DiskEncryption, "start">;
  /** Public keys that may log in as root, of a server with an encrypted disk. */
  authorizedKeys?: string[];
}

const share = "/srv/shared";

/**
 * Runs on each boot. NFS version 4 only, which needs one port. The share is the disk and nothing else: while that is not mounted nothing is served, or
 * pods would write to the machine's own disk. A disk is formatted only where it has nothing at all on it. Placeholders of `encryption` stand in the
 * script as they are. Throws `RangeError` where Cudo would not take the script.
 */
export function nfsServerScript(options: NfsServerOptions): string {
  const { network, label = "gpu-clusters", encryption, authorizedKeys = [] } = options;
  if (encryption === undefined) return `#!/bin/bash\n${beginning}${plainDisk(label)}${serving(network, plainUnit)}`;
  const given = JSON.stringify({ ...encryption, label, volume: share, authorizedKeys });
  const commands = `${beginning}${diskKeyScript}${dataDiskScript}${encryptedDisk}${serving(network, encryptedUnit)}`;
  const script = `#!/bin/bash\nencryption() { cat <<'END'\n${given}\nEND\n}\n${unpacking(commands)}`;
  const bytes = Buffer.byteLength(script);
  if (bytes > maximumScriptBytes)
    throw new RangeError(
      `the start script of the file server has ${bytes} bytes, and a machine takes ${maximumScriptBytes}: give vault.certificateAuthority the one ` +
        "certificate that Vault's own is from",
    );
  return script;
}

const beginning = `set -euo pipefail
root=\${GPU_CLUSTERS_ROOT:-} share=${share}

say() { echo "nfs-server: $*" >&2; }
put() { install -D -m "$1" /dev/stdin "$root$2.new" && mv "$root$2.new" "$root$2"; }
append() {
  [ -z "$(tail -c1 "$root$1" 2>/dev/null)" ] || echo >>"$root$1"
  echo "$2" >>"$root$1"
}
have() { command -v "$1" >/dev/null; }
# While a machine boots, and under load, systemd may answer late or be just doing the same.
again() {
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    "$@" && return
    say "attempt $attempt of 10 failed: $*"
    sleep 15
  done
  exit 1
}
update_and_install() {
  apt-get -q update </dev/null || return
  # Where the power went in the middle of it, apt does nothing before dpkg has gone on.
  apt-get -qy -o DPkg::Lock::Timeout=300 install "$@" </dev/null || { dpkg --configure -a </dev/null && false; }
}
add_packages() {
  export DEBIAN_FRONTEND=noninteractive
  again update_and_install "$@"
}
`;

const plainDisk = (label: string) => `
label=${label}
# The disk that carries the label; else the one without partitions and without anything that blkid knows.
data_disk() {
  blkid -L "$label" && return
  local disk
  for disk in $(lsblk -dnpo NAME,TYPE | awk '$2 == "disk" { print $1 }'); do
    [ "$(lsblk -nro NAME "$disk" | wc -l)" -eq 1 ] || continue
    # 2: nothing is found there, or it cannot be read. Everything else is somebody's.
    head -c1M "$disk" >/dev/null || continue
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

grep -qsF "LABEL=$label" "$root/etc/fstab" || append /etc/fstab "LABEL=$label $share ext4 defaults,nofail,x-systemd.device-timeout=300 0 2"
mkdir -p "$root$share"
mounted() { mountpoint -q "$share" || mount "$share"; }
again mounted
# The disk may have grown.
resize2fs "$disk" >/dev/null 2>&1 || say "the file system keeps its size"
`;

/** Keys to log in with come this way because Cudo's edge refuses a request that has both keys and a script of this size. */
const encryptedDisk = `
have python3 || add_packages python3
mkdir -p "$root/var/lib/gpu-clusters"
file=/root/.ssh/authorized_keys
while IFS= read -r key; do
  [ -e "$root$file" ] || put 600 "$file" </dev/null
  chmod 700 "$root\${file%/*}"
  grep -qxF "$key" "$root$file" || append "$file" "$key"
done < <(encryption | python3 -ISc 'import json,sys
for key in json.load(sys.stdin)["authorizedKeys"]: print(key)')

encryption | install_disk_key
again systemctl daemon-reload
again systemctl enable -q gpu-clusters-disk
"$root/usr/local/sbin/gpu-clusters-disk-key" open || { say "no encrypted disk: see above"; exit 1; }
again systemctl start gpu-clusters-disk
`;

const plainUnit = `RequiresMountsFor=${share}`;
/** The disk's unit mounts it. */
const encryptedUnit = `Requires=gpu-clusters-disk.service\\nAfter=gpu-clusters-disk.service\\n${plainUnit}`;

const serving = (network: string, unit: string) => `
put 644 /etc/exports.d/shared.exports <<END
$share ${network}(rw,sync,no_subtree_check,no_root_squash,fsid=0,mountpoint)
END
printf '[nfsd]\\nvers3=n\\n' | put 644 /etc/nfs.conf.d/gpu-clusters.conf
printf '[Unit]\\n${unit}\\n' | put 644 /etc/systemd/system/nfs-server.service.d/shared.conf
have exportfs || add_packages nfs-kernel-server
again systemctl daemon-reload
again systemctl enable -q nfs-server
again systemctl restart nfs-server
again exportfs -ra
say "serves $share to ${network}"
`;
