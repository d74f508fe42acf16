# On the control plane of an EC2 cluster, after scripts/node.sh: a token for joining nodes that lives a day, and a fresh one every eight hours,
# written to the parameter that nodes read. So nodes may come at any time, and nobody outside the cluster need mint tokens.
put 644 /etc/systemd/system/gpu-clusters-join.service <<END
[Unit]
Description=Token for joining nodes
[Service]
Type=oneshot
TimeoutStartSec=1h
Restart=on-failure
RestartSec=30
Environment=HOME=/root
ExecStart=/bin/bash -c 'set -o pipefail; kubeadm token create --ttl 24h | python3 /var/lib/gpu-clusters/ec2.py publish $(query text secrets.joinParameter)'
END
put 644 /etc/systemd/system/gpu-clusters-join.timer <<END
[Timer]
OnBootSec=30s
OnUnitActiveSec=8h
[Install]
WantedBy=timers.target
END
systemctl daemon-reload
systemctl enable -q --now gpu-clusters-join.timer
systemctl start --no-block gpu-clusters-join.service
# For ec2.py, which scripts/control-plane.sh asks for machines of this cluster.
query text clusterName | put 644 "${state#"$root"}/ec2-cluster"
