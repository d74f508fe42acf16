import type {
  AnyToolName,
  BenchToolName,
  Download,
  NodeToolName,
  OperatorToolName,
  Platform,
  PluginToolName,
  ServiceToolName,
  TestToolName,
  Tool,
  ToolName,
} from "./tool";

const kubernetesVersion = "1.37.2";
const pulumiVersion = "3.255.0";
const etcdVersion = "3.7.3";
const kwokVersion = "0.8.0";
// What `kubeadm config images list` of our Kubernetes asks for.
const corednsVersion = "1.14.6";
const containerdVersion = "2.4.2";
const cloudProviderAwsVersion = "1.36.2";
const flannelVersion = "0.28.10";
const cniPluginsVersion = "0.9.1";
const karpenterVersion = "1.14.1";
const kuberayVersion = "1.5.0";
const clusterApiVersion = "1.14.2";
// The newest that is to be had as a module.
const slurmOperatorVersion = "1.1.0";
// The module's newest, which its releases are not made from any more.
const pulumiKubernetesVersion = "4.0.0-20260115033456-f47bc2d6f199";
// Later ones of 1.21 do not compile outside their own repository.
const vaultVersion = "1.21.0";

/**
 * Checksums of the publishers' files. A file without a pin here is verified against the publisher's own checksum
 * file, fetched over HTTPS; without either it is not downloaded but compiled, which go.sum verifies.
 */
const pins: Record<string, string> = {
  [`pulumi ${pulumiVersion} linux/amd64`]: "cf559568e2c32f7fae56ea3de8ae5fa48973ba8c5aa9dd2b3dc0c8898fe50dba",
  [`pulumi ${pulumiVersion} linux/arm64`]: "699fbc6ea848d997e9b3645487f108d27b1b55ec807c7576406131e6e080f0e3",
  [`kwok ${kwokVersion} linux/amd64`]: "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
  [`kwok ${kwokVersion} linux/arm64`]: "628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37",
  [`kwok ${kwokVersion} darwin/arm64`]: "69a064ec98d37844d9d742b5b28ff57825659a983ccc3e208daa6948b94d64ba",
};

function pinOf(tool: string, version: string, platform: Platform): string | undefined {
  return pins[`${tool} ${version} ${platform.os}/${platform.arch}`];
}

const versionArguments: Partial<Record<AnyToolName, string[]>> = {
  kubectl: ["version", "--client"],
  kubeadm: ["version", "-o", "short"],
};

function kubernetesTool(name: AnyToolName, accepts: Tool["accepts"]): Tool {
  const variables = {
    gitVersion: `v${kubernetesVersion}`,
    gitMajor: kubernetesVersion.split(".")[0],
    gitMinor: kubernetesVersion.split(".")[1],
    gitTreeState: "clean",
  };
  // client-go keeps a copy of the version, which it sends as the user agent.
  const linkFlags = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((package_) =>
    Object.entries(variables).map(([variable, value]) => `-X ${package_}.${variable}=${value}`),
  );
  return {
    name,
    version: kubernetesVersion,
    accepts,
    versionArguments: versionArguments[name] ?? ["--version"],
    companions: [],
    module: "kubernetes",
    package: `k8s.io/kubernetes/cmd/${name}`,
    linkFlags: ["-s -w", ...linkFlags].join(" "),
    download: (platform): Download => {
      const url = `https://dl.k8s.io/v${kubernetesVersion}/bin/${platform.os}/${platform.arch}/${name}`;
      return {
        url,
        form: "executable",
        sha256: pinOf(name, kubernetesVersion, platform),
        checksumUrl: `${url}.sha256`,
      };
    },
  };
}

// The simulator's control planes run one minor; kubectl may be one older or newer (Kubernetes' version skew policy).
const servers = { from: "1.37.0", below: "1.38.0" };
const clients = { from: "1.36.0", below: "1.39.0" };
// A machine image holds exactly the version that node documents ask for.
const exactly = { from: kubernetesVersion, below: "1.37.3" };

const pulumi: Tool = {
  name: "pulumi",
  version: pulumiVersion,
  accepts: { from: "3.220.0", below: "4.0.0" },
  versionArguments: ["version"],
  companions: ["pulumi-language-nodejs"],
  module: "pulumi",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  linkFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`,
  download: (platform) => {
    const arch = platform.arch === "amd64" ? "x64" : platform.arch;
    return {
      url: `https://get.pulumi.com/releases/sdk/pulumi-v${pulumiVersion}-${platform.os}-${arch}.tar.gz`,
      form: "archive",
      folder: "pulumi",
      sha256: pinOf("pulumi", pulumiVersion, platform),
      checksumUrl: `https://get.pulumi.com/releases/sdk/pulumi-${pulumiVersion}-checksums.txt`,
    };
  },
};

