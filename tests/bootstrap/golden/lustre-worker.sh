#!/bin/bash
document() { cat <<'# END NODE DOCUMENT'
# BEGIN NODE DOCUMENT
{"version":1,"clusterName":"train","kubernetesVersion":"1.36.3","certificateAuthority":"-----BEGIN CERTIFICATE-----\nMIIBoGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRp\nZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\nYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\n-----END CERTIFICATE-----\n","role":"worker","nodeGroup":"cpu","nodeName":"@@NODE_NAME@@","providerId":"@@PROVIDER_ID@@","endpoint":"https://10.0.0.2:6443","tlsServerName":"kubernetes","labels":{"team":"search","gpu-clusters/cluster":"train","gpu-clusters/node-group":"cpu","gpu-clusters/role":"worker"},"taints":[],"bootstrapToken":"@@BOOTSTRAP_TOKEN@@","lustre":{"source":"fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com@tcp:/abcdefgh","path":"/mnt/shared"}}
# END NODE DOCUMENT
}
# bootstrap/scripts/join.sh
# bootstrap/scripts/worker.sh
# bootstrap/scripts/lustre.sh
# bootstrap/scripts/node.sh
