# On a node with an encrypted disk, before scripts/node.sh, with disk-key.sh. What the node stores is on a file system in one file of LUKS2, which lies on the
# boot disk.
disk_place() {
  cat <<'END'
PATIENT=False
IMAGE=STATE+"disk"
VOLUME=STATE+"volume"
START=VOLUME+"/start"
def place(): return IMAGE,os.path.exists(IMAGE)
# Under its own name from the moment on when it is whole: what has that name is never formatted.
def make(disk,key):
    new=disk+".new"
    close()
    if os.path.exists(new): os.remove(new)
    space=os.statvfs(STATE)
    free=space.f_bavail*space.f_frsize
    size=(free-max(2<<30,free//10))>>22<<22
    if size<1<<30: sys.exit("the boot disk has too little room for an encrypted one: 3 GiB must be free")
    run("fallocate","-l",str(size),new)
    os.chmod(new,0o600)
    form(new,key)
    settle(disk)
def mount():
    if not os.path.ismount(VOLUME):
        os.makedirs(VOLUME,exist_ok=True)
        run("mount",DEVICE,VOLUME)
    with open(ROOT+"/etc/fstab") as file: lines=[line.split()[:2] for line in file if line.startswith(VOLUME)]
    if not all(os.path.exists(inner) for inner,_ in lines): run("systemctl","stop","kubelet","containerd",check=False,stderr=subprocess.DEVNULL)
    for inner,outer in lines:
        os.makedirs(outer,exist_ok=True)
        # What an image brings moves in.
        if not os.path.exists(inner):
            shutil.rmtree(inner+".new",ignore_errors=True)
            os.makedirs(os.path.dirname(inner),exist_ok=True)
            run("cp","-a",outer,inner+".new")
            run("sync","-f",VOLUME)
            settle(inner)
            run("find",outer,"-mindepth","1","-delete")
        if not os.path.ismount(outer): run("mount",outer)
    fetch_start()
# The keys of a cluster are in it: it lies on this disk and nowhere else.
def fetch_start():
    if not C.get("start") or os.path.exists(START): return
    token=login()
    try: write(START,vault("GET",KEY+"/start",token)["data"]["data"]["script"])
    finally: leave(token)
END
}

encrypt_disk() {
  begin "encrypted disk"
  local each directories=(/var/lib/{containerd,kubelet,etcd} /var/log/pods /etc/kubernetes)
  disable_swap
  query json diskEncryption | install_disk_key
  # Nothing may begin on the empty directories below.
  for each in containerd kubelet; do
    printf '[Unit]\nRequiresMountsFor=%s\n' "${directories[*]}" | put 644 "/etc/systemd/system/$each.service.d/50-gpu-clusters-disk.conf"
  done
  for each in "${directories[@]}"; do
    grep -qs " $root$each " "$root/etc/fstab" ||
      append /etc/fstab "$state/volume$each $root$each none bind,nofail,x-systemd.requires=gpu-clusters-disk.service 0 0"
  done
  systemctl daemon-reload
  systemctl enable -q gpu-clusters-disk
  "$root/usr/local/sbin/gpu-clusters-disk-key" open || die "no encrypted disk: see above"
  systemctl start gpu-clusters-disk
  # The rest is for the script from Vault (start.sh).
  [ -z "$(query text diskEncryption.start)" ] || exit 0
}
