# On machines that may join a cluster, before scripts/node.sh.

# The kubeconfig makes kubeadm trust the document's authority and nothing else, from the first byte on.
# shellcheck disable=SC2120
join_configuration() {
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery: {file: {kubeConfigPath: "$state/discovery.conf"}}
timeouts: {discovery: 15s}
$(registration "$@")
END
}
# discovery_kubeconfig USER: as whom the machine asks for its certificate.
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
  user: $1
contexts:
- name: bootstrap
  context: {cluster: cluster, user: bootstrap}
current-context: bootstrap
END
}

# kubeadm_join ATTEMPTS: the caller's `attempt` says which this is, and after the last the script ends. An API server that refuses twice will
# do so for good; once, it may have just begun.
refused=0
kubeadm_join() {
  kubeadm join --config "$state/kubeadm.yaml" </dev/null 2>&1 | tee "$state/join" && rm "$state/discovery.conf" && return
  note "attempt $attempt of $1 failed"
  ! grep -qE 'Unauthorized|unknown authority' "$state/join" || refused=$((refused + 1))
  [[ $attempt != "$1" && $refused -lt 2 ]] || kubeadm_failed join
  sleep 15
  # A cloud's own script may have a newer token by now (ec2.sh).
  [ "$(type -t renew)" != function ] || renew
  false
}
