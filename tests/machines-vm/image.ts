/** The image of emulated machines: Debian with its own kernel, which has NFS. Made once, kept in the cache. */
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed } from "../../simulator/machines/nspawn/image/kept-images";
import { runCommand } from "../../toolchain/tools/command";
import { withLock } from "../../toolchain/tools/lock";
import { toolsDirectory } from "../../toolchain/tools/paths";

const release = "bookworm";
const packages = [
  ...["systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "procps", "e2fsprogs", "initramfs-tools"],
  ...["nfs-kernel-server", "nfs-common", "linux-image-cloud-amd64"],
];
const spared = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

/** Runs what the emulator was given, as a cloud runs a start script on each boot, and tells on the second serial port how it goes. */
const starter = `#!/bin/bash
modprobe qemu_fw_cfg
given=/sys/firmware/qemu_fw_cfg/by_name/opt
ip link set eth0 up
ip address add "$(cat $given/address/raw)" dev eth0
bash $given/script/raw >/dev/ttyS1 2>&1
echo "ended with $?" >/dev/ttyS1
`;
const unit = `[Unit]
After=local-fs.target network.target
[Service]
Type=oneshot
ExecStart=/usr/local/bin/start-script
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
`;

export interface VmImage {
  /** Root file system, never written to. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** Why there can be no emulated machines here; undefined where there can. */
export async function emulationProblem(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64" || process.getuid?.() !== 0) return "needs Linux as root";
  for (const program of ["qemu-system-x86_64", "mmdebstrap", "mke2fs"]) {
    const { failed } = await runCommand("sh", ["-c", `command -v ${program}`], { reject: false });
    if (failed) return `${program} is not installed (apt install qemu-system-x86 mmdebstrap e2fsprogs)`;
  }
  return undefined;
}

export async function ensureVmImage(): Promise<VmImage> {
  const cache = join(dirname(toolsDirectory()), "machines");
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const hash = createHash("sha256").update(JSON.stringify([release, packages, spared, starter, unit]));
  const place = join(cache, `emulated-${hash.digest("hex").slice(0, 16)}`);
  const image = { disk: join(place, "disk"), kernel: join(place, "kernel"), initrd: join(place, "initrd") };
  // Whoever makes an image deletes what is half-made, and what nobody has used for long.
  return withLock(join(cache, ".lock"), async () => {
    await markUsed(place);
    if (await stat(place).catch(() => undefined)) return image;
    const scratch = await mkdtemp(join(cache, "scratch-"));
    try {
      const root = join(scratch, "root");
      const options = spared.map((path) => `--dpkgopt=path-exclude=${path}`);
      const args = ["--mode=root", "--variant=minbase", `--include=${packages.join(",")}`, ...options, release, root];
      await runCommand("mmdebstrap", args, { stdin: "ignore", env: { TMPDIR: scratch } });
      await furnish(root);
      const made = join(scratch, "image");
      await mkdir(made);
      const boot = await readdir(join(root, "boot"));
      for (const [name, file] of [
        ["kernel", boot.find((each) => each.startsWith("vmlinuz"))],
        ["initrd", boot.find((each) => each.startsWith("initrd"))],
      ] as const)
        await copyFile(join(root, "boot", file!), join(made, name));
      await runCommand("mke2fs", ["-q", "-t", "ext4", "-d", root, join(made, "disk"), "2G"], {});
      await rename(made, place);
      return image;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

async function furnish(root: string): Promise<void> {
  await writeFile(join(root, "usr/local/bin/start-script"), starter);
  await chmod(join(root, "usr/local/bin/start-script"), 0o755);
  const units = join(root, "etc/systemd/system");
  await writeFile(join(units, "start-script.service"), unit);
  await mkdir(join(units, "multi-user.target.wants"), { recursive: true });
  await symlink("../start-script.service", join(units, "multi-user.target.wants/start-script.service"));
}
