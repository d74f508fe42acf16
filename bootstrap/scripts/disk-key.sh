# The program that opens an encrypted disk, and its unit: of a node (disk.sh), and of a file server (data-disk.sh). The disk's key is in Vault and comes at
# each boot, by pipes only. The boot disk has a credential for Vault, which each boot replaces by the next.
# Where the disk is, how it is made and what is mounted, `disk_place` says: Python too, by `place`, `make` and `mount`.

# On its input: how the machine gets the key (bootstrap/document.ts, DiskEncryption), as JSON.
install_disk_key() {
  put 600 /etc/gpu-clusters/disk.json
  have cryptsetup || add_packages cryptsetup-bin
  { echo '#!/usr/bin/env -S python3 -IS' && disk_key && disk_place && echo 'main()'; } | put 755 /usr/local/sbin/gpu-clusters-disk-key
  put 644 /etc/systemd/system/gpu-clusters-disk.service <<END
[Unit]
Description=The encrypted disk of this machine
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStartPre=-/sbin/swapoff -a
ExecStart=/usr/local/sbin/gpu-clusters-disk-key open
TimeoutStartSec=infinity
StandardOutput=journal+console
[Install]
WantedBy=multi-user.target
END
}

disk_key() {
  cat <<'END'
import base64,fcntl,http.client,json,os,shutil,ssl,subprocess,sys,time
ROOT=os.environ.get("GPU_CLUSTERS_ROOT","")
STATE=ROOT+"/var/lib/gpu-clusters/"
IDS=STATE+"disk-credential"
NAME="gpu-clusters"
DEVICE="/dev/mapper/"+NAME
USES=1000000
FORM=["--pbkdf","pbkdf2","--pbkdf-force-iterations","1000"]
with open(ROOT+"/etc/gpu-clusters/disk.json") as file: C=json.load(file)
KEY="%s/data/%s"%(C["keyMount"],C["keyPath"])
class Away(Exception): pass
class Absent(Away): pass
class Refused(Exception): pass
class Missing(Refused): pass
def say(*words): print(*words,flush=True)
def vault(method,path,token=None,body=None):
    headers={"X-Vault-Token":token,"X-Vault-Namespace":C.get("namespace")}
    try:
        https=http.client.HTTPSConnection(C["address"][8:],timeout=30,context=ssl.create_default_context(cadata=C.get("certificateAuthority")))
        https.request(method,"/v1/"+path,body and json.dumps(body),{k:v for k,v in headers.items() if v})
        answer=https.getresponse()
        value=json.loads(answer.read() or "{}")
    except (OSError,http.client.HTTPException,ValueError) as error: raise Away("no answer: %s"%error)
    if answer.status<300: return value
    raise {400:Refused,403:Refused,404:Missing}.get(answer.status,Away)("%s: HTTP %d, %s"%(path,answer.status,value.get("errors")))
def run(*command,key=None,check=True,**more): return subprocess.run(command,check=check,**{"stdin":subprocess.DEVNULL} if key is None else {"input":key.encode()},**more)
def settle(path):
    os.rename(path+".new",path)
    folder=os.open(os.path.dirname(path),os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
def write(path,text):
    with open(os.open(path+".new",os.O_WRONLY|os.O_CREAT|os.O_TRUNC,0o600),"w") as file:
        file.write(text)
        file.flush()
        os.fsync(file)
    settle(path)
def keep(ids): write(IDS,"\n".join(ids))
# The first secret id comes once: who does not get it must think that somebody else has.
def unwrapped():
    try: return vault("POST","sys/wrapping/unwrap",C["wrappedSecretId"])["data"]["secret_id"]
    except Refused as error: sys.exit("ALARM: the one-time token for this machine's disk was used before, or is too old (%s). Somebody else may have read it: destroy the role of role id %s in Vault, and make the machine anew"%(error,C["roleId"]))
# Whatever ends this early, the file has an id that works; ids behind the first one are to be destroyed.
def login():
    if not os.path.exists(IDS): keep([unwrapped()])
    with open(IDS) as file: ids=file.read().split()
    auth=vault("POST","auth/%s/login"%C["authMount"],None,{"role_id":C["roleId"],"secret_id":ids[0]})["auth"]
    token=auth["client_token"]
    path="auth/%s/role/%s/secret-id"%(C["authMount"],auth["metadata"]["role_name"])
    left=vault("POST",path+"/lookup",token,{"secret_id":ids[0]}).get("data",{}).get("secret_id_num_uses",0)
    if 0<left<USES-1: say("WARNING: this machine's credential for Vault has been used %d times before: by boots that were cut short, or by somebody who copied it"%(USES-1-left))
    ids=[vault("POST",path,token,{"num_uses":USES})["data"]["secret_id"],*ids]
    keep(ids)
    for each in ids[1:]: vault("POST",path+"/destroy",token,{"secret_id":each})
    keep(ids[:1])
    return token
def entry(token):
    try: return vault("GET",KEY,token)["data"]
    except Missing: return None
# Only where Vault has that version, 0 being none; and what it gives back then, counts.
def stored(token,version,key):
    vault("POST",KEY,token,{"options":{"cas":version},"data":{"key":key}})
    return (entry(token) or {"data":{}})["data"].get("key")==key
def new_key(): return base64.b64encode(os.urandom(64)).decode()
def fits(disk,key,*more): return run("cryptsetup","open","--test-passphrase","--key-file","-",*more,disk,key=key,check=False,stderr=subprocess.DEVNULL).returncode==0
def told(*command): return run(*command,check=False,stdout=subprocess.PIPE,stderr=subprocess.DEVNULL).stdout.decode()
def unlock(disk,key):
    run("cryptsetup","open","--type","luks2","--key-file","-",disk,NAME,key=key)
    loop=told("losetup","-nO","NAME","-j",disk).split()
    # Without it, memory holds all that is read twice.
    if loop: run("losetup","--direct-io=on",loop[0],check=False)
def close(): run("cryptsetup","close",NAME,check=False,stderr=subprocess.DEVNULL)
def form(disk,key,*more):
    run("cryptsetup","luksFormat","-q","--type","luks2",*FORM,*more,"--key-file","-",disk,key=key)
    unlock(disk,key)
    run("mkfs.ext4","-q",DEVICE)
def unlocked():
    disk,whole=place()
    if whole and run("cryptsetup","status",NAME,check=False,stdout=subprocess.DEVNULL).returncode==0: return
    token=login()
    try:
        found=entry(token)
        if not whole:
            key=found["data"]["key"] if found else new_key()
            if not found and not stored(token,0,key): raise Refused("Vault does not give back the key that was written")
            return make(disk,key)
        if run("cryptsetup","isLuks",disk,check=False).returncode: sys.exit("the header of %s is damaged: it cannot be opened, and is not made anew"%disk)
        if not found: raise Refused("Vault has no key for this disk any more")
        if not fits(disk,found["data"]["key"]): raise Refused("the key in Vault does not open this disk")
        unlock(disk,found["data"]["key"])
    finally: leave(token)
def leave(token):
    try: vault("POST","auth/token/revoke-self",token)
    except (Away,Refused): pass
def open_disk():
    pause=1
    while True:
        try:
            unlocked()
            mount()
            break
        except (Away,Refused) as error:
            if isinstance(error,Refused) and not PATIENT and not place()[1]: sys.exit("Vault refuses the key of this machine's disk: %s"%error)
            what=error if isinstance(error,Absent) else "Vault at %s: %s"%(C["address"],error)
            say("the encrypted disk waits for %s. Next try in %d s"%(what,pause))
        time.sleep(pause)
        pause=min(60,pause*2)
    say("the encrypted disk is open")
# The disk knows the new key before Vault does, and the old one until Vault has said the new one back: whatever ends this early, it opens.
def rotate():
    disk,whole=place()
    if not whole: sys.exit("there is no encrypted disk yet")
    token=login()
    try:
        found=entry(token) or sys.exit("Vault has no key for this disk any more")
        old=found["data"]["key"]
        slot="1" if fits(disk,old,"--key-slot","0") else "0"
        run("cryptsetup","luksKillSlot","-q","--key-file","-",disk,slot,key=old,check=False,stderr=subprocess.DEVNULL)
        key=new_key()
        read,end=os.pipe()
        os.write(end,key.encode())
        os.close(end)
        run("cryptsetup","luksAddKey","-q",*FORM,"--key-slot",slot,"--key-file","-",disk,"/dev/fd/%d"%read,key=old,pass_fds=[read])
        if not fits(disk,key,"--key-slot",slot): sys.exit("the new key does not open the disk; the old one does")
        if not stored(token,found["metadata"]["version"],key): sys.exit("Vault does not give back the new key, and the old one still opens the disk")
        run("cryptsetup","luksKillSlot","-q","--key-file","-",disk,str(1-int(slot)),key=key)
        say("the encrypted disk has a new key")
        # With a copy of the disk from before, an old key still opens that.
        try: vault("POST","%s/destroy/%s"%(C["keyMount"],C["keyPath"]),token,{"versions":[*range(1,found["metadata"]["version"]+1)]})
        except (Away,Refused) as error: say("WARNING: its old keys are still in Vault: %s"%error)
    finally: leave(token)
def main():
    actions={"open":open_disk,"rotate":rotate}
    if len(sys.argv)!=2 or sys.argv[1] not in actions: sys.exit("usage: gpu-clusters-disk-key open|rotate")
    with open(STATE+"disk.lock","w") as lock:
        fcntl.flock(lock,fcntl.LOCK_EX)
        try: actions[sys.argv[1]]()
        except (Away,Refused) as error: sys.exit("Vault at %s: %s"%(C["address"],error))
        except subprocess.CalledProcessError as error: sys.exit("%s failed: exit status %d"%(" ".join(error.cmd[:2]),error.returncode))
END
}
