#!/bin/bash
document() { cat <<'# END NODE DOCUMENT'
# BEGIN NODE DOCUMENT
{"version":1,"clusterName":"train","kubernetesVersion":"1.36.3","certificateAuthority":"-----BEGIN CERTIFICATE-----\nMIIBoGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRp\nZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\nYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\n-----END CERTIFICATE-----\n","role":"worker","nodeGroup":"gpu","nodeName":"@@NODE_NAME@@","providerId":"@@PROVIDER_ID@@","endpoint":"https://10.0.0.2:6443","tlsServerName":"kubernetes","labels":{"gpu-clusters/cluster":"train","gpu-clusters/node-group":"gpu","gpu-clusters/role":"worker"},"taints":[{"key":"nvidia.com/gpu","value":"present","effect":"NoSchedule"}],"bootstrapToken":"@@BOOTSTRAP_TOKEN@@","gpu":{"vendor":"nvidia","count":8,"model":"H100"}}
# END NODE DOCUMENT
}
# bootstrap/scripts/join.sh
# bootstrap/scripts/worker.sh
# bootstrap/scripts/gpu.sh
# bootstrap/scripts/node.sh
