# On an EC2 instance, between the function `document` and scripts/node.sh: puts in place of that document the one of this machine. Its name
# and id come from the instance's metadata service (version 2), its secrets from SSM, which the instance role may read: all in memory.
# Needs python3, which Ubuntu's images have because cloud-init needs it, and no package.
#
# cloud-init runs user data once, also when it fails: a unit runs it from here on, until all of it has run and is on the disk. A control plane that
# is a node may still lack what gives other machines their certificates.
if [ -z "${GPU_CLUSTERS_UNIT:-}" ]; then
  state=${GPU_CLUSTERS_ROOT:-}/var/lib
  # Of the instance that the image was made of.
  grep -qsF "$(cat "$state/cloud/data/instance-id" 2>/dev/null)" "$state/kubelet/kubeadm-flags.env" || rm -f "$state"/gpu-clusters/{node,done,notice}
  install -D -m 700 "$0" "$state/gpu-clusters/start"
  install -D -m 644 /dev/stdin "${GPU_CLUSTERS_ROOT:-}/etc/systemd/system/gpu-clusters.service" <<'END'
[Unit]
Description=Makes this machine a Kubernetes node
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/gpu-clusters/done
StartLimitIntervalSec=0
[Service]
Type=oneshot
RemainAfterExit=yes
Environment=GPU_CLUSTERS_UNIT=1 HOME=/root
SyslogIdentifier=gpu-clusters
ExecStart=/var/lib/gpu-clusters/start
ExecStartPost=/bin/sh -c 'sync && touch /var/lib/gpu-clusters/done'
Restart=on-failure
RestartSec=60
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
END
  systemctl daemon-reload
  systemctl enable -q gpu-clusters.service
  sync
  systemctl start --no-block gpu-clusters.service
  exit 0
fi
mkdir -p "${GPU_CLUSTERS_ROOT:-}/var/lib/gpu-clusters" "${GPU_CLUSTERS_ROOT:-}/var/log"
ec2=${GPU_CLUSTERS_ROOT:-}/var/lib/gpu-clusters/ec2.py
cat >"$ec2" <<'END'
import datetime,hashlib,hmac,json,os,re,sys,time,urllib.error,urllib.parse,urllib.request
from xml.etree import ElementTree
METADATA=os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT","http://169.254.169.254")
DIRECT=urllib.request.build_opener(urllib.request.ProxyHandler({}))
def metadata(path):
    ask=urllib.request.Request(METADATA+"/latest/api/token",method="PUT",headers={"X-aws-ec2-metadata-token-ttl-seconds":"300"})
    token=DIRECT.open(ask,timeout=5).read().decode()
    ask=urllib.request.Request(METADATA+"/latest/meta-data/"+path,headers={"X-aws-ec2-metadata-token":token})
    answer=DIRECT.open(ask,timeout=5).read().decode().strip()
    if not answer: raise RuntimeError("the metadata service says nothing of "+path)
    return answer
