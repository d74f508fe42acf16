#!/bin/bash
document() { cat <<'# END NODE DOCUMENT'
# BEGIN NODE DOCUMENT
{"version":1,"clusterName":"train","kubernetesVersion":"1.36.3","certificateAuthority":"-----BEGIN CERTIFICATE-----\nMIIBoGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRp\nZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\nYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRl\nIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNh\nIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNl\ncnRpZmljYXRlIGNhIGNlcnRpZmljYXRlIGNhIGNlcnRpZmlj\n-----END CERTIFICATE-----\n","role":"control-plane","nodeName":"@@NODE_NAME@@","providerId":"@@PROVIDER_ID@@","labels":{"gpu-clusters/cluster":"train"},"taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}],"controlPlane":{"certificateNames":["kubernetes","203.0.113.7"],"podSubnet":"10.244.0.0/16","serviceSubnet":"10.96.0.0/16","kubeProxy":true},"secrets":{"source":"aws-ssm","parameter":"/gpu-clusters/train/control-plane-keys","joinParameter":"/gpu-clusters/train/join"}}
# END NODE DOCUMENT
}
# bootstrap/scripts/ec2.sh
# bootstrap/scripts/init.sh
# bootstrap/scripts/node.sh
# bootstrap/scripts/ec2-control-plane.sh
# bootstrap/scripts/control-plane.sh
# bootstrap/scripts/certificates.sh
