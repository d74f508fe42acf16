#!/bin/bash
# Makes this machine a Kubernetes node as the node document says (bootstrap/document.ts). `renderBootstrapScript` puts the function
# `document`, which prints that document, and what only some machines need (init.sh, join.sh, worker.sh, gpu.sh, bridge.sh, lustre.sh) in front of this text
# and leaves the comments out.
#
# Safe to run again at any time and on each boot: a machine that has become a node only makes sure that kubelet runs.
# Log: /var/log/gpu-clusters-bootstrap.log, without secrets. A failure ends with the name of the step that failed, and exit status 1.
#
# What a machine may say for itself, in /etc/gpu-clusters/overrides.env (sourced; must belong to root):
#   KUBERNETES_PACKAGES  apt repository of Kubernetes' own packages, or `none`: the image has containerd, kubelet and kubeadm already
#   NVIDIA_PACKAGES      apt repository of the NVIDIA container toolkit
#   IGNORE_PREFLIGHT     kubeadm preflight checks to ignore, comma-separated
# and in /etc/gpu-clusters/kubeadm-extra.yaml: more YAML documents for kubeadm (KubeletConfiguration, KubeProxyConfiguration).
#
# GPU_CLUSTERS_ROOT puts another directory in front of every path: for tests.
set -euo pipefail
umask 022
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" DEBIAN_FRONTEND=noninteractive
root=${GPU_CLUSTERS_ROOT:-}
state=$root/var/lib/gpu-clusters
pki=/etc/kubernetes/pki
log=$root/var/log/gpu-clusters-bootstrap.log
step=start

begin() {
  step=$1
  note "$1"
}
note() { echo "$(date -u +%FT%TZ) $*"; }
die() {
  note "$*"
  exit 1
}
have() { command -v "$1" >/dev/null; }
put() { install -D -m "$1" /dev/stdin "$root$2"; }
# append PATH LINE: also where an image's file does not end with a line's end.
append() {
  [ -z "$(tail -c1 "$root$1" 2>/dev/null)" ] || echo >>"$root$1"
  echo "$2" >>"$root$1"
}

# text|json PATH, lines PATH, pairs PATH (k=v,k=v): from the document; nothing where there is nothing.
query() {
  document | python3 -ISc '
import json,sys
mode,path=sys.argv[1:3]
v=json.loads(sys.stdin.read().split("\n",1)[1])
for k in path.split("."): v=(v or {}).get(k)
if v is None: pass
elif mode=="json": print(json.dumps(v))
elif mode=="lines": print("\n".join(v))
elif mode=="pairs": print(",".join(k+"="+x for k,x in v.items()))
else: print(v if isinstance(v,str) else json.dumps(v))' "$@"
}

# The PEM at a path, with exactly one newline at its end. A control plane's document is brief (bootstrap/brief.ts): it may have only the body,
# and of a key the number.
pem() {
  local text
  text=$(query text "$1")
  case $text in
    MII*) framed CERTIFICATE "$text" ;;
    BC*) framed "PRIVATE KEY" "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEB$text" ;;
    *) printf '%s\n' "$text" ;;
  esac
}
framed() { printf -- '-----BEGIN %s-----\n%s\n-----END %s-----\n' "$1" "$(fold -w 64 <<<"$2")" "$1"; }

