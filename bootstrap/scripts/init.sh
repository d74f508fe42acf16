# On control planes, before scripts/node.sh: their keys, and how a cluster begins.
write_pki() {
  begin "certificate authorities"
  local ca key
  pem certificateAuthority | put 644 "$pki/ca.crt"
  for ca in ca:ca frontProxyCa:front-proxy-ca etcdCa:etcd/ca; do
    [ "$ca" = ca:ca ] || pem "controlPlane.${ca%:*}.certificate" | put 644 "$pki/${ca#*:}.crt"
    pem "controlPlane.${ca%:*}.privateKey" | put 600 "$pki/${ca#*:}.key"
  done
  pem controlPlane.serviceAccountKey | put 600 "$pki/sa.key"
  openssl pkey -in "$root$pki/sa.key" -pubout | put 644 "$pki/sa.pub"
  # Where kubeadm lets the API server read. `identity` is for what was written in plain text.
  key=$(query json controlPlane.encryptionKey)
  [ -z "$key" ] || put 600 "$pki/encryption.yaml" <<END
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: key1, secret: $key}]}
  - identity: {}
END
}

init_configuration() {
  local unfinished=() names endpoint
  if [ -e "$root/etc/kubernetes/manifests/kube-apiserver.yaml" ]; then
    unfinished=(DirAvailable--var-lib-etcd Port-{6443,10259,10257,10250,2379,2380}
      FileAvailable--etc-kubernetes-manifests-{kube-apiserver,kube-controller-manager,kube-scheduler,etcd}.yaml)
  fi
  # Workers reach it by an address of its own: kubelet checks the certificate against nothing else.
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
$([ -z "$(query text controlPlane.encryptionKey)" ] || echo "  extraArgs:
  - {name: encryption-provider-config, value: $pki/encryption.yaml}
  - {name: encryption-provider-config-automatic-reload, value: 'true'}")
END
  [ ! -e "$root/etc/gpu-clusters/kubeadm-extra.yaml" ] || { echo --- && cat "$root/etc/gpu-clusters/kubeadm-extra.yaml"; }
}

become_control_plane() {
  write_pki
  begin "kubeadm init"
  init_configuration | put 600 "${state#"$root"}/kubeadm.yaml"
  kubeadm init --config "$state/kubeadm.yaml" --skip-token-print --skip-certificate-key-print </dev/null || kubeadm_failed init
}
