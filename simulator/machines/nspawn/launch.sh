#!/bin/bash
# launch.sh DIRECTORY IMAGE ARGUMENT...: boots the machine whose disk is in DIRECTORY. Runs in the machines' network namespace and in a
# mount namespace of its own, so that its mounts are gone when it is.
set -eu
cd "$1"
image=$2
shift 2
while read -r cgroup; do echo $$ >"$cgroup/cgroup.procs"; done <cgroups
mount -t overlay machine -o "lowerdir=$image,upperdir=upper,workdir=work" root
# Locks and directories that systemd-nspawn leaves there.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
# containerd's own overlays cannot lie on an overlay.
exec systemd-nspawn --quiet --register=no --keep-unit --directory=root --network-bridge=machines --resolv-conf=off --link-journal=no \
  --timezone=off --console=read-only --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE \
  --system-call-filter='add_key keyctl bpf' --kill-signal=SIGRTMIN+3 \
  --bind="$PWD/containerd:/var/lib/containerd" --bind="$PWD/kubelet:/var/lib/kubelet" --bind="$PWD/etcd:/var/lib/etcd" \
  "$@" /usr/local/sbin/machine-init
