# Of a machine whose data is on a disk of its own that outlives it, with disk-key.sh: LUKS2 on the whole disk. Until its file system is there it has another
# label, by which one that was cut short is known and made anew: it has never been mounted. What has the label itself is never formatted.
disk_place() {
  cat <<'END'
PATIENT=True
LABEL=C["label"]
VOLUME=ROOT+C["volume"]
# What blkid finds on a disk; None: nothing at all. What cannot be read is somebody's.
def content(disk):
    try:
        with open(disk,"rb") as file: file.read(1<<20)
    except OSError: return {}
    found=run("blkid","-p","-o","export",disk,check=False,stdout=subprocess.PIPE,stderr=subprocess.DEVNULL)
    return None if found.returncode==2 else dict(line.split("=",1) for line in found.stdout.decode().split("\n") if "=" in line)
def place():
    new=None
    for name,kind in (line.split() for line in told("lsblk","-dnpo","NAME,TYPE").splitlines()):
        if kind!="disk": continue
        found=content(name)
        label,encrypted=(found or {}).get("LABEL"),(found or {}).get("TYPE")=="crypto_LUKS"
        if label==LABEL and encrypted: return name,True
        if label==LABEL: sys.exit("%s has the label %s and is not encrypted: it is left as it is, and nothing is mounted"%(name,LABEL))
        # Without partitions.
        if label==LABEL+"-new" and encrypted or found is None and len(told("lsblk","-nro","NAME",name).split())==1: new=new or name
    if new is None: raise Absent("a data disk, which is empty or has the label %s"%LABEL)
    return new,False
def finish(disk):
    run("cryptsetup","config","--label",LABEL,disk)
    os.sync()
def make(disk,key):
    close()
    say("formatting the empty disk %s"%disk)
    form(disk,key,"--label",LABEL+"-new")
    finish(disk)
def mount():
    if os.path.ismount(VOLUME): return
    # Where the label was cut short, cryptsetup may have mended it by the header's other copy.
    disk,whole=place()
    if not whole: finish(disk)
    os.makedirs(VOLUME,exist_ok=True)
    if run("e2fsck","-p",DEVICE,check=False).returncode>3: sys.exit("the file system on %s has errors: look with e2fsck"%disk)
    run("mount",DEVICE,VOLUME)
    # The disk may have grown.
    if run("resize2fs",DEVICE,check=False,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL).returncode: say("the file system keeps its size")
END
}
