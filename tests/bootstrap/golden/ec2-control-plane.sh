#!/bin/bash
document() { cat <<'# END NODE DOCUMENT'
# BEGIN NODE DOCUMENT
{"version":1,"clusterName":"train","kubernetesVersion":"1.36.3","certificateAuthority":"-----BEGIN CERTIFICATE-----\nY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2Eg\nY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2Vy\ndGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlm\naWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNh\ndGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUg\nY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2Eg\nY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2Vy\ndGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlm\naWNhdGUgY2EgY2VydGlmaWNhdGUgY2EgY2VydGlmaWNhdGUg\n-----END CERTIFICATE-----\n","role":"control-plane","nodeName":"@@NODE_NAME@@","providerId":"@@PROVIDER_ID@@","labels":{"gpu-clusters/cluster":"train"},"taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}],"fileShares":[],"controlPlane":{"certificateNames":["kubernetes","203.0.113.7"],"podSubnet":"10.244.0.0/16","serviceSubnet":"10.96.0.0/16","kubeProxy":true},"secrets":{"source":"aws-ssm","parameter":"/gpu-clusters/train/control-plane-keys","joinParameter":"/gpu-clusters/train/join"}}
# END NODE DOCUMENT
}
mkdir -p "${GPU_CLUSTERS_ROOT:-}/var/lib/gpu-clusters" "${GPU_CLUSTERS_ROOT:-}/var/log"
ec2=${GPU_CLUSTERS_ROOT:-}/var/lib/gpu-clusters/ec2.py
cat >"$ec2" <<'END'
import datetime,hashlib,hmac,json,os,sys,time,urllib.error,urllib.request
METADATA=os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT","http://169.254.169.254")
DIRECT=urllib.request.build_opener(urllib.request.ProxyHandler({}))
def metadata(path):
    ask=urllib.request.Request(METADATA+"/latest/api/token",method="PUT",headers={"X-aws-ec2-metadata-token-ttl-seconds":"300"})
    token=DIRECT.open(ask,timeout=5).read().decode()
    ask=urllib.request.Request(METADATA+"/latest/meta-data/"+path,headers={"X-aws-ec2-metadata-token":token})
    return DIRECT.open(ask,timeout=5).read().decode().strip()
def ssm(action,body):
    region=metadata("placement/region")
    host="ssm.%s.%s"%(region,metadata("services/domain"))
    role=metadata("iam/security-credentials/").split()[0]
    key=json.loads(metadata("iam/security-credentials/"+role))
    now=datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    data=json.dumps(body).encode()
    headers={"content-type":"application/x-amz-json-1.1","host":host,"x-amz-date":now,"x-amz-security-token":key["Token"],"x-amz-target":"AmazonSSM."+action}
    names=";".join(sorted(headers))
    canonical="\n".join(["POST","/","",*("%s:%s"%(n,headers[n]) for n in sorted(headers)),"",names,hashlib.sha256(data).hexdigest()])
    scope="/".join([now[:8],region,"ssm","aws4_request"])
    secret=("AWS4"+key["SecretAccessKey"]).encode()
    for part in scope.split("/"): secret=hmac.new(secret,part.encode(),"sha256").digest()
    signed="\n".join(["AWS4-HMAC-SHA256",now,scope,hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"]="AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"%(key["AccessKeyId"],scope,names,hmac.new(secret,signed.encode(),"sha256").hexdigest())
    url=os.environ.get("AWS_ENDPOINT_URL_SSM","https://"+host)
    try: return json.load(urllib.request.urlopen(urllib.request.Request(url,data,headers),timeout=20))
    except urllib.error.HTTPError as error: raise RuntimeError("ssm:%s: %s %s"%(action,error.code,error.read().decode(errors="replace")[:300]))
def parameter(name): return json.loads(ssm("GetParameter",{"Name":name,"WithDecryption":True})["Parameter"]["Value"])
def complete(document):
    secrets=document["secrets"]
    over=parameter(secrets["parameter"])
    if "member" in document:
        over.update(parameter(secrets["joinParameter"]))
        if document.pop("member")=="other" and "bootstrapToken" not in over: raise RuntimeError("the first control plane has not left a token in %s yet"%secrets["joinParameter"])
    if document["role"]=="worker" and "bootstrapToken" not in over: raise RuntimeError("the control plane has not left a token in %s yet"%secrets["parameter"])
    own={"@@NODE_NAME@@":metadata("local-hostname").split()[0],"@@PROVIDER_ID@@":"aws:///%s/%s"%(metadata("placement/availability-zone"),metadata("instance-id"))}
    for name,value in own.items(): document=json.loads(json.dumps(document).replace(name,value))
    document.setdefault("controlPlane",{}).update(over.pop("controlPlane",{}))
    if not document["controlPlane"]: del document["controlPlane"]
    return {**document,**over}
def retried(work):
    for left in range(int(os.environ.get("EC2_ATTEMPTS","90")),-1,-1):
        try: return work()
        except Exception as error:
            print(error,file=sys.stderr)
            if not left: sys.exit(1)
            time.sleep(float(os.environ.get("EC2_PAUSE","10")))
text=sys.stdin.read()
if sys.argv[1]=="complete": print("\n"+json.dumps(retried(lambda: complete(json.loads(text.split("\n",1)[1])))))
else: retried(lambda: ssm("PutParameter",{"Name":sys.argv[2],"Value":json.dumps({"bootstrapToken":text.strip()}),"Type":"SecureString","Overwrite":True}))
END
completed=$(document | python3 "$ec2" complete 2> >(sed "s/^/$(date -u +%FT%TZ) ec2: /" >>"${GPU_CLUSTERS_ROOT:-}/var/log/gpu-clusters-bootstrap.log")) ||
  { echo "FAILED at step: ask EC2 and SSM" >>"${GPU_CLUSTERS_ROOT:-}/var/log/gpu-clusters-bootstrap.log"; exit 1; }
document() { printf '%s\n' "$completed"; }
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

if python3 -ISc 'import json' 2>/dev/null; then
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
elif mode=="rows":
  for r in v: print("\t".join(r[f] for f in sys.argv[3:]))
else: print(v if isinstance(v,str) else json.dumps(v))' "$@"
  }
else
  # shellcheck disable=SC2016
  query() {
    document | tail -n +2 | jq -r --arg mode "$1" --arg path "$2" '$ARGS.positional as $fields
| getpath($path|split(".")) | if . == null then empty
elif $mode == "json" then tojson
elif $mode == "lines" then .[]
elif $mode == "pairs" then to_entries|map("\(.key)=\(.value)")|join(",")
elif $mode == "rows" then .[]|[.[$fields[]]]|join("\t")
else . end' --args "${@:3}"
  }
fi

pem() { printf '%s\n' "$(query text "$1")"; }

retry() {
  local attempt
  for attempt in $(seq 30); do
    "$@" && return
    note "attempt $attempt of 30 failed: $1"
    sleep 10
  done
  return 1
}
apt() { retry apt-get -q -o DPkg::Lock::Timeout=600 "$@" </dev/null; }
repository() {
  have curl || apt install -y curl ca-certificates
  retry curl -fsSL --create-dirs -o "$root/etc/apt/keyrings/$1.asc" "$3"
  echo "deb [signed-by=/etc/apt/keyrings/$1.asc] $2 $4" | put 644 "/etc/apt/sources.list.d/$1.list"
}

installed() {
  have containerd && have runc && have kubelet && have kubeadm &&
    [ "$(kubeadm version -o short)" = "v$version" ] && [ "$(kubelet --version)" = "Kubernetes v$version" ]
}

install_packages() {
  begin "install containerd and Kubernetes $version"
  if installed; then return; fi
  local channel=stable package=${version/-/\~} minor=${version%%-*}
  [ "$package" = "$version" ] || channel=prerelease
  local source=${KUBERNETES_PACKAGES:-https://pkgs.k8s.io/core:/$channel:/v${minor%.*}/deb}
  [ "$source" != none ] || die "containerd, runc, kubelet and kubeadm $version are not all on this image, and KUBERNETES_PACKAGES=none"
  apt update
  repository kubernetes "$source/" "$source/Release.key" /
  apt update
  local wanted=(containerd runc "kubelet=$package-*" "kubeadm=$package-*")
  [ "$role" = worker ] || wanted+=("kubectl=$package-*")
  apt install -y --allow-change-held-packages --no-install-recommends "${wanted[@]}"
  apt-mark hold kubelet kubeadm >/dev/null
  installed || die "the packages of $source did not bring containerd, runc, kubelet and kubeadm $version"
}

configure_kernel() {
  begin "kernel modules and settings"
  printf '%s\n' overlay br_netfilter | put 644 /etc/modules-load.d/kubernetes.conf
  modprobe -a overlay br_netfilter || note "the modules are not to be loaded from here"
  printf '%s = 1\n' net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables |
    put 644 /etc/sysctl.d/90-kubernetes.conf
  sysctl -qe -p "$root/etc/sysctl.d/90-kubernetes.conf" || note "some settings could not be made"
  systemd-detect-virt -cq || swapoff -a
}

configure_containerd() {
  begin "containerd"
  local config=$root/etc/containerd/config.toml pause
  grep -qs SystemdCgroup "$config" || containerd config default | put 644 /etc/containerd/config.toml
  pause=$(kubeadm config images list --kubernetes-version "v$version" 2>/dev/null | grep /pause:)
  sed -i -E "s|(SystemdCgroup = ).*|\1true|; s|^( *(sandbox_image\|sandbox) = ).*|\1\"$pause\"|" "$config"
  [ -z "$(query text cni)" ] || bridge_pods
  configure_gpu
  systemctl enable -q containerd
  systemctl restart containerd
}

bridge_pods() {
  put 644 /etc/containerd/cni.template <<'END'
{"name": "pods", "cniVersion": "0.4.0", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "{{.PodCIDR}}"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
  sed -i -E 's|( conf_template = ).*|\1"/etc/containerd/cni.template"|' "$root/etc/containerd/config.toml"
}

configure_gpu() {
  [ -n "$(query text gpu.vendor)" ] || return 0
  if ! have nvidia-smi; then
    note "no NVIDIA driver here: the image or the GPU operator must bring it"
    return
  fi
  begin "NVIDIA container runtime"
  if ! have nvidia-ctk; then
    local source=${NVIDIA_PACKAGES:-https://nvidia.github.io/libnvidia-container}
    # shellcheck disable=SC2016
    repository nvidia-container-toolkit "$source/stable/deb/\$(ARCH)" "$source/gpgkey" /
    apt update
    apt install -y --no-install-recommends nvidia-container-toolkit
  fi
  nvidia-ctk runtime configure --runtime=containerd --set-as-default --config="$root/etc/containerd/config.toml"
}

name_machine() {
  begin "host name $node"
  hostname "$node"
  echo "$node" | put 644 /etc/hostname
  getent hosts "$node" >/dev/null || echo "127.0.1.1 $node" >>"$root/etc/hosts"
}

authorize_keys() {
  local key file=/root/.ssh/authorized_keys
  while IFS= read -r key; do
    begin "SSH key"
    [ -e "$root$file" ] || put 600 "$file" </dev/null
    chmod 700 "$root${file%/*}"
    grep -qxF "$key" "$root$file" || echo "$key" >>"$root$file"
  done < <(query lines authorizedKeys)
}

mount_shares() {
  local name source type options
  while IFS=$'\t' read -r name source type; do
    begin "file share $name"
    options=defaults,nofail,x-systemd.before=kubelet.service
    if [ "$type" = nfs ]; then
      options+=,_netdev
      have mount.nfs || { apt update && apt install -y nfs-common; }
    fi
    mkdir -p "$root/mnt/$name"
    grep -qs " $root/mnt/$name " "$root/etc/fstab" || echo "$source $root/mnt/$name $type $options 0 0" >>"$root/etc/fstab"
    mountpoint -q "$root/mnt/$name" || retry mount -t "$type" "$source" "$root/mnt/$name"
  done < <(query rows fileShares name source type)
}

write_pki() {
  begin "certificate authorities"
  local ca
  for ca in ca:ca frontProxyCa:front-proxy-ca etcdCa:etcd/ca; do
    pem "controlPlane.${ca%:*}.certificate" | put 644 "$pki/${ca#*:}.crt"
    pem "controlPlane.${ca%:*}.privateKey" | put 600 "$pki/${ca#*:}.key"
  done
  pem controlPlane.serviceAccountKey | put 600 "$pki/sa.key"
  openssl pkey -in "$root$pki/sa.key" -pubout | put 644 "$pki/sa.pub"
}

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
  - {name: provider-id, value: $(query json providerId)}
  - {name: node-labels, value: "$(query pairs labels)"}
$([ -z "$(query text cloudProvider)" ] || echo '  - {name: cloud-provider, value: external}')
END
}

init_configuration() {
  local unfinished=() names endpoint
  if [ -e "$root/etc/kubernetes/manifests/kube-apiserver.yaml" ]; then
    unfinished=(DirAvailable--var-lib-etcd Port-{6443,10259,10257,10250,2379,2380}
      FileAvailable--etc-kubernetes-manifests-{kube-apiserver,kube-controller-manager,kube-scheduler,etcd}.yaml)
  fi
  names=$(hostname -I | tr -s ' \n' '\n' | sed '/^$/d; s/.*/, "&"/' | tr -d '\n')
  endpoint=$(query text endpoint)
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
$(registration "${unfinished[@]}")
$([ "$(query text controlPlane.kubeProxy)" = true ] || echo 'skipPhases: [addon/kube-proxy]')
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: $(query json clusterName)
kubernetesVersion: v$version
encryptionAlgorithm: ECDSA-P256
$([ -z "$endpoint" ] || echo "controlPlaneEndpoint: '${endpoint#https://}'")
networking:
  podSubnet: $(query json controlPlane.podSubnet)
  serviceSubnet: $(query json controlPlane.serviceSubnet)
apiServer:
  certSANs: $(query json controlPlane.certificateNames | sed "s|]\$|${names}]|; s|\\[, |[|")
END
  [ ! -e "$root/etc/gpu-clusters/kubeadm-extra.yaml" ] || { echo --- && cat "$root/etc/gpu-clusters/kubeadm-extra.yaml"; }
}

join_configuration() {
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery: {file: {kubeConfigPath: "$state/discovery.conf"}}
timeouts: {discovery: 30s}
$(registration "$@")
END
}
discovery_kubeconfig() {
  cat <<END
apiVersion: v1
kind: Config
clusters:
- name: cluster
  cluster:
    server: $(query json endpoint)
    certificate-authority-data: $(pem certificateAuthority | base64 -w0)
users:
- name: bootstrap
  user: {token: $(query json bootstrapToken)}
contexts:
- name: bootstrap
  context: {cluster: cluster, user: bootstrap}
current-context: bootstrap
END
}

kubeadm_failed() {
  journalctl -u kubelet -n 20 --no-pager || true
  die "kubeadm $1 failed: see above"
}

become_control_plane() {
  write_pki
  begin "kubeadm init"
  init_configuration | put 600 "${state#"$root"}/kubeadm.yaml"
  kubeadm init --config "$state/kubeadm.yaml" --skip-token-print --skip-certificate-key-print </dev/null || kubeadm_failed init
}

become_worker() {
  local attempt unfinished
  begin "kubeadm join"
  for attempt in $(seq 6); do
    [ ! -e "$root/etc/kubernetes/kubelet.conf" ] || return 0
    unfinished=()
    [ ! -e "$root$pki/ca.crt" ] || unfinished=(Port-10250 FileAvailable--etc-kubernetes-{bootstrap-kubelet.conf,pki-ca.crt})
    discovery_kubeconfig | put 600 "${state#"$root"}/discovery.conf"
    join_configuration "${unfinished[@]}" | put 600 "${state#"$root"}/kubeadm.yaml"
    if kubeadm join --config "$state/kubeadm.yaml" </dev/null; then
      rm -f "$state/discovery.conf"
      return
    fi
    note "attempt $attempt of 6 failed"
    sleep 20
  done
  kubeadm_failed join
}

ended() {
  local status=$?
  [ $status = 0 ] || note "FAILED at step: $step (exit status $status)"
}

main() {
  trap ended EXIT
  exec 9>"$state/lock"
  flock 9
  if [ -e "$state/node" ]; then
    begin "already a node: start kubelet"
    systemctl start kubelet
    return
  fi
  # shellcheck source=/dev/null
  [ ! -O "$root/etc/gpu-clusters/overrides.env" ] || . "$root/etc/gpu-clusters/overrides.env"
  role=$(query text role)
  node=$(query text nodeName)
  version=$(query text kubernetesVersion)
  [[ $(document) != *@@*@@* ]] || die "the node document still has placeholders: nobody filled them in for this machine"
  authorize_keys
  install_packages
  configure_kernel
  name_machine
  mount_shares
  configure_containerd
  systemctl enable -q kubelet
  "become_${become:-${role/-/_}}"
  echo "$node" | put 644 "${state#"$root"}/node"
  begin "$node is a node"
}

mkdir -p "$state" "${log%/*}"
main 2>&1 | tee -a "$log"
put 644 /etc/systemd/system/gpu-clusters-join.service <<END
[Unit]
Description=Token for joining nodes
[Service]
Type=oneshot
Restart=on-failure
RestartSec=30
Environment=HOME=/root
ExecStart=/bin/bash -c 'set -o pipefail; kubeadm token create --ttl 24h | python3 /var/lib/gpu-clusters/ec2.py publish $(query text secrets.joinParameter)'
END
put 644 /etc/systemd/system/gpu-clusters-join.timer <<END
[Timer]
OnBootSec=1min
OnUnitActiveSec=8h
[Install]
WantedBy=timers.target
END
systemctl daemon-reload
systemctl enable -q --now gpu-clusters-join.timer
systemctl start --no-block gpu-clusters-join.service
