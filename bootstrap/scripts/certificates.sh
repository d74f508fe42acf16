# kubeadm's certificates are good for a year, and with them ends the cluster: renewed when a third of that is left, on one control plane after the
# other. The components read them when they start.
put 644 /var/lib/gpu-clusters/renew-certificates <<'END'
set -euo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf
manifests=/etc/kubernetes/manifests
aside=/etc/kubernetes/gpu-clusters-manifests
turn=(-n kube-system configmap gpu-clusters-certificates)
# There may be none, where that was cut short.
restore() { [ ! -d "$aside" ] || { mv "$aside"/* "$manifests" || true; rmdir "$aside"; }; }
ends_soon() {
  local file
  while read -r file; do
    openssl x509 -noout -checkend $((120 * 24 * 3600)) -in "$file" >/dev/null || return 0
  done < <(find /etc/kubernetes/pki -name '*.crt' ! -name '*ca.crt')
  false
}
restore
ends_soon || exit 0
# A turn that was not given back within an hour is nobody's.
began=$(kubectl get "${turn[@]}" --ignore-not-found -o 'jsonpath={.metadata.creationTimestamp}')
[ -z "$began" ] || [ $(($(date +%s) - $(date -d "$began" +%s))) -lt 3600 ] || kubectl delete "${turn[@]}" --ignore-not-found
kubectl create "${turn[@]}" --from-literal="node=$(hostname)" || { echo "it is another control plane's turn"; exit 1; }
kubeadm certs renew all
mkdir -p "$aside"
mv "$manifests"/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}.yaml "$aside"
# kubelet looks every twenty seconds.
for name in etcd kube-apiserver kube-controller kube-scheduler; do
  for _ in {1..60}; do pgrep -x "$name" >/dev/null || break; sleep 2; done
done
restore
for _ in {1..60}; do ! kubectl get --raw /readyz >/dev/null 2>&1 || break; sleep 5; done
kubectl delete "${turn[@]}"
END
put 644 /etc/systemd/system/gpu-clusters-certificates.service <<END
[Unit]
Description=Certificates of this control plane
RequiresMountsFor=/etc/kubernetes
[Service]
Type=oneshot
ExecStart=/bin/bash /var/lib/gpu-clusters/renew-certificates
TimeoutStartSec=1h
Restart=on-failure
RestartSec=600
[Install]
WantedBy=multi-user.target
END
put 644 /etc/systemd/system/gpu-clusters-certificates.timer <<END
[Timer]
OnCalendar=daily
RandomizedDelaySec=6h
Persistent=true
[Install]
WantedBy=timers.target
END
systemctl daemon-reload
# At each boot too: the last one may have come while the components were aside. Both are on an encrypted disk (disk.sh), which opens late.
systemctl enable -q gpu-clusters-certificates
systemctl enable -q --now gpu-clusters-certificates.timer
