/**
 * Versions that this release was built and tested with. One table, so that an upgrade is one change.
 *
 * Kubernetes: the newest patch of each minor that was published as a Go module when the pin was made.
 */
export const kubernetesReleases: Readonly<Record<string, string>> = {
  "1.34": "1.34.4",
  "1.35": "1.35.4",
  "1.36": "1.36.3",
  "1.37": "1.37.2",
};

export const defaultKubernetesMinor = "1.37";

/** Helm chart of Cilium, from its own repository. */
export const cilium = { chart: "cilium", version: "1.20.2", repository: "https://helm.cilium.io/" } as const;

/** Images of flannel; the pair that flannel's own manifest of that release names. */
export const flannel = {
  daemon: "ghcr.io/flannel-io/flannel:v0.28.9",
  plugin: "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
} as const;

/**
 * AWS's cloud controller manager: for each minor of Kubernetes the newest release whose image is known to be published (1.36.0's
 * never was). A controller manager may be one minor older than its API server (Kubernetes' version skew policy).
 */
export const awsCloudControllerManager: { image: string; tags: Readonly<Record<string, string>> } = {
  image: "registry.k8s.io/provider-aws/cloud-controller-manager",
  tags: { "1.34": "v1.34.0", "1.35": "v1.35.0", "1.36": "v1.36.1", "1.37": "v1.36.1" },
};

/**
 * cluster-autoscaler: its minor is Kubernetes' own, and other pairs are untested by its authors; of 1.37 no image is known to be published yet,
 * so that the one before runs there.
 */
export const clusterAutoscaler: { image: string; tags: Readonly<Record<string, string>> } = {
  image: "registry.k8s.io/autoscaling/cluster-autoscaler",
  tags: { "1.29": "v1.29.5", "1.34": "v1.34.5", "1.35": "v1.35.2", "1.36": "v1.36.1", "1.37": "v1.36.1" },
};

/** What our own server runs on in clusters. */
export const nodeImage = "docker.io/library/node:22.14.0-alpine";

/** NVIDIA's device plugin, with GPU feature discovery in the same image. */
export const nvidiaDevicePlugin = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0";

/** The release that the device plugin's own chart of that version has. */
export const nodeFeatureDiscovery = "registry.k8s.io/nfd/node-feature-discovery:v0.19.0";

export const dcgmExporter = "nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless";

/** NVIDIA's GPU operator, which brings driver 595 (GPUs from Turing on) and the rest of the release above. */
export const nvidiaGpuOperator = {
  chart: "gpu-operator",
  version: "v26.7.0",
  repository: "https://helm.ngc.nvidia.com/nvidia",
} as const;

/** NVIDIA's driver for Dynamic Resource Allocation, and the oldest Kubernetes that it runs on. */
export const nvidiaDraDriver = {
  chart: "oci://registry.k8s.io/dra-driver-nvidia/charts/dra-driver-nvidia-gpu",
  version: "0.4.1",
  kubernetes: "1.34.2",
} as const;

/** With what of that release its chart would take as it is by then, or in an older version. */
export const amdGpuOperator = {
  chart: "gpu-operator-charts",
  version: "v1.5.1",
  repository: "https://rocm.github.io/gpu-operator",
  devicePlugin: "docker.io/rocm/k8s-device-plugin:1.31.0.10",
  nodeLabeller: "docker.io/rocm/k8s-device-plugin:labeller-1.31.0.10",
  metricsExporter: "docker.io/rocm/device-metrics-exporter:v1.5.1",
} as const;

/** AWS's driver for EBS with what its chart of that release (2.64.0) runs beside it. */
export const ebsCsiDriver = {
  driver: "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.64.0",
  provisioner: "public.ecr.aws/csi-components/csi-provisioner:v6.3.0-eksbuild.4",
  attacher: "public.ecr.aws/csi-components/csi-attacher:v4.12.0-eksbuild.5",
  resizer: "public.ecr.aws/csi-components/csi-resizer:v2.2.1-eksbuild.3",
  registrar: "public.ecr.aws/csi-components/csi-node-driver-registrar:v2.17.0-eksbuild.5",
  livenessProbe: "public.ecr.aws/csi-components/livenessprobe:v2.19.0-eksbuild.5",
} as const;

