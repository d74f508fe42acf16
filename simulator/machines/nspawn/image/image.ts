/** The image of simulated machines: made once from Debian's packages and our own programs, kept in the cache. */
import { createHash } from "node:crypto";
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import {
  awsCloudControllerManager,
  clusterAutoscaler,
  flannel,
  nodeImage,
  nvidiaDevicePlugin,
} from "../../../../components/versions";
import { runCommand } from "../../../../toolchain/tools/command";
import { withLock } from "../../../../toolchain/tools/lock";
import { toolsDirectory } from "../../../../toolchain/tools/paths";
import { reportToStderr, type Report } from "../../../../toolchain/tools/report";
import { clusterAutoscalerProgram } from "../../cluster-autoscaler/program";
import { writeImageArchive } from "./archive";
import { containerImages } from "./container-images";
import { markUsed, removeUnused } from "./kept-images";
import { debianPackages, debianRelease, enabledUnits, maskedUnits } from "./packages";
import { seedContainerd } from "./seed";
import { ensureMachineTools, type MachineTools } from "./tools";

export interface MachineImage {
  /** Root file system, never written to. */
  readonly root: string;
  /** `/var/lib/containerd` with all container images in it. Machines link its files, so they must not change. */
  readonly containerd: string;
}

/** Debian's packages cannot be had from here. */
export class ImageSourceUnreachable extends Error {
  override readonly name = "ImageSourceUnreachable";
}

/** A mirror that does not answer must not hold up a start for ever. */
const installMs = 600_000;

const ownFiles = join(__dirname, "root");

/**
 * Makes the image where it is missing: about two minutes, once. Needs root and mmdebstrap.
 * @throws ImageSourceUnreachable
 */
export async function ensureMachineImage(
  options: { report?: Report; signal?: AbortSignal } = {},
): Promise<MachineImage> {
  const report = options.report ?? reportToStderr;
  const cache = join(dirname(toolsDirectory()), "machines");
  const tools = await ensureMachineTools(options);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const lock = {
    signal: options.signal,
    onWait: (pid: number) => report("machine image", `waiting for process ${pid}`),
  };
  return withLock(join(cache, ".lock"), () => make(cache, tools, report), lock);
}

async function make(cache: string, tools: MachineTools, report: Report): Promise<MachineImage> {
  const debian = join(cache, `debian-${hash([debianRelease, ...debianPackages])}`);
  const image = join(cache, `image-${hash(await ingredients(debian, tools))}`);
  const made = { root: join(image, "root"), containerd: join(image, "containerd") };
  await markUsed(debian);
  await markUsed(image);
  if (await exists(image)) return made;
  await removeUnused(cache);
  const scratch = await mkdtemp(join(cache, "scratch-"));
  if (!(await exists(debian))) {
    report("machine image", `installing Debian ${debianRelease}`);
    await installDebian(join(scratch, "debian"));
    await rename(join(scratch, "debian"), debian);
  }
  report("machine image", "putting Kubernetes and its container images in place");
  const fresh = join(scratch, "image");
  await mkdir(fresh);
  await runCommand("cp", ["-a", debian, join(fresh, "root")], {});
  await furnish(join(fresh, "root"), tools);
  await writeContainerSpecification(join(fresh, "root"));
  await seed(fresh, scratch, tools);
  await rename(fresh, image);
  await rm(scratch, { recursive: true });
  report("machine image", "made");
  return made;
}

async function installDebian(target: string): Promise<void> {
  const args = ["--mode=root", "--variant=minbase", `--include=${debianPackages.join(",")}`, debianRelease, target];
  const { failed, stderr } = await runCommand("mmdebstrap", args, {
    stdin: "ignore",
    env: { TMPDIR: dirname(target) },
    timeout: installMs,
    reject: false,
  });
  if (!failed) return;
  const reasons = stderr.split("\n").filter((line) => /^(E|W): /.test(line));
  throw new ImageSourceUnreachable(
    `Debian ${debianRelease} could not be installed for the machine image (mmdebstrap): ${reasons.slice(-3).join(" ")}`,
  );
}

async function furnish(root: string, tools: MachineTools): Promise<void> {
  await cp(ownFiles, root, { recursive: true, force: true });
  for (const name of ["kubeadm", "kubelet", "kubectl", "containerd", "containerd-shim-runc-v2", "ctr"] as const) {
    await copyFile(tools[name], join(root, "usr/bin", name));
    await chmod(join(root, "usr/bin", name), 0o755);
  }
  // Where containerd looks for them by default.
  await mkdir(join(root, "opt/cni"), { recursive: true });
  await rename(join(root, "usr/lib/cni"), join(root, "opt/cni/bin"));
  // What must differ from machine to machine.
  await writeFile(join(root, "etc/machine-id"), "");
  for (const name of await readdir(join(root, "etc/ssh")))
    if (name.startsWith("ssh_host_")) await rm(join(root, "etc/ssh", name));
  await rm(join(root, "etc/hostname"), { force: true });
  for (const folder of ["etc/simulator", "var/lib/kubelet", "var/lib/etcd", "var/lib/containerd"])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
  await runCommand("systemctl", [`--root=${root}`, "mask", ...maskedUnits], {});
  await runCommand("systemctl", [`--root=${root}`, "enable", ...enabledUnits], {});
}

/** What each container begins with: the machine's certificate authorities, of which a simulated cloud may have one. */
async function writeContainerSpecification(root: string): Promise<void> {
  const { stdout } = await runCommand("chroot", [root, "ctr", "oci", "spec"], {});
  const specification = JSON.parse(stdout) as { mounts: object[] };
  const authorities = "/etc/ssl/certs/ca-certificates.crt";
  const options = ["rbind", "ro"];
  specification.mounts.push({ destination: authorities, type: "bind", source: authorities, options });
  await writeFile(join(root, "etc/containerd/container.json"), JSON.stringify(specification));
}

async function seed(image: string, scratch: string, tools: MachineTools): Promise<void> {
  const version = (await runCommand(tools.kubeadm, ["version", "-o", "short"], {})).stdout.trim();
  const { stdout } = await runCommand(tools.kubeadm, ["config", "images", "list", "--kubernetes-version", version], {});
  const archives = join(scratch, "archives");
  await mkdir(archives);
  const images = await containerImages(version, stdout.trim().split("\n"), tools, join(image, "root"));
  for (const [index, each] of images.entries()) await writeImageArchive(each, join(archives, `${index}.tar`));
  await mkdir(join(image, "containerd"));
  await seedContainerd({ root: join(image, "root"), containerd: join(image, "containerd"), archives });
  await rm(archives, { recursive: true });
}

/** Everything that decides what the image is. */
async function ingredients(debian: string, tools: MachineTools): Promise<string[]> {
  const programs = Object.values(tools).map(async (file) => `${file} ${(await stat(file)).mtimeMs}`);
  return [
    debian,
    JSON.stringify([
      awsCloudControllerManager,
      clusterAutoscaler,
      flannel,
      nodeImage,
      nvidiaDevicePlugin,
      process.version,
    ]),
    await clusterAutoscalerProgram(),
    ...(await ownIngredients(__dirname)),
    ...(await Promise.all(programs)),
  ];
}

/** Our own files by their place in the folder, wherever that is. */
export async function ownIngredients(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort();
  return Promise.all(files.map(async (file) => `${file}\n${await readFile(join(folder, file), "utf8")}`));
}

function hash(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
