#!/bin/bash
# seed.sh ROOT CONTAINERD ARCHIVES: imports archives with the containerd of a root file system. Runs in namespaces of its own.
set -eu
root=$1 containerd=$2 archives=$3
# All of this is gone with the mount namespace.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --bind "$containerd" "$root/var/lib/containerd"
mkdir "$root/tmp/archives"
mount --bind "$archives" "$root/tmp/archives"
cat >"$root/tmp/import" <<'END'
set -eu
containerd --log-level error &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
for archive in /tmp/archives/*.tar; do ctr -n k8s.io images import "$archive"; done
kill $!
wait
END
exec chroot "$root" bash /tmp/import
