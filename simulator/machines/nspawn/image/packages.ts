/** What a machine has from Debian. Other parts (Kubernetes, containerd) come from the toolchain. */

export const debianRelease = "bookworm";

export const debianPackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "udev",
  "kmod",
  "procps",
  "mount",
  "hostname",
  "openssh-server",
  "iproute2",
  "iptables",
  "nftables",
  "conntrack",
  "ethtool",
  "iputils-ping",
  "socat",
  "netbase",
  "curl",
  "ca-certificates",
  "openssl",
  "python3-minimal",
  "jq",
  "runc",
  "containernetworking-plugins",
  "cloud-init",
  // Not for the machine itself, but for the container images that are made of it.
  "busybox",
  "catatonit",
] as const;

/** Units that would touch the host's clock, disks or devices, or only cost time. */
export const maskedUnits = [
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-udevd.service",
  "systemd-udev-trigger.service",
  "systemd-modules-load.service",
  "systemd-logind.service",
  "getty.target",
  "console-getty.service",
  "fstrim.timer",
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "dpkg-db-backup.timer",
  "systemd-networkd.service",
  "systemd-resolved.service",
] as const;

export const enabledUnits = [
  "containerd.service",
  "ssh.service",
  "ssh-host-keys.service",
  "start-script.service",
] as const;
