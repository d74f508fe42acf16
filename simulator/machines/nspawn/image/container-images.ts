/** The container images of a cluster, made from our own programs under the names that kubeadm asks for: machines reach no registry. */
import { readdir, realpath } from "node:fs/promises";
import { join, posix } from "node:path";
import { awsCloudControllerManager, flannel, nvidiaDevicePlugin } from "../../../../components/versions";
import { runCommand } from "../../../../toolchain/tools/command";
import type { ContainerImage } from "./archive";
import { autoscalerImages } from "./autoscaler-images";
import { bundled, nodeRuntime } from "./node-runtime";
import type { MachineTools } from "./tools";

/** A small image for pods of users and tests, with a shell. */
export const busyboxImage = "docker.io/library/busybox:1.35";

/** The name that `AwsCluster` gives for the minor of Kubernetes. */
function cloudControllerManagerImage(kubernetesVersion: string): string {
  const { image, tags } = awsCloudControllerManager;
  const minor = kubernetesVersion.replace(/^v/, "").split(".").slice(0, 2).join(".");
  return `${image}:${tags[minor]}`;
}

/**
 * @param names what `kubeadm config images list` prints
 * @param root the machine's own root file system, which has the programs that kube-proxy calls
 * @throws an Error that names an image which nobody here knows how to make
 */
export async function containerImages(
  kubernetesVersion: string,
  names: string[],
  tools: MachineTools,
  root: string,
): Promise<ContainerImage[]> {
  const recipes: Record<string, () => Promise<ContainerImage["files"]> | ContainerImage["files"]> = {
    "kube-apiserver": () => program("/usr/local/bin/kube-apiserver", tools["kube-apiserver"]),
    "kube-controller-manager": () =>
      program("/usr/local/bin/kube-controller-manager", tools["kube-controller-manager"]),
    "kube-scheduler": () => program("/usr/local/bin/kube-scheduler", tools["kube-scheduler"]),
    "kube-proxy": async () =>
      new Map([...program("/usr/local/bin/kube-proxy", tools["kube-proxy"]), ...(await packetFilter(root))]),
    etcd: () => program("/usr/local/bin/etcd", tools.etcd),
    coredns: () => program("/coredns", tools.coredns),
    pause: () => program("/pause", join(root, "usr/bin/catatonit")),
  };
  const images = names.map(async (name): Promise<ContainerImage> => {
    const short = posix.basename(name).replace(/:.*/, "");
    const files = await recipes[short]?.();
    if (!files) throw new Error(`no recipe for the container image ${name}`);
    const [first] = files.keys();
    return { name, files, entrypoint: short === "pause" ? ["/pause", "-P"] : [first!] };
  });
  const source = join(root, "bin/busybox");
  const loaded = await libraries(root, ["/bin/busybox"]);
  const shell = (...names: string[]) =>
    new Map([...names.flatMap((name) => [...program(`/bin/${name}`, source)]), ...loaded]);
  const busybox = shell("busybox", "sh", "sleep");
  return [
    ...(await Promise.all(images)),
    { name: busyboxImage, files: busybox, entrypoint: ["/bin/busybox"] },
    {
      name: cloudControllerManagerImage(kubernetesVersion),
      files: await cloudControllerManager(tools, root, busybox),
      entrypoint: [controller],
    },
    await devicePlugin(),
    ...(await autoscalerImages(kubernetesVersion, shell)),
    ...(await flannelImages(tools, root, busybox)),
  ];
}

/** Where flannel was compiled; its pods copy files by `cp`. */
async function flannelImages(
  { flanneld, "flannel-cni": plugin }: MachineTools,
  root: string,
  busybox: ContainerImage["files"],
): Promise<ContainerImage[]> {
  if (flanneld === undefined || plugin === undefined) return [];
  const copying = [...busybox, ["/bin/cp", { source: join(root, "bin/busybox") }] as const];
  const daemon = new Map([...copying, ...program("/opt/bin/flanneld", flanneld), ...(await packetFilter(root))]);
  return [
    { name: flannel.daemon, files: daemon, entrypoint: ["/opt/bin/flanneld"] },
    { name: flannel.plugin, files: new Map([...copying, ...program("/flannel", plugin)]), entrypoint: ["/flannel"] },
  ];
}

const controller = "/bin/aws-cloud-controller-manager";

/** AWS's own where it was compiled, else a script in its place. */
async function cloudControllerManager(
  { "aws-cloud-controller-manager": real }: MachineTools,
  root: string,
  busybox: ContainerImage["files"],
): Promise<ContainerImage["files"]> {
  if (real !== undefined) return program(controller, real);
  const programs = ["/usr/bin/curl", "/usr/bin/jq"];
  return new Map([
    ...busybox,
    ...programs.map((path) => [path, { source: join(root, path) }] as const),
    ...(await libraries(root, programs)),
    [controller, { source: join(__dirname, "cloud-controller-manager.sh") }],
  ]);
}

/** Under the name of NVIDIA's image a stand-in. */
async function devicePlugin(): Promise<ContainerImage> {
  const program = "/usr/lib/device-plugin.js";
  const start = (name: string) => ({ text: `#!/usr/bin/node\nprocess.argv[2] = "${name}"; require("${program}");\n` });
  return {
    name: nvidiaDevicePlugin,
    files: new Map<string, { source: string } | { text: string }>([
      ...(await nodeRuntime()),
      [program, { text: await bundled(join(__dirname, "gpu-plugin", "main.ts")) }],
      ...["nvidia-device-plugin", "gpu-feature-discovery"].map((name) => [`/usr/bin/${name}`, start(name)] as const),
    ]),
    entrypoint: ["/usr/bin/nvidia-device-plugin"],
  };
}

function program(path: string, source: string): Map<string, { source: string } | { text: string }> {
  return new Map<string, { source: string } | { text: string }>([
    [path, { source }],
    ["/etc/passwd", { text: "root:x:0:0:root:/root:/bin/sh\n" }],
    ["/etc/nsswitch.conf", { text: "hosts: files dns\n" }],
  ]);
}

/** nft and iptables of the machine's Debian, with the libraries that they load. */
async function packetFilter(root: string): Promise<Map<string, { source: string }>> {
  const iptables = "/usr/sbin/xtables-nft-multi";
  const programs = ["/usr/sbin/nft", iptables];
  const extensions = "/usr/lib/x86_64-linux-gnu/xtables";
  const files = await libraries(root, programs);
  const modules = (await readdir(join(root, extensions))).map((name) => `${extensions}/${name}`);
  for (const path of [...programs, ...modules]) files.set(path, { source: await inRoot(root, path) });
  for (const name of [
    "iptables",
    "iptables-save",
    "iptables-restore",
    "ip6tables",
    "ip6tables-save",
    "ip6tables-restore",
  ])
    files.set(`/usr/sbin/${name}`, { source: join(root, iptables) });
  return files;
}

/** The shared libraries that programs of the root file system load, and what loads them. */
async function libraries(root: string, programs: string[]): Promise<Map<string, { source: string }>> {
  const { stdout } = await runCommand("chroot", [root, "ldd", ...programs], {});
  const paths = stdout.split(/\s+/).filter((word) => /^\/.*[^:]$/.test(word));
  const found = paths.map(async (path) => [path, { source: await inRoot(root, path) }] as const);
  return new Map(await Promise.all(found));
}

/** Where a path of the root file system really lies: its links are absolute within it. */
async function inRoot(root: string, path: string): Promise<string> {
  const { stdout } = await runCommand("chroot", [root, "readlink", "-f", path], {});
  return realpath(join(root, stdout.trim()));
}