const etcd: Tool = {
  name: "etcd",
  version: etcdVersion,
  accepts: { from: "3.6.0", below: "4.0.0" },
  versionArguments: ["--version"],
  companions: [],
  module: "etcd",
  package: "go.etcd.io/etcd/server/v3",
  linkFlags: "-s -w",
  download: (platform) => {
    const release = `https://github.com/etcd-io/etcd/releases/download/v${etcdVersion}`;
    const folder = `etcd-v${etcdVersion}-${platform.os}-${platform.arch}`;
    return {
      url: `${release}/${folder}.${platform.os === "linux" ? "tar.gz" : "zip"}`,
      form: "archive",
      folder,
      sha256: pinOf("etcd", etcdVersion, platform),
      checksumUrl: `${release}/SHA256SUMS`,
    };
  },
};

const kwok: Tool = {
  name: "kwok",
  version: kwokVersion,
  accepts: { from: "0.7.0", below: "0.9.0" },
  versionArguments: ["--version"],
  companions: [],
  module: "kwok",
  package: "sigs.k8s.io/kwok/cmd/kwok",
  linkFlags: "-s -w",
  download: (platform) => {
    // kwok publishes no checksum files: only pinned platforms are downloaded.
    const sha256 = pinOf("kwok", kwokVersion, platform);
    const url = `https://github.com/kubernetes-sigs/kwok/releases/download/v${kwokVersion}/kwok-${platform.os}-${platform.arch}`;
    return sha256 === undefined ? undefined : { url, form: "executable", sha256 };
  },
};

const coredns: Tool = {
  name: "coredns",
  version: corednsVersion,
  accepts: { from: "1.12.0", below: "2.0.0" },
  versionArguments: ["-version"],
  companions: [],
  module: "coredns",
  package: "github.com/coredns/coredns",
  linkFlags: "-s -w",
  // The publisher's archives have no folder and no checksum file of a name that could be known here.
  download: () => undefined,
};

function containerdTool(name: AnyToolName): Tool {
  return {
    name,
    version: containerdVersion,
    // A distribution's own needs libraries that the machine image may have in another version.
    accepts: { from: containerdVersion, below: "2.4.3" },
    versionArguments: [name === "containerd-shim-runc-v2" ? "-v" : "--version"],
    companions: [],
    module: "containerd",
    package: `github.com/containerd/containerd/v2/cmd/${name}`,
    linkFlags: `-s -w -X github.com/containerd/containerd/v2/version.Version=v${containerdVersion}`,
    // Half a minute's compiling; the publisher's archive has a layout of its own.
    download: () => undefined,
  };
}

const awsCloudControllerManager: Tool = {
  name: "aws-cloud-controller-manager",
  version: cloudProviderAwsVersion,
  accepts: { from: cloudProviderAwsVersion, below: "1.37.0" },
  versionArguments: ["--version"],
  companions: [],
  module: "cloud-provider-aws",
  package: "k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager",
  linkFlags: `-s -w -X k8s.io/component-base/version.gitVersion=v${cloudProviderAwsVersion}`,
  // Published as a container image only.
  download: () => undefined,
};

const flanneld: Tool = {
  name: "flanneld",
  version: flannelVersion,
  accepts: { from: flannelVersion, below: "0.28.11" },
  versionArguments: ["--version"],
  companions: [],
  module: "flannel",
  package: "github.com/flannel-io/flannel",
  linkFlags: `-s -w -linkmode external -extldflags -static -X github.com/flannel-io/flannel/pkg/version.Version=v${flannelVersion}`,
  hasC: true,
  // Published as a container image only.
  download: () => undefined,
};

/** flannel's plugin for container runtimes, of the last release in which these plugins had it: its own module is not to be had everywhere. */
const flannelCni: Tool = {
  name: "flannel-cni",
  version: cniPluginsVersion,
  accepts: { from: cniPluginsVersion, below: "0.9.2" },
  versionArguments: [],
  companions: [],
  module: "cni-plugins",
  package: "github.com/containernetworking/plugins/plugins/meta/flannel",
  linkFlags: `-s -w -X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v${cniPluginsVersion}`,
  download: () => undefined,
};

/** Its core with kwok's nodes in the place of a cloud. */
const karpenter: Tool = {
  name: "karpenter",
  version: karpenterVersion,
  accepts: { from: karpenterVersion, below: "1.14.2" },
  versionArguments: ["--version"],
  companions: [],
  module: "karpenter",
  package: "sigs.k8s.io/karpenter/kwok",
  linkFlags: "-s -w",
  // The definitions of its objects.
  moduleFolders: ["pkg/apis/crds", "kwok/apis/crds"],
  // Not published.
  download: () => undefined,
};