/** AWS's driver for EFS, v3.4.1. */
export const efsCsiDriver = {
  chart: "aws-efs-csi-driver",
  version: "4.4.1",
  repository: "https://kubernetes-sigs.github.io/aws-efs-csi-driver/",
} as const;

/** Kubernetes' driver for NFS. */
export const nfsCsiDriver = {
  chart: "csi-driver-nfs",
  version: "4.13.4",
  repository: "https://raw.githubusercontent.com/kubernetes-csi/csi-driver-nfs/master/charts",
} as const;

/** Ray's operator, with the definitions of that release. */
export const kuberayOperator = {
  chart: "kuberay-operator",
  version: "1.7.0",
  repository: "https://ray-project.github.io/kuberay-helm/",
} as const;

/** Zero to JupyterHub, with JupyterHub 5.5. */
export const jupyterhub = {
  chart: "jupyterhub",
  version: "4.4.0",
  repository: "https://hub.jupyter.org/helm-chart/",
} as const;

const slinky = "oci://ghcr.io/slinkyproject/charts";

/** SchedMD's operator for Slurm, its definitions, and Slurm 26.05 by it. */
export const slurmOperatorDefinitions = { chart: `${slinky}/slurm-operator-crds`, version: "1.2.1" } as const;
export const slurmOperator = { chart: `${slinky}/slurm-operator`, version: "1.2.1" } as const;
export const slurm = { chart: `${slinky}/slurm`, version: "1.2.1" } as const;

/** vCluster, which runs tenants' control planes. Its default image is the one that has private nodes. */
export const vcluster = { chart: "vcluster", version: "0.36.1", repository: "https://charts.loft.sh" } as const;

/** Makes volumes of a path that every node has. */
export const localPathProvisioner = {
  image: "docker.io/rancher/local-path-provisioner:v0.0.37",
  helper: "docker.io/library/busybox:1.37.0",
} as const;

/**
 * What is to be said of a version that is asked for where the control plane runs another; undefined: nothing. Patches count only where one is
 * named. Reference: Kubernetes' version skew policy.
 */
export function otherVersion(asked: string, running: string): string | undefined {
  const [wanted, real] = [asked, running].map((version) => version.replace(/^v/, "")) as [string, string];
  const named = wanted.split(/[.-]/).length;
  if (real.split(/[.-]/).slice(0, named).join(".") === wanted.split(/[.-]/).join(".")) return undefined;
  const stays = `${asked} changes nothing here: the control plane runs ${real}, and new nodes get that`;
  if (byVersion(wanted, real) < 0)
    return `${stays}. Kubernetes does not go back to an older version; set it to ${real.split(".").slice(0, 2).join(".")}`;
  return (
    `${stays}. Upgrade the control plane's machines with kubeadm, one minor after the other, then run \`pulumi up --refresh\`: nodes that are made from ` +
    "then on get the new version. Those that are there keep theirs, which may be three minors older"
  );
}

/** Natural order, so that 1.9 comes before 1.10. */
const byVersion = new Intl.Collator("en", { numeric: true }).compare;

export function isOlder(version: string, than: string): boolean {
  return byVersion(version.replace(/^v/, ""), than) < 0;
}

/** The full version for a minor (`1.37`) or a full version (`1.37.2`); undefined when we do not support it. */
export function resolveKubernetesVersion(version: string, preReleases: boolean): string | undefined {
  const match = /^v?(\d+\.\d+)(?:\.(\d+)(-(?:alpha|beta|rc)\.\d+)?)?$/.exec(version);
  const minor = match?.[1];
  if (!minor) {
    return undefined;
  }
  const full = version.replace(/^v/, "");
  if (match[3]) {
    return preReleases ? full : undefined;
  }
  if (!(minor in kubernetesReleases)) {
    return undefined;
  }
  return match[2] === undefined ? kubernetesReleases[minor] : full;
}

/** The version that a cluster's arguments ask for; undefined: there is no such one. */
export function askedKubernetesVersion({
  kubernetesVersion = defaultKubernetesMinor,
  devMode = false,
}: {
  kubernetesVersion?: string | undefined;
  devMode?: boolean | undefined;
}): string | undefined {
  return resolveKubernetesVersion(kubernetesVersion, devMode);
}
