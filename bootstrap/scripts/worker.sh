# On workers, before scripts/node.sh.
become_worker() {
  local attempt unfinished
  begin "kubeadm join"
  # The control plane may be away for a moment.
  for ((attempt = 1; ; attempt++)); do
    # kubelet has its certificate: only the marker is missing.
    [ ! -e "$root/etc/kubernetes/kubelet.conf" ] || return 0
    unfinished=()
    [ ! -e "$root$pki/ca.crt" ] || unfinished=(Port-10250 FileAvailable--etc-kubernetes-{bootstrap-kubelet.conf,pki-ca.crt})
    discovery_kubeconfig "{token: $(query json bootstrapToken)}" | put 600 "${state#"$root"}/discovery.conf"
    join_configuration "${unfinished[@]}" | put 600 "${state#"$root"}/kubeadm.yaml"
    ! kubeadm_join 10 || return 0
  done
}