/** Pulumi's own Kubernetes provider, where its release cannot be downloaded: who has it has the plugin, not this. */
const pulumiResourceKubernetes: Tool = {
  name: "pulumi-resource-kubernetes",
  version: pulumiKubernetesVersion,
  accepts: { from: "4.0.0", below: "4.0.1" },
  versionArguments: [],
  companions: [],
  module: "pulumi-kubernetes",
  package: "toolchain/pulumi-kubernetes",
  linkFlags: `-s -w -X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version=${pulumiKubernetesVersion}`,
  // Its schema.
  moduleFolders: ["cmd/pulumi-resource-kubernetes"],
  folderPackage: "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider",
  download: () => undefined,
};

const rayOperator: Tool = {
  name: "ray-operator",
  version: kuberayVersion,
  // It does not tell its version.
  accepts: { from: kuberayVersion, below: "1.5.1" },
  versionArguments: [],
  companions: [],
  module: "kuberay",
  package: "github.com/ray-project/kuberay/ray-operator",
  linkFlags: "-s -w",
  // Published as a container image only.
  download: () => undefined,
};

/** Its core, and its providers for kubeadm, in one command of ours: theirs are three, whose webhooks listen on every address. */
const clusterApi: Tool = {
  name: "cluster-api",
  version: clusterApiVersion,
  // It does not tell its version.
  accepts: { from: clusterApiVersion, below: "1.14.3" },
  versionArguments: [],
  companions: [],
  module: "cluster-api",
  package: "toolchain/cluster-api",
  linkFlags: "-s -w",
  // Published as container images only.
  download: () => undefined,
};

/** It is two commands: what makes pods of Slurm's kinds, and what admits these. */
function slurmOperatorTool(name: OperatorToolName, command: string): Tool {
  return {
    name,
    version: slurmOperatorVersion,
    // Neither tells its version.
    accepts: { from: slurmOperatorVersion, below: "1.1.1" },
    versionArguments: [],
    companions: [],
    module: "slurm-operator",
    package: `github.com/SlinkyProject/slurm-operator/cmd/${command}`,
    linkFlags: "-s -w",
    // Published as container images only.
    download: () => undefined,
  };
}

/** Without its pages for browsers, which only a build of its own has. */
const vault: Tool = {
  name: "vault",
  version: vaultVersion,
  // AppRole, response wrapping and KV version 2 are the same in all of them.
  accepts: { from: "1.15.0", below: "3.0.0" },
  versionArguments: ["version"],
  companions: [],
  module: "vault",
  package: "github.com/hashicorp/vault",
  linkFlags: "-s -w",
  // The publisher's are zip files, which not every tar reads.
  download: () => undefined,
};

/** Every tool, keyed by its name. */
export const catalogue: Readonly<Record<AnyToolName, Tool>> = {
  pulumi,
  etcd,
  "kube-apiserver": kubernetesTool("kube-apiserver", servers),
  "kube-controller-manager": kubernetesTool("kube-controller-manager", servers),
  "kube-scheduler": kubernetesTool("kube-scheduler", servers),
  kubectl: kubernetesTool("kubectl", clients),
  kwok,
  kubeadm: kubernetesTool("kubeadm", exactly),
  kubelet: kubernetesTool("kubelet", exactly),
  "kube-proxy": kubernetesTool("kube-proxy", exactly),
  coredns,
  containerd: containerdTool("containerd"),
  "containerd-shim-runc-v2": containerdTool("containerd-shim-runc-v2"),
  ctr: containerdTool("ctr"),
  "aws-cloud-controller-manager": awsCloudControllerManager,
  flanneld,
  "flannel-cni": flannelCni,
  karpenter,
  "ray-operator": rayOperator,
  "cluster-api": clusterApi,
  "slurm-operator": slurmOperatorTool("slurm-operator", "manager"),
  "slurm-operator-webhook": slurmOperatorTool("slurm-operator-webhook", "webhook"),
  "pulumi-resource-kubernetes": pulumiResourceKubernetes,
  vault,
};

/** What the command line and the tests need, in the order in which missing ones are made: the quick ones first. */
export const toolNames: readonly ToolName[] = [
  "etcd",
  "kwok",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubectl",
  "pulumi",
];

export const nodeToolNames: readonly NodeToolName[] = [
  ...(["kubeadm", "kubelet", "kube-proxy", "coredns"] as const),
  ...(["containerd", "containerd-shim-runc-v2", "ctr"] as const),
];

export const testToolNames: readonly TestToolName[] = ["flannel-cni", "flanneld", "aws-cloud-controller-manager"];

export const benchToolNames: readonly BenchToolName[] = ["karpenter"];
export const pluginToolNames: readonly PluginToolName[] = ["pulumi-resource-kubernetes"];
export const operatorToolNames: readonly OperatorToolName[] = [
  ...(["ray-operator", "cluster-api"] as const),
  ...(["slurm-operator", "slurm-operator-webhook"] as const),
];
export const serviceToolNames: readonly ServiceToolName[] = ["vault"];
