# On each of several control planes of an EC2 cluster, before scripts/node.sh: the first begins the cluster, the others
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
  grep -qsF " $host" "$root/etc/hosts" || append /etc/hosts "127.0.0.1 $host"
}

join_control_planes() {
  local attempt
  for ((attempt = 1; ; attempt++)); do
    # etcd takes one new member at a time, and a member that an attempt cut short has left there must go.
    [ ! -e "$root$pki/ca.crt" ] || kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock </dev/null || note "kubeadm reset failed"
    write_pki
    forget_lost_members || note "they could not be looked for"
    begin "kubeadm join as a control plane"
    discovery_kubeconfig "$(own_credential)" | put 600 "${state#"$root"}/discovery.conf"
    # shellcheck disable=SC2119
    { join_configuration && echo 'controlPlane: {localAPIEndpoint: {bindPort: 6443}}'; } | put 600 "${state#"$root"}/kubeadm.yaml"
    ! kubeadm_join 5 || return 0
  done
}

# A machine that was lost leaves its member of etcd. kubeadm joins no cluster in which one does not answer, and each counts for the majority.
# A member goes when nothing listens at its address for a while and its node is gone, which the cloud controller manager deletes with the
# machine; or when it is one of this very machine, which has none yet. The API says where living ones are, and the keys let it be asked.
forget_lost_members() {
  begin "members of etcd whose machines are gone"
  local keys status=0
  keys=$(mktemp -d)
  client_certificate "$keys/api" "$root$pki/ca" /O=kubeadm:cluster-admins/CN=gpu-clusters-join &&
    client_certificate "$keys/etcd" "$root$pki/etcd/ca" /CN=gpu-clusters-join &&
    python3 -ISc '
import json,os,socket,ssl,sys,time,urllib.error,urllib.parse,urllib.request
pki,keys,endpoint,own=sys.argv[1:]
def ask(authority,client,url,body=None):
    context=ssl.create_default_context(cafile="%s/%s.crt"%(pki,authority))
    context.verify_flags&=~ssl.VERIFY_X509_STRICT
    context.load_cert_chain("%s/%s.crt"%(keys,client),"%s/%s.key"%(keys,client))
    opener=urllib.request.build_opener(urllib.request.ProxyHandler({}),urllib.request.HTTPSHandler(context=context))
    return json.load(opener.open(urllib.request.Request(url,body and json.dumps(body).encode()),timeout=5))
def nodes(path): return ask("ca","api",endpoint+"/api/v1/nodes"+path)
def etcd(url,call,body): return ask("etcd/ca","etcd",url+"/v3/cluster/member/"+call,body)
def has_node(name):
    try: nodes("/"+name)
    except urllib.error.HTTPError as error:
        if error.code==404: return False
        raise
    return True
def listens(url):
    at=urllib.parse.urlsplit(url)
    try: socket.create_connection((at.hostname,at.port),5).close()
    except OSError: return False
    return True
def is_silent(member):
    for attempt in range(3):
        if attempt: time.sleep(float(os.environ.get("EC2_PAUSE","10")))
        if any(map(listens,member.get("clientURLs",[]))): return False
    return True
planes=nodes("?labelSelector=node-role.kubernetes.io/control-plane")["items"]
urls=["https://%s:%s"%(a["address"],os.environ.get("ETCD_PORT","2379")) for node in planes for a in node["status"].get("addresses",[]) if a["type"]=="InternalIP"]
for url in urls:
    try: members=etcd(url,"list",{"linearizable":True})["members"]
    except OSError as error: print(url,error)
    else: break
else: sys.exit("no member of etcd answers")
for member in members:
    name=member.get("name","")
    if name==own or name and is_silent(member) and not has_node(name):
        print("%s is gone: its member leaves"%name)
        etcd(url,"remove",{"ID":member["ID"]})
' "$root$pki" "$keys" "$(query text endpoint)" "$node" || status=$?
  rm -rf "$keys"
  return $status
}

# client_certificate FILE AUTHORITY SUBJECT: FILE.crt and FILE.key.
# A node's certificate for a control plane is given to those who have the authority's key, not to a token that workers have too.
own_credential() {
  local keys
  keys=$(mktemp -d)
  client_certificate "$keys/own" "$root$pki/ca" /O=system:bootstrappers:kubeadm:default-node-token/O=gpu-clusters:control-planes/CN=gpu-clusters-join
  echo "{client-certificate-data: $(base64 -w0 <"$keys/own.crt"), client-key-data: $(base64 -w0 <"$keys/own.key")}"
  rm -rf "$keys"
}

client_certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -subj "$3" |
    openssl x509 -req -days 1 -CA "$2.crt" -CAkey "$2.key" -set_serial "0x$(openssl rand -hex 8)" \
      -extfile <(echo extendedKeyUsage=clientAuth) -out "$1.crt"
}
