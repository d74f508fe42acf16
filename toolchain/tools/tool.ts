/** The executables that the simulator and the command line need. */
export type ToolName =
  "pulumi" | "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubectl" | "kwok";

/** What only machines that really boot have on them: nothing else needs these. */
export type NodeToolName =
  "kubeadm" | "kubelet" | "kube-proxy" | "coredns" | "containerd" | "containerd-shim-runc-v2" | "ctr";

/** What only some tests need on such machines: it takes minutes to compile. */
export type TestToolName = "aws-cloud-controller-manager" | "flanneld" | "flannel-cni";

/** What `npm run bench` measures ours against. */
export type BenchToolName = "karpenter";

/** Provider plugins that only some tests need: they take minutes to compile, too. */
export type PluginToolName = "pulumi-resource-kubernetes";

/** Operators that run beside tests, against a simulated cluster: they take minutes to compile. */
export type OperatorToolName = "ray-operator" | "cluster-api" | "slurm-operator" | "slurm-operator-webhook";

/** Services of others that tests on real ones run: they take many minutes to compile. */
export type ServiceToolName = "vault";

export type AnyToolName =
  ToolName | NodeToolName | TestToolName | BenchToolName | PluginToolName | OperatorToolName | ServiceToolName;

/** The folders below toolchain/modules: one Go module each, which pins what is compiled. */
export type GoModuleName =
  | "cloud-provider-aws"
  | "cluster-api"
  | "cni-plugins"
  | "containerd"
  | "coredns"
  | "etcd"
  | "flannel"
  | "karpenter"
  | "kuberay"
  | "kubernetes"
  | "kwok"
  | "pulumi"
  | "pulumi-kubernetes"
  | "slurm-operator"
  | "vault";

/** Operating system and processor in Go's words, e.g. `{os: "linux", arch: "amd64"}`. */
export interface Platform {
  os: string;
  arch: string;
}

/** Where a publisher offers a tool, and how what arrives is known to be what was published. */
export interface Download {
  url: string;
  /** How the tool lies in the file: the file is the executable, or an archive that `tar` reads. */
  form: "executable" | "archive";
  /** Folder inside the archive whose files are installed. */
  folder?: string;
  /** SHA-256 in hex of the file at `url`. */
  sha256?: string;
  /** The publisher's own checksum file (`<hex>` alone, or lines `<hex>  <file name>`), asked only where `sha256` is missing. */
  checksumUrl?: string;
}

export interface Tool {
  name: AnyToolName;
  /** The version that is downloaded or compiled, without a `v`. */
  version: string;
  /** Versions on PATH that will do: `from` inclusive, `below` exclusive, each `major.minor.patch`. */
  accepts: { from: string; below: string };
  /** Arguments that make the tool print its version. */
  versionArguments: string[];
  /** Executables that must be beside the tool or on PATH for a copy on PATH to be of use. */
  companions: string[];
  module: GoModuleName;
  /** Import path of the main package. */
  package: string;
  /** Linker flags, so that a compiled tool tells its true version. */
  linkFlags: string;
  /** It has parts in C, and is linked with them for good. Default: false. */
  hasC?: boolean;
  /** Folders of its Go module whose files are kept beside the compiled executable, in `files`. Default: none. */
  moduleFolders?: readonly string[];
  /** A package of the module that has these folders. Default: `package`. */
  folderPackage?: string;
  /** The official download, or undefined where the publisher has none for the platform or none that can be verified. */
  download(platform: Platform): Download | undefined;
}

/** Our platform in Go's words. */
export function currentPlatform(): Platform {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  return { os, arch };
}
