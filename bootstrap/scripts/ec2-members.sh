# On each of several control planes of an EC2 cluster, between scripts/ec2.sh and scripts/node.sh: the first begins the cluster, the others
# join it with the same keys. Who has a token in its document joins.
# shellcheck disable=SC2034
become=member
become_member() {
  if [ -z "$(query text bootstrapToken)" ]; then
    # It is alone, and need not wait until the load balancer takes it for healthy.
    serve_endpoint
    become_control_plane
  else
    join_control_planes
    serve_endpoint
  fi
}

# The endpoint's name leads each control plane to its own API server, also while the load balancer sends nobody there.
serve_endpoint() {
  local host
  host=$(query text endpoint)
  host=${host#https://}
  host=${host%:*}
  grep -qsF " $host" "$root/etc/hosts" || echo "127.0.0.1 $host" >>"$root/etc/hosts"
}

join_control_planes() {
  local attempt
  for attempt in 1 2 3 4 5; do
    # etcd takes one new member at a time, and a member that an attempt cut short has left there must go.
    [ ! -e "$root$pki/ca.crt" ] || kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock </dev/null || note "kubeadm reset failed"
    write_pki
    begin "kubeadm join as a control plane"
    discovery_kubeconfig | put 600 "${state#"$root"}/discovery.conf"
    { join_configuration && echo 'controlPlane: {localAPIEndpoint: {bindPort: 6443}}'; } | put 600 "${state#"$root"}/kubeadm.yaml"
    if kubeadm join --config "$state/kubeadm.yaml" </dev/null; then
      rm -f "$state/discovery.conf"
      return
    fi
    note "attempt $attempt of 5 failed"
    sleep 20
  done
  kubeadm_failed join
}