# A call to a service of AWS, signed with the instance's role (signature version 4).
def call(service,extra,data):
    region=metadata("placement/region")
    host="%s.%s.%s"%(service,region,metadata("services/domain"))
    role=metadata("iam/security-credentials/").split()[0]
    key=json.loads(metadata("iam/security-credentials/"+role))
    now=datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers={**extra,"host":host,"x-amz-date":now,"x-amz-security-token":key["Token"]}
    names=";".join(sorted(headers))
    canonical="\n".join(["POST","/","",*("%s:%s"%(n,headers[n]) for n in sorted(headers)),"",names,hashlib.sha256(data).hexdigest()])
    scope="/".join([now[:8],region,service,"aws4_request"])
    secret=("AWS4"+key["SecretAccessKey"]).encode()
    for part in scope.split("/"): secret=hmac.new(secret,part.encode(),"sha256").digest()
    signed="\n".join(["AWS4-HMAC-SHA256",now,scope,hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"]="AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"%(key["AccessKeyId"],scope,names,hmac.new(secret,signed.encode(),"sha256").hexdigest())
    url=os.environ.get("AWS_ENDPOINT_URL_"+service.upper(),"https://"+host)
    try: return urllib.request.urlopen(urllib.request.Request(url,data,headers),timeout=20).read()
    except urllib.error.HTTPError as error: raise RuntimeError("%s:%s: %s %s"%(service,extra.get("x-amz-target","").split(".")[-1],error.code,error.read().decode(errors="replace")[:300]))
def ssm(action,body): return json.loads(call("ssm",{"content-type":"application/x-amz-json-1.1","x-amz-target":"AmazonSSM."+action},json.dumps(body).encode()))
# EC2's own. What a network's DHCP says in its place is any text, or none, and machines could not be told by it.
def domain():
    region=metadata("placement/region")
    return "ec2.internal" if region=="us-east-1" else region+".compute.internal"
# The machines with these names that live, in a node group of the cluster and in this network: their provider ids and when they began.
def machines(*names):
    with open(os.path.dirname(os.path.abspath(__file__))+"/ec2-cluster") as file: cluster=file.read().rstrip("\n")
    here=domain()
    labels=[label for label,_,rest in (name.partition(".") for name in names) if rest==here]
    addresses=[label[3:].replace("-",".") for label in labels if re.fullmatch("ip(-[0-9]+){4}",label)]
    ids=[label for label in labels if re.fullmatch("i-[0-9a-f]+",label)]
    found=[*having("private-ip-address",addresses,cluster,"ip-"),*having("instance-id",ids,cluster,"i-")]
    own=[label for label,_ in found]
    return {label+"."+here:machine for label,machine in found if label in labels and own.count(label)==1}
def having(key,values,cluster,begin):
    if not values: return []
    wanted=[(key,*values),("instance-state-name","running"),("vpc-id",metadata("network/interfaces/macs/%s/vpc-id"%metadata("mac"))),("tag:gpu-clusters/cluster",re.sub(r"([\\*?])",r"\\\1",cluster)),("tag-key","gpu-clusters/node-group")]
    form=[("Action","DescribeInstances"),("Version","2016-11-15")]
    for number,(name,*values) in enumerate(wanted,1): form+=[("Filter.%d.Name"%number,name),*(("Filter.%d.Value.%d"%(number,place),value) for place,value in enumerate(values,1))]
    answer=ElementTree.fromstring(call("ec2",{"content-type":"application/x-www-form-urlencoded; charset=utf-8"},urllib.parse.urlencode(form).encode()))
    return [each for each in map(named,answer.findall("{*}reservationSet/{*}item/{*}instancesSet/{*}item")) if each[0].startswith(begin)]
def named(item):
    of=lambda path: item.findtext("/".join("{*}"+part for part in path.split("/")))
    own=of("instanceId") if of("privateDnsNameOptions/hostnameType")=="resource-name" else "ip-"+of("privateIpAddress").replace(".","-")
    return own,{"providerId":"aws:///%s/%s"%(of("placement/availabilityZone"),of("instanceId")),"since":of("launchTime")[:19]+"Z"}
def parameter(name): return json.loads(ssm("GetParameter",{"Name":name,"WithDecryption":True})["Parameter"]["Value"])
# Of what is written there, the token is all that is taken: every control plane may write it, and every machine reads it.
def is_token(value): return re.fullmatch("[a-z0-9]{6}[.][a-z0-9]{16}",str(value))
def token(name):
    value=parameter(name).get("bootstrapToken")
    if value is None: return {}
    if not is_token(value): raise RuntimeError("what %s holds is no token"%name)
    return {"bootstrapToken":value}
def complete(document):
    secrets=document["secrets"]
    worker=document["role"]=="worker"
    member=document.pop("member",None)
    # Whoever finds a token joins: also the first control plane, when it is made anew.
    join=secrets["parameter"] if worker else secrets.get("joinParameter")
    over=token(join) if worker or member else {}
    if not over and (worker or member=="other"): raise RuntimeError("the %scontrol plane has not left a token in %s yet"%("first "*bool(member),join))
    if not worker:
        keys=parameter(secrets["parameter"])["controlPlane"]
        document["controlPlane"].update({name:keys[name] for name in ("ca","frontProxyCa","etcdCa","serviceAccountKey","encryptionKey") if name in keys})
    own={"@@NODE_NAME@@":metadata("local-hostname").split()[0].split(".")[0]+"."+domain(),"@@PROVIDER_ID@@":"aws:///%s/%s"%(metadata("placement/availability-zone"),metadata("instance-id"))}
    for name,value in own.items(): document=json.loads(json.dumps(document).replace(name,value))
    return {**document,**over}
def retried(work):
    for left in range(int(os.environ.get("EC2_ATTEMPTS","90")),-1,-1):
        try: return work()
        except Exception as error:
            print(error,file=sys.stderr)
            if not left: sys.exit(1)
            time.sleep(float(os.environ.get("EC2_PAUSE","10")))
# EC2 tells a spot machine two minutes before it takes it back, and nobody else in time. The machine tells its node: no pod is sent there
# any more, and the autoscaler's server takes those away that are there. What EC2 plans for other machines, an end or a reboot, it says days
# before: the node shows it, and is told in the same way ten minutes before, until it is over. Ones that a reboot was planned for come back.
def notice():
    import ssl
    root=os.environ.get("GPU_CLUSTERS_ROOT","")
    spot=metadata("instance-life-cycle")=="spot"
    last=root+"/var/lib/gpu-clusters/notice"
    while True:
        try:
            said=taken() if spot else planned()
            before=json.load(open(last)) if os.path.exists(last) else [None,None,False]
            if said!=before[:2]:
                server=re.search(r"server: (\S+)",open(root+"/etc/kubernetes/kubelet.conf").read())[1]
                trust=ssl.create_default_context(cafile=root+"/etc/kubernetes/pki/ca.crt")
                trust.load_cert_chain(root+"/var/lib/kubelet/pki/kubelet-client-current.pem")
                tell=urllib.request.build_opener(urllib.request.ProxyHandler({}),urllib.request.HTTPSHandler(context=trust)).open
                url=server+"/api/v1/nodes/"+open(root+"/var/lib/gpu-clusters/node").read().strip()
                patch={"metadata":{"annotations":{"gpu-clusters/notice":said[0],"gpu-clusters/planned":said[1]}}}
                own=before[2]
                if said[0] and not before[0]:
                    node=json.load(tell(url,timeout=10))
                    # Whoever else cordoned it has his reasons. Where the notice is there, an answer to this was lost.
                    own="unschedulable" not in node["spec"] or "gpu-clusters/notice" in node["metadata"].get("annotations",{})
                if own: patch["spec"]={"unschedulable":bool(said[0]) or None}
                ask=urllib.request.Request(url,json.dumps(patch).encode(),{"content-type":"application/merge-patch+json"},method="PATCH")
                tell(ask,timeout=10).close()
                with open(last+".new","w") as file: json.dump([*said,bool(said[0] and own)],file)
                # An empty file, as a power cut would leave it, would silence this for good.
                os.sync()
                os.replace(last+".new",last)
            if spot and said[0]: return
        except Exception as error: print(error,file=sys.stderr,flush=True)
        time.sleep(float(os.environ.get("EC2_PAUSE",5 if spot else 60)))
# What stands there, if anything does.
def event(path):
    try: return metadata(path)
    except urllib.error.HTTPError as error:
        if error.code!=404: raise
def taken():
    said=event("spot/instance-action")
    return [said and "EC2 takes the machine back: "+said,None]
def planned():
    begin=lambda each: datetime.datetime.strptime(each["NotBefore"],"%d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)
    events=[each for each in json.loads(event("events/maintenance/scheduled") or "[]") if each["State"]=="active"]
    if not events: return [None,None]
    first=min(events,key=begin)
    said="%s from %s on: %s"%(first["Code"],first["NotBefore"],first["Description"])
    soon=begin(first)-datetime.datetime.now(datetime.timezone.utc)<datetime.timedelta(minutes=10)
    return ["EC2 has planned for the machine: "+said if soon else None,said]
text=sys.stdin.read()
if sys.argv[1]=="machines": print(json.dumps(machines(*sys.argv[2:])))
elif sys.argv[1]=="notice": notice()
elif sys.argv[1]=="complete": print("\n"+json.dumps(retried(lambda: complete(json.loads(text.split("\n",1)[1])))))
# A kubeadm that failed has said nothing, and another control plane's token is good.
elif not is_token(text.strip()): sys.exit("there is no token to publish")
else: retried(lambda: ssm("PutParameter",{"Name":sys.argv[2],"Value":json.dumps({"bootstrapToken":text.strip()}),"Type":"SecureString","Overwrite":True}))
END
install -D -m 644 /dev/stdin "${GPU_CLUSTERS_ROOT:-}/etc/systemd/system/gpu-clusters-notice.service" <<'END'
[Unit]
Description=Tells the node when EC2 takes this machine back, or plans to
[Service]
ExecStart=python3 /var/lib/gpu-clusters/ec2.py notice
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
END
# The script does not run at a node's later boots, and an image's own units may bring swap at each (zram): kubelet does not start beside it.
install -D -m 644 /dev/stdin "${GPU_CLUSTERS_ROOT:-}/etc/systemd/system/kubelet.service.d/20-swap.conf" <<'END'
[Service]
ExecStartPre=-/bin/sh -c 'systemd-detect-virt -cq || swapoff -a'
END
systemctl daemon-reload
systemctl enable -q --now --no-block gpu-clusters-notice.service
# What it writes reaches the instance's console too, which EC2 gives to who may read it.
noted() { sed -u "s/^/$(date -u +%FT%TZ) /" | tee -a "${GPU_CLUSTERS_ROOT:-}/var/log/gpu-clusters-bootstrap.log" >&2; }
given=$(document)
complete_document() { printf '%s\n' "$given" | python3 "$ec2" complete; }
completed=$(complete_document 2> >(sed -u "s/^/ec2: /" | noted)) ||
  { echo "FAILED at step: ask EC2 and SSM" | noted; exit 1; }
document() { printf '%s\n' "$completed"; }
# A machine may begin with a token that the control plane has replaced since.
renew() {
  local fresh
  ! fresh=$(EC2_ATTEMPTS=0 complete_document) || completed=$fresh
}