# Where it is used, nothing of the document may mean more than it says: a path, an option, a second line.
check_document() {
  begin "the node document"
  document | python3 -ISc '
import json,re,sys
d=json.loads(sys.stdin.read().split("\n",1)[1])
wrong=[]
def need(path,value,form):
  if not (isinstance(value,str) and re.fullmatch(form,value)): wrong.append(path)
def may(key,form):
  if d.get(key) is not None: need(key,d[key],form)
need("role",d.get("role"),"control-plane|worker")
need("nodeName",d.get("nodeName"),"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
need("kubernetesVersion",d.get("kubernetesVersion"),r"\d+\.\d+\.\d+(-[a-z]+\.\d+)?")
need("providerId",d.get("providerId"),"[A-Za-z0-9:/._-]+")
may("endpoint",r"https://[A-Za-z0-9.\[\]:-]+:\d+")
may("bootstrapToken",r"[a-z0-9]{6}\.[a-z0-9]{16}")
for k,v in d["labels"].items():
  need("labels",k,"[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?")
  need("labels[%s]"%json.dumps(k),v,"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?")
for i,k in enumerate(d.get("authorizedKeys") or []): need("authorizedKeys[%d]"%i,k,"[^\0-\x1f\x7f]+")
if wrong: sys.exit("not of a form that can be used: "+", ".join(wrong))'
}

# A machine that has just booted may not have its name servers yet, and its own updates may hold apt's locks for minutes.
retry() {
  local attempt
  for attempt in $(seq 30); do
    "$@" && return
    note "attempt $attempt of 30 failed: $1"
    sleep 10
  done
  return 1
}
apt() { apt-get -q -o DPkg::Lock::Timeout=600 "$@" </dev/null; }
# One of the repositories that an image brings may be broken, and what is wanted comes from another: if not, the install says so. Where all
# answer, and none has the kubelet that is wanted, it does not come by trying again.
update_and_install() {
  if ! apt -o APT::Update::Error-Mode=any update; then
    note "not all lists of packages could be updated"
  elif [[ $* == *kubelet=* ]]; then
    local offers
    offers=$(apt-cache madison kubelet | cut -d'|' -f2 | xargs)
    [[ -z $offers || " $offers" == *" $package-"* ]] || die "${source/\/\/*@/\/\/} has no kubelet $package, but: $offers"
  fi
  # Where the power went in the middle of it, apt does nothing before dpkg has gone on.
  apt install -y --no-install-recommends "$@" || { dpkg --configure -a </dev/null && false; }
}
add_packages() {
  have apt-get || die "no apt-get to install $*: take an image of Ubuntu or Debian"
  retry update_and_install "$@"
}
# repository NAME URL KEY-URL SUITE
repository() {
  have curl || add_packages curl ca-certificates
  # A server that has gone silent is given up; a slow one is not.
  retry curl -fsSL --connect-timeout 30 -y 60 --create-dirs -o "$root/etc/apt/keyrings/$1.asc" "$3"
  # An image may have the same one, and apt reads no list at all where that names another key. Not one below it: a mirror may have both.
  grep -lswF "$2" "$root/etc/apt/sources.list.d"/*.{list,sources} | xargs -rI@ mv @ @.image || true
  echo "deb [signed-by=/etc/apt/keyrings/$1.asc] $2 $4" | put 644 "/etc/apt/sources.list.d/$1.list"
}

installed() {
  have containerd && have runc && have kubelet && have kubeadm &&
    [ "$(kubeadm version -o short)" = "v$version" ] && [ "$(kubelet --version)" = "Kubernetes v$version" ]
}

install_packages() {
  begin "install containerd and Kubernetes $version"
  if installed; then return; fi
  # Packages spell 1.37.0-rc.1 as 1.37.0~rc.1, and have a channel for it.
  local channel=stable package=${version/-/\~} minor=${version%%-*}
  [ "$package" = "$version" ] || channel=prerelease
  local source=${KUBERNETES_PACKAGES:-https://pkgs.k8s.io/core:/$channel:/v${minor%.*}/deb}
  [ "$source" != none ] || die "containerd, runc, kubelet and kubeadm $version are not all on this image, and KUBERNETES_PACKAGES=none"
  repository kubernetes "$source/" "$source/Release.key" /
  local wanted=("kubelet=$package-*" "kubeadm=$package-*") each
  [ "$role" = worker ] || wanted+=("kubectl=$package-*")
  # An image may have them from elsewhere (Docker's containerd.io): packages of the same name would take that away. kubelet only recommends
  # iptables, which plugins of the network run on the machine.
  for each in containerd runc iptables; do have "$each" || wanted+=("$each"); done
  # An image may have newer ones than the API server, and has them on hold.
  add_packages --allow-change-held-packages --allow-downgrades "${wanted[@]}"
  installed || die "the packages of ${source/\/\/*@/\/\/} did not bring containerd, runc, kubelet and kubeadm $version"
}

# Nothing that runs is changed by updates that nobody has asked for: a new containerd restarts what it runs, and another version of NVIDIA's
# libraries than the kernel's module stops the GPUs until the next boot.
hold_packages() {
  local each owners=()
  have apt-mark || return 0
  for each in containerd runc kubelet kubeadm kubectl; do
    have "$each" || continue
    each=$(dpkg-query -S "$(readlink -f "$(command -v "$each")")" 2>/dev/null) && owners+=("${each%%:*}")
  done
  # It does not wait for dpkg's lock.
  [ ${#owners[@]} = 0 ] || retry apt-mark hold "${owners[@]}" >/dev/null
  [ -z "$(query text gpu.vendor)" ] || put 644 /etc/apt/apt.conf.d/52gpu-clusters <<'END'
Unattended-Upgrade::Package-Blacklist { "nvidia-"; "libnvidia-"; "cuda-drivers"; "xserver-xorg-video-nvidia"; "linux-"; };
END
}

# kubelet does not start where there is swap. A container shares its host's.
disable_swap() {
  ! systemd-detect-virt -cq || return 0
  [ ! -e "$root/etc/fstab" ] || sed -i -E 's/^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]/# &/' "$root/etc/fstab"
  swapoff -a
}

configure_kernel() {
  begin "kernel modules and settings"
  printf '%s\n' overlay br_netfilter | put 644 /etc/modules-load.d/kubernetes.conf
  modprobe -a overlay br_netfilter || note "not all could be loaded"
  # Each container's shim takes an instance of inotify, and the kernel gives root 128 for all that run.
  printf '%s\n' net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-ip{,6}tables=1 fs.inotify.max_user_instances=8192 |
    put 644 /etc/sysctl.d/90-kubernetes.conf
  sysctl -qe -p "$root/etc/sysctl.d/90-kubernetes.conf" || note "not all could be set"
  disable_swap
}

configure_containerd() {
  begin "containerd"
  local config=$root/etc/containerd/config.toml ours="# Kept by gpu-clusters" pause each
  # An image's own may have Kubernetes' part switched off (Docker's), here or in a file that it imports.
  if ! grep -qsF "$ours" "$config"; then
    for each in "$config" "${config%/*}/conf.d"; do [ ! -e "$each" ] || mv "$each" "$each.image"; done
    # Whole, or not at all: what has the mark is kept.
    each=$(containerd config default)
    printf '%s\n' "$ours" "$each" | put 644 /etc/containerd/config.toml
  fi
  pause=$(kubeadm config images list --kubernetes-version "v$version" 2>/dev/null | grep /pause:)
  sed -i -E "s|(SystemdCgroup = ).*|\1true|; s|^( *(sandbox_image\|sandbox) = ).*|\1\"$pause\"|" "$config"
  [ -z "$(query text cni)" ] || bridge_pods
  [ -z "$(query text gpu.vendor)" ] || configure_gpu
  systemctl enable -q containerd
  systemctl restart containerd
}

name_machine() {
  begin "host name $node"
  hostname "$node"
  echo "$node" | put 644 /etc/hostname
  # Debian's images have cloud-init write /etc/hosts at each boot.
  put 644 /etc/cloud/cloud.cfg.d/99-gpu-clusters.cfg <<<'manage_etc_hosts: false'
  # Pods do not ask who else knows it (systemd-resolved), and a network's own name servers may not.
  tr -s ' \t' '\n' 2>/dev/null <"$root/etc/hosts" | grep -qxF "$node" || append /etc/hosts "127.0.1.1 $node"
}

# Keys go this way because Cudo's edge refuses a request that has both keys and a script of this size.
authorize_keys() {
  local key file=/root/.ssh/authorized_keys
  while IFS= read -r key; do
    begin "SSH key"
    [ -e "$root$file" ] || put 600 "$file" </dev/null
    chmod 700 "$root${file%/*}"
    grep -qxF "$key" "$root$file" || append "$file" "$key"
  done < <(query lines authorizedKeys)
}

# registration [CHECK...]: what init and join have in common; the checks are those that an attempt cut short would fail.
registration() {
  local ignored
  ignored=$(printf ',%s' "$@" ${IGNORE_PREFLIGHT:+"$IGNORE_PREFLIGHT"})
  cat <<END
nodeRegistration:
  name: $(query json nodeName)
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: IfNotPresent
  ignorePreflightErrors: [${ignored#,}]
  taints: $(query json taints)
  kubeletExtraArgs:
  - {name: hostname-override, value: $(query json nodeName)}
  - {name: provider-id, value: $(query json providerId)}
  - {name: node-labels, value: "$(query pairs labels)"}
$([ -z "$(query text cloudProvider)" ] || echo '  - {name: cloud-provider, value: external}')
END
}

kubeadm_failed() {
  # Few lines, so that kubeadm's own are among the log's last.
  journalctl -u kubelet -n 4 --no-pager || true
  die "kubeadm $1 failed: see above"
}

ended() {
  local status=$?
  [ $status = 0 ] || note "FAILED at step: $step (exit status $status)"
}

main() {
  trap ended EXIT
  exec 9>"$state/lock"
  flock 9
  if [ -s "$state/node" ] && query text nodeName | grep -qxFf - "$state/node"; then
    begin "already a node: start kubelet"
    disable_swap
    systemctl start kubelet
    return
  fi
  # shellcheck source=/dev/null
  [ ! -O "$root/etc/gpu-clusters/overrides.env" ] || . "$root/etc/gpu-clusters/overrides.env"
  # Images with cloud-init have it.
  python3 -ISc 'import json' 2>/dev/null || add_packages python3
  [[ $(document) != *@@*@@* ]] || die "the node document still has placeholders: nobody filled them in for this machine"
  check_document
  role=$(query text role)
  node=$(query text nodeName)
  version=$(query text kubernetesVersion)
  # First: with it, somebody may look why the rest fails.
  authorize_keys
  # kubelet would be the node that its disk was before, beside that one.
  local flags=$root/var/lib/kubelet/kubeadm-flags.env
  if [ -e "$flags" ] && ! grep -qwF "$(query text providerId)" "$flags"; then
    systemctl disable -q --now kubelet || true
    die "take an image of a machine that was no node: this one was"
  fi
  # Before anything is stored (disk.sh).
  [ "$(type -t encrypt_disk)" != function ] || encrypt_disk
  install_packages
  hold_packages
  configure_kernel
  name_machine
  configure_containerd
  [ "$(type -t mount_lustre)" != function ] || mount_lustre
  systemctl enable -q kubelet
  # A cloud's own script may bring another way (ec2-members.sh).
  "become_${become:-${role/-/_}}"
  # Who finds that file finds what kubelet needs, also after a power cut.
  sync
  echo "$node" | put 644 "${state#"$root"}/node"
  begin "$node is a node"
}

mkdir -p "$state" "${log%/*}"
main 2>&1 | tee -a "$log"
