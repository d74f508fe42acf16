/** What Modelplane needs of a cluster that it did not make, held against what is there. Pure. */
import type { KubernetesObject } from "./api";

export interface RequirementNode extends KubernetesObject {
  spec?: { taints?: { key: string; effect: string }[]; providerID?: string };
  status?: { allocatable?: Record<string, string>; conditions?: { type: string; status: string }[] };
}

export interface ClusterFacts {
  version: string;
  /** Names of the API groups with their versions: `resource.k8s.io/v1`. */
  groupVersions: ReadonlySet<string>;
  nodes: readonly RequirementNode[];
  /** Of type LoadBalancer. */
  balancedServices: readonly KubernetesObject[];
  /** Undefined where there is none of the name, or none is asked for. */
  storageClass: { provisioner: string } | undefined;
  /** Names of DeviceClasses. */
  deviceClasses: readonly string[];
  /** Pods that ask for devices and have not ended, of any namespace: `ml/train-0`. */
  devicePods: readonly string[];
}

export interface Requirements {
  pools: readonly string[];
  cacheStorageClass?: string | undefined;
  loadBalancers?: boolean | undefined;
}

const poolLabel = "modelplane.ai/pool";
const gpuResource = "nvidia.com/gpu";

/** Drivers whose volumes one node has at a time (their own documentation). */
const blockDrivers = new Set([
  "ebs.csi.aws.com",
  "ebs.csi.eks.amazonaws.com",
  "kubernetes.io/aws-ebs",
  "pd.csi.storage.gke.io",
  "kubernetes.io/gce-pd",
  "disk.csi.azure.com",
  "kubernetes.io/azure-disk",
  "rbd.csi.ceph.com",
  "compute.csi.nebius.cloud",
  "csi.hetzner.cloud",
  "dobs.csi.digitalocean.com",
  "openebs.io/local",
  "kubernetes.io/no-provisioner",
]);

const balancerGroups = ["metallb.io/v1beta1", "metallb.io/v1beta2", "cilium.io/v2alpha1", "kube-vip.io/v1alpha1"];
const cloudPrefixes = /^(aws|gce|azure|nebius|vultr|openstack|digitalocean|linode|hcloud|oci):/;

/** What each clash is called, by what shows it. */
const clashes: Readonly<Record<string, string>> = {
  "cert-manager.io/v1": "cert-manager",
  "gateway.envoyproxy.io/v1alpha1": "Envoy Gateway",
  "monitoring.coreos.com/v1": "kube-prometheus-stack",
  "leaderworkerset.x-k8s.io/v1": "LeaderWorkerSet",
  "nfd.k8s-sigs.io/v1alpha1": "Node Feature Discovery",
};

/** Of the cluster that Modelplane runs in, and of no other. */
const modelplaneVersion = "modelplane.ai/v1alpha1";

/** Of the chart of NVIDIA's DRA driver, and gone with it. */
const driverClass = "gpu.nvidia.com";

/** A sentence each. */
export function missingRequirements(facts: ClusterFacts, wanted: Requirements): string[] {
  return [
    ...dra(facts),
    ...wanted.pools.flatMap((pool) => poolNodes(facts, pool)),
    ...systemNode(facts),
    ...loadBalancers(facts, wanted),
    ...storage(facts, wanted),
  ];
}

/** Whether it is Modelplane's own, by another kubeconfig than the one of the control plane. */
export function ownCluster({ groupVersions }: ClusterFacts): string[] {
  return groupVersions.has(modelplaneVersion)
    ? [
        "Modelplane itself runs in it, and serves models on other clusters alone, because both install the same definitions: look to which cluster, and by " +
          "which context, the kubeconfig leads",
      ]
    : [];
}

/** What another user of the cluster shows by, and what Modelplane would install a second time: only before it has come itself. */
export function otherUsers(facts: ClusterFacts): string[] {
  return [...clashingSoftware(facts), ...workloads(facts)];
}

function workloads({ devicePods }: ClusterFacts): string[] {
  return devicePods.length === 0
    ? []
    : [
        `pods ask for GPUs already: ${devicePods.join(", ")}. Modelplane counts on being the only one that places pods on them`,
      ];
}

