#!/bin/sh
# In the place of AWS's cloud controller manager, whose image no machine here can pull: tells nodes' addresses and zones, and takes away the
# taint with which they register. It makes no load balancers, and leaves the nodes of instances that are gone.
uninitialized=node.cloudprovider.kubernetes.io/uninitialized
nodes="https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/nodes"
account=/var/run/secrets/kubernetes.io/serviceaccount

# call PATH CURL-ARGUMENT...
call() {
  path=$1
  shift
  read -r token <$account/token
  curl -sSf -m 10 --cacert $account/ca.crt -H "Authorization: Bearer $token" "$@" "$nodes$path"
}
patch() { call "$1" -X PATCH -H "Content-Type: application/strategic-merge-patch+json" --data "$2" >/dev/null; }

# initialize NODE PROVIDER-ID OTHER-TAINTS
# EC2's private DNS names hold the address (ip-10-0-3-7.…), provider ids the zone (aws:///us-west-2a/i-…).
initialize() {
  address=$(echo "$1" | busybox sed 's/^ip-//; s/\..*//; s/-/./g')
  zone=$(echo "$2" | busybox cut -d/ -f4)
  addresses="{\"type\":\"InternalIP\",\"address\":\"$address\"},{\"type\":\"InternalDNS\",\"address\":\"$1\"},{\"type\":\"Hostname\",\"address\":\"$1\"}"
  labels="\"topology.kubernetes.io/zone\":\"$zone\",\"topology.kubernetes.io/region\":\"${zone%?}\""
  patch "/$1/status" "{\"status\":{\"addresses\":[$addresses]}}" &&
    patch "/$1" "{\"metadata\":{\"labels\":{$labels}},\"spec\":{\"taints\":$3}}" &&
    echo "$1 is at $address in $zone"
}

while :; do
  call "" | jq -r --arg taint "$uninitialized" '.items[] | select(any(.spec.taints[]?; .key == $taint))
    | "\(.metadata.name) \(.spec.providerID) \([.spec.taints[] | select(.key != $taint)] | tojson)"' |
    while read -r node provider taints; do initialize "$node" "$provider" "$taints"; done
  busybox sleep 1
done
