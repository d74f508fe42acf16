# Where the document has shared files on Lustre, before scripts/node.sh. They are there before anything runs on the node, also after a boot: what
# keeps volumes in them would begin on the node's own disk without a word.
mount_lustre() {
  local kernel offers source path
  begin "Lustre client"
  kernel=$(uname -r)
  if ! have mount.lustre || ! modinfo lustre >/dev/null 2>&1; then
    repository fsx-lustre https://fsx-lustre-client-repo.s3.amazonaws.com/ubuntu \
      https://fsx-lustre-client-repo-public-keys.s3.amazonaws.com/fsx-ubuntu-public-key.asc \
      "$(sed -n 's/^VERSION_CODENAME=//p' "$root/etc/os-release") main"
    retry apt update
    # AWS builds it some time after a kernel has come out, and it does not come by trying again.
    offers=$(apt-cache search --names-only '^lustre-client-modules-[0-9]' | cut -d' ' -f1 | sed s/lustre-client-modules-// | sort -V | xargs)
    [[ -z $offers || " $offers " == *" $kernel "* ]] ||
      die "AWS has no Lustre client for this image's kernel $kernel: name an image with one of $(tail -n 5 <<<"${offers// /$'\n'}" | xargs)"
    add_packages "lustre-client-modules-$kernel" lustre-client-utils
  fi
  put 644 /etc/apt/apt.conf.d/52gpu-clusters-lustre <<<'Unattended-Upgrade::Package-Blacklist { "linux-"; "lustre-"; };'
  modprobe lustre || die "the Lustre client does not load: see above"
  begin "shared files"
  source=$(query text lustre.source) path=$(query text lustre.path)
  [[ $source =~ ^[A-Za-z0-9.-]+@tcp:/[A-Za-z0-9]+$ && $path =~ ^/[a-z0-9/-]+$ ]] || die "lustre is not of a form that can be used"
  mkdir -p "$root$path"
  grep -qs " $path lustre " "$root/etc/fstab" || append /etc/fstab "$source $path lustre noatime,flock,_netdev,noauto 0 0"
  put 644 /etc/systemd/system/gpu-clusters-shared.service <<END
[Unit]
Description=Shared files at $path
Wants=network-online.target
After=network-online.target
Before=kubelet.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'until mountpoint -q $path || mount $path; do sleep 10; done'
TimeoutStartSec=infinity
StandardOutput=journal+console
[Install]
RequiredBy=kubelet.service
END
  systemctl daemon-reload
  mountpoint -q "$root$path" || retry mount "$path" || die "the shared files at $source cannot be mounted: see above"
  systemctl enable -q --now gpu-clusters-shared
}