function clashingSoftware({ groupVersions, deviceClasses }: ClusterFacts): string[] {
  const found = Object.entries(clashes).flatMap(([version, name]) => (groupVersions.has(version) ? [name] : []));
  if (deviceClasses.includes(driverClass)) found.push("NVIDIA's DRA driver (`gpu: false` of our own clusters)");
  return found.length === 0
    ? []
    : [
        `${found.join(", ")} is in the cluster, and Modelplane installs its own: Helm refuses objects of another release. Remove it first`,
      ];
}

function dra({ version, groupVersions, nodes }: ClusterFacts): string[] {
  const offering = nodes.filter(({ status }) => Number(status?.allocatable?.[gpuResource] ?? 0) > 0).map(nameOf);
  return [
    ...(groupVersions.has("resource.k8s.io/v1")
      ? []
      : [
          `Kubernetes ${version} has no DRA (resource.k8s.io/v1), by which Modelplane hands out GPUs: 1.34 or newer has`,
        ]),
    ...(offering.length === 0
      ? []
      : [
          `a device plugin offers ${gpuResource} on ${offering.join(", ")}: Modelplane's DRA driver would hand out the same GPUs. Remove it (\`gpu: false\` ` +
            "of our own clusters)",
        ]),
  ];
}

function poolNodes({ nodes }: ClusterFacts, pool: string): string[] {
  const own = nodes.filter(({ metadata }) => metadata.labels?.[poolLabel] === pool);
  if (own.length === 0)
    return [
      `no node has the label ${poolLabel}=${pool}, which models' pods of the pool are pinned by: give it to the pool's nodes`,
    ];
  const tainted = own.flatMap((node) =>
    keepingAway(node)
      .filter(({ key }) => key !== gpuResource)
      .map(({ key }) => `${nameOf(node)} (${key})`),
  );
  return tainted.length === 0
    ? []
    : [`models tolerate no taint but ${gpuResource}, and pool ${pool} has others: ${tainted.join(", ")}`];
}

function systemNode({ nodes }: ClusterFacts): string[] {
  const isFree = (node: RequirementNode) =>
    keepingAway(node).length === 0 &&
    node.metadata.labels?.[poolLabel] === undefined &&
    node.metadata.labels?.["nvidia.com/gpu.present"] !== "true";
  return nodes.some(isFree)
    ? []
    : [
        "no node is without a GPU and without a taint: the serving stack and the jobs that fetch models run on one. Add a group of one such node",
      ];
}

function loadBalancers({ nodes, groupVersions, balancedServices }: ClusterFacts, wanted: Requirements): string[] {
  const hasAddress = ({ status }: KubernetesObject) =>
    ((status as { loadBalancer?: { ingress?: unknown[] } } | undefined)?.loadBalancer?.ingress?.length ?? 0) > 0;
  const somebody =
    wanted.loadBalancers === true ||
    balancedServices.some(hasAddress) ||
    balancerGroups.some((version) => groupVersions.has(version)) ||
    nodes.some(({ spec }) => cloudPrefixes.test(spec?.providerID ?? ""));
  return somebody
    ? []
    : [
        "nothing shows who would give Services of type LoadBalancer their addresses, and Modelplane's gateway is one: install MetalLB or kube-vip, or " +
          "say `loadBalancers: true` where something else does",
      ];
}

function storage({ storageClass }: ClusterFacts, { cacheStorageClass }: Requirements): string[] {
  if (cacheStorageClass === undefined) return [];
  if (storageClass === undefined)
    return [
      `there is no StorageClass "${cacheStorageClass}" for models' weights: make one whose volumes many pods write at once`,
    ];
  return isOfDisks(storageClass.provisioner)
    ? [
        `volumes of the StorageClass "${cacheStorageClass}" (${storageClass.provisioner}) are disks of one node at a time: models' weights need ` +
          "ReadWriteMany, as files over a network have (EFS, NFS, Filestore, CephFS)",
      ]
    : [];
}

/** Rook's drivers have its namespace before their name: `rook-ceph.rbd.csi.ceph.com`. */
function isOfDisks(provisioner: string): boolean {
  return blockDrivers.has(provisioner) || provisioner.endsWith(".rbd.csi.ceph.com");
}

function keepingAway({ spec }: RequirementNode): { key: string; effect: string }[] {
  return (spec?.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule");
}

function nameOf({ metadata }: KubernetesObject): string {
  return metadata.name ?? "?";
}
