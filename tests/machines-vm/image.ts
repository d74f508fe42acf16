/**
 * What emulated machines start from: Debian with its own kernel, which has dm-crypt and NFS, and stand-ins for Kubernetes. Made once and kept in
 * the cache.
 */
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ownIngredients } from "../../simulator/machines/nspawn/image/image";
import { markUsed, removeUnused } from "../../simulator/machines/nspawn/image/kept-images";
import { debianRelease } from "../../simulator/machines/nspawn/image/packages";
import { runCommand } from "../../toolchain/tools/command";
import { withLock } from "../../toolchain/tools/lock";
import { toolsDirectory } from "../../toolchain/tools/paths";
import { reportToStderr } from "../../toolchain/tools/report";

export interface VmImage {
  /** Raw, with one ext4 file system and no partitions; never written to. */
  readonly disk: string;
  readonly kernel: string;
  readonly initialRamDisk: string;
}

const packages = [
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
  "python3",
  "openssl",
  "e2fsprogs",
  "ca-certificates",
  "cryptsetup-bin",
  "nfs-kernel-server",
  "nfs-common",
  "linux-image-cloud-amd64",
  "initramfs-tools",
];
const units = ["systemd-networkd", "systemd-networkd-wait-online", "ssh-host-keys", "containerd", "start-script"];
/** A file server's script starts it. */
const notYet = ["nfs-server", "rpcbind.socket", "rpcbind"];

/** With room for what a machine encrypts, which is less than half of it. */
const diskBytes = 5 * 2 ** 30;

const ownFiles = join(__dirname, "root");

/** Why there can be no emulated machines here; undefined where there can. */
export async function emulationProblem(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64" || process.getuid?.() !== 0) return "needs Linux as root";
  for (const program of ["qemu-system-x86_64", "mmdebstrap", "mke2fs"]) {
    const { failed } = await runCommand("sh", ["-c", `command -v ${program}`], { reject: false });
    if (failed) return `${program} is not installed (apt install qemu-system-x86 mmdebstrap e2fsprogs)`;
  }
  return undefined;
}

/** Takes minutes where it is not in the cache. */
export async function ensureVmImage(): Promise<VmImage> {
  const cache = join(dirname(toolsDirectory()), "machines");
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const ingredients = [debianRelease, packages, units, notYet, diskBytes, await ownIngredients(ownFiles)];
  const hash = createHash("sha256").update(JSON.stringify(ingredients)).digest("hex").slice(0, 16);
  const folder = join(cache, `vm-${hash}`);
  const lock = { onWait: (pid: number) => reportToStderr("machine image", `waiting for process ${pid}`) };
  await withLock(
    join(cache, ".lock"),
    async () => {
      await markUsed(folder);
      if (!(await exists(folder))) await make(cache, folder);
    },
    lock,
  );
  return { disk: join(folder, "disk"), kernel: join(folder, "kernel"), initialRamDisk: join(folder, "initrd") };
}

async function make(cache: string, folder: string): Promise<void> {
  await removeUnused(cache);
  const scratch = await mkdtemp(join(cache, "scratch-"));
  const root = join(scratch, "root");
  const image = join(scratch, "image");
  reportToStderr("machine image", `installing Debian ${debianRelease} with its kernel`);
  const debian = ["--mode=root", "--variant=minbase", `--include=${packages.join(",")}`, debianRelease, root];
  await runCommand("mmdebstrap", debian, { stdin: "ignore", env: { TMPDIR: scratch } });
  await furnish(root);
  await mkdir(image);
  await takeKernel(root, image);
  await writeFile(join(image, "disk"), "");
  await truncate(join(image, "disk"), diskBytes);
  await runCommand("mke2fs", ["-q", "-t", "ext4", "-d", root, join(image, "disk")], {});
  await rename(image, folder);
  await rm(scratch, { recursive: true });
  reportToStderr("machine image", "made");
}

async function furnish(root: string): Promise<void> {
  await cp(ownFiles, root, { recursive: true, force: true });
  await writeFile(join(root, "etc/machine-id"), "");
  await writeFile(join(root, "etc/fstab"), "/dev/vda / ext4 defaults 0 1\n");
  await rm(join(root, "etc/hostname"), { force: true });
  // Nothing that the tests need comes from outside.
  await writeFile(join(root, "etc/resolv.conf"), "");
  for (const name of await readdir(join(root, "etc/ssh")))
    if (name.startsWith("ssh_host_")) await rm(join(root, "etc/ssh", name));
  await runCommand("systemctl", [`--root=${root}`, "enable", ...units], {});
  await runCommand("systemctl", [`--root=${root}`, "disable", ...notYet], {});
  await runCommand("systemctl", [`--root=${root}`, "mask", "e2scrub_reap.service", "getty.target"], {});
}

async function takeKernel(root: string, image: string): Promise<void> {
  const boot = await readdir(join(root, "boot"));
  for (const [prefix, name] of [
    ["vmlinuz-", "kernel"],
    ["initrd.img-", "initrd"],
  ] as const) {
    const file = boot.find((each) => each.startsWith(prefix));
    if (file === undefined) throw new Error(`Debian's kernel brought no /boot/${prefix}*`);
    await copyFile(join(root, "boot", file), join(image, name));
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
