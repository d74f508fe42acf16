# On every control plane, after scripts/node.sh: gives joining machines their certificates. kubeadm would give any machine with a token any
# node's, the control plane's too; this gives it its own name and no other, once (provider/kubernetes/node-approval.ts has the same rules).
put 644 "${state#"$root"}/approver.py" <<'END'
import base64,json,os,random,re,select,subprocess,time
HERE=os.path.dirname(os.path.abspath(__file__))
BOUND="system:bootstrappers:gpu-clusters:"
CONTROL="gpu-clusters:control-planes"
TAKEN="there is a node of that name"
def bound(groups): return [g for g in groups if g.startswith(BOUND)]
def refusal(request,requests,machine,registered):
    if CONTROL in request["groups"]: return None
    own=bound(request["groups"])
    if own:
        if own!=[BOUND+request["node"]]: return "its token is another machine's"
        if registered is not None: return TAKEN
        rivals=[r for r in requests if r["node"]==request["node"] and r["user"]==request["user"]]
    else:
        if machine is None: return "its token is no machine's own, and the cloud has no such machine in a node group"
        if request["created"]<machine["since"]: return "it is older than the machine"
        if registered is not None and registered.get("providerId") in (None,machine["providerId"]): return TAKEN
        rivals=[r for r in requests if r["node"]==request["node"] and r["created"]>=machine["since"]]
    first=min([request,*rivals],key=lambda r: (r["created"],r["name"]))
    return None if first["name"]==request["name"] else "its machine has asked before"
def run(*command,**more): return subprocess.run(command,stdout=subprocess.PIPE,check=True,timeout=60,text=True,**more).stdout
KUBECTL=["kubectl","--kubeconfig=/etc/kubernetes/admin.conf"]
def kubectl(*words): return run(*KUBECTL,"--request-timeout=20s",*words)
def get(*words): return json.loads(kubectl("get",*words,"--ignore-not-found","-o","json") or "null")
# Of an empty list kubectl says nothing at all.
def items(*words): return (get(*words) or {"items":[]})["items"]
subjects={}
def subject(csr):
    uid=csr["metadata"]["uid"]
    if uid not in subjects:
        subjects[uid]=""
        try:
            text=base64.b64decode(csr["spec"]["request"]).decode()
            # As kubelet writes it. In any other, openssl may read a block that Kubernetes passes over for the next, and signs that.
            if re.fullmatch(r"-----BEGIN[A-Z -]+\n([\w+/=]+\n)+-----END[A-Z -]+\n?",text,re.A): subjects[uid]=run("openssl","req","-noout","-subject","-nameopt","RFC2253",input=text,stderr=subprocess.DEVNULL).strip()
        except (subprocess.CalledProcessError,ValueError): pass
    return subjects[uid]
def requests_of(items):
    for csr in items:
        spec=csr["spec"]
        groups=spec.get("groups") or []
        if spec["signerName"]!="kubernetes.io/kube-apiserver-client-kubelet": continue
        if not (spec["username"].startswith("system:bootstrap:") or CONTROL in groups): continue
        named=re.fullmatch("subject=CN=system:node:([a-z0-9][a-z0-9.-]*),O=system:nodes",subject(csr))
        if named: yield {"name":csr["metadata"]["name"],"node":named[1],"user":spec["username"],"groups":groups,"created":csr["metadata"]["creationTimestamp"],"pending":not csr.get("status",{}).get("conditions")}
def machines_of(requests):
    if not requests or not os.path.exists(HERE+"/ec2.py"): return {}
    return json.loads(run("python3",HERE+"/ec2.py","machines",*{r["node"] for r in requests},stdin=subprocess.DEVNULL))
told={}
def approve():
    requests=list(requests_of(items("csr")))
    waiting=[r for r in requests if r["pending"]]
    # Whoever has a token may ask as often as he likes: others get their turn, and EC2 is asked once.
    random.shuffle(waiting)
    del waiting[50:]
    try: machines=machines_of(waiting)
    except subprocess.SubprocessError as error: machines=print(error) or {}
    for request in waiting:
        try:
            node=get("node",request["node"])
            registered=None if node is None else {"providerId":node["spec"].get("providerID")}
            machine=machines.get(request["node"])
            why=refusal(request,requests,machine,registered)
            # What an earlier machine left; by uid, because this machine's own may be there by now.
            if why is None and node and machine and CONTROL not in request["groups"]: run(*KUBECTL,"delete","--raw=/api/v1/nodes/"+request["node"],"-f-",input=json.dumps({"preconditions":{"uid":node["metadata"]["uid"]}}))
            if why is None: kubectl("certificate","approve",request["name"])
        except subprocess.SubprocessError as error: why=str(error)
        if told.get(request["name"])!=why or why is None: print(request["name"],"for node",request["node"],"is approved" if why is None else "waits: "+why)
        told[request["name"]]=why
    return bool(waiting)
def spend():
    kubectl("delete","clusterrolebinding","kubeadm:node-autoapprove-bootstrap","--ignore-not-found")
    tokens=items("secret","-n","kube-system","--field-selector=type=bootstrap.kubernetes.io/token")
    nodes=kubectl("get","node","-o","name").split()
    for token in tokens:
        groups=base64.b64decode(token.get("data",{}).get("auth-extra-groups","")).decode("latin1").split(",")
        if any("node/"+g[len(BOUND):] in nodes for g in bound(groups)): kubectl("delete","secret","-n","kube-system",token["metadata"]["name"],"--ignore-not-found")
def main():
    watch=None
    spent=0
    while True:
        if watch is None or watch.poll() is not None:
            watch=subprocess.Popen([*KUBECTL,"get","csr","--watch-only","-o","name"],stdout=subprocess.PIPE)
        pause=5
        try:
            if time.monotonic()-spent>60:
                spend()
                spent=time.monotonic()
            pause=5 if approve() else 20
        except subprocess.SubprocessError as error: print(error)
        if select.select([watch.stdout],[],[],pause)[0] and not os.read(watch.stdout.fileno(),65536):
            watch.wait()
            time.sleep(1)
if __name__=="__main__": main()
END
put 644 /etc/systemd/system/gpu-clusters-approver.service <<END
[Unit]
Description=Certificates for joining nodes
[Service]
Environment=HOME=/root
ExecStart=/usr/bin/env python3 -u /var/lib/gpu-clusters/approver.py
Restart=always
RestartSec=5
[Install]
WantedBy=multi-user.target
END

systemctl daemon-reload
systemctl enable -q gpu-clusters-approver.service
systemctl restart --no-block gpu-clusters-approver.service
