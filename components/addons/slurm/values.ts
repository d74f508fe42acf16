/** What the charts are given. Pure. */
import type { NodeGroupStatus } from "../../cluster";
import { hasWorkers, servicePlace, type NodeFacts } from "../groups";
import { controlPlaneNodes, onAnyNode, onControlPlanes, onNodesWith, type Toleration } from "../in-cluster";

export interface SlurmSettings {
  clusterName: string;
  storageClass: string | undefined;
  /** Volumes of that class can be on many nodes at once. */
  isShared: boolean;
  /** Class of volumes that one node has at a time, the control plane's too; undefined: none is known. It is the cluster's default. */
  blockClass: string | undefined;
  /** A claim `slurmHomes`, which many nodes can have at once, is there. */
  hasHomes: boolean;
  groups: readonly Pick<
    NodeGroupStatus,
    "name" | "gpus" | "gpuResources" | "role" | "minSize" | "maxSize" | "taints"
  >[];
  facts: NodeFacts | undefined;
  login: { sshAuthorizedKeys: readonly string[]; serviceType: string } | undefined;
  /** `passwordMark`: another one with each password. */
  accounting: { host: string; port: number; database: string; username: string; passwordMark: string } | undefined;
}

/** Where the chart's objects are, and what their names begin with. */
export const slurmNamespace = "slurm";

/** Secrets that are made beside the charts, and the entry of each. */
export const slurmSecrets = {
  auth: { name: "slurm-auth-slurm", key: "slurm.key" },
  jwt: { name: "slurm-auth-jwt", key: "jwt.key" },
  accounting: { name: "slurm-accounting-password", key: "password" },
} as const;

/** The claim of what the login node and Slurm's nodes have in common: a job's output is written where the job runs. */
export const slurmHomes = "homes";
const homeVolumes = [{ name: slurmHomes, persistentVolumeClaim: { claimName: slurmHomes } }];
const homeMounts = [{ name: slurmHomes, mountPath: "/home" }];

/** What follows logs beside Slurm's daemons; the chart would take whatever is the latest. */
const alpine = { image: { repository: "docker.io/library/alpine", tag: "3.22" } };

/** Reference: helm/slurm-operator/values.yaml of SlinkyProject/slurm-operator, v1.2.1. */
export const operatorValues = {
  operator: { tolerations: onAnyNode },
  // Left to itself it is asked before any pod of the cluster goes to a node, which waits for it while its own machine is silent.
  webhook: { tolerations: onAnyNode, namespaces: slurmNamespace },
  // The chart makes its webhooks' certificate, for ten years and anew with each version.
  certManager: { enabled: false },
};

/** Reference: helm/slurm/values.yaml of SlinkyProject/slurm-operator, v1.2.1. */
export function slurmValues(settings: SlurmSettings) {
  const { clusterName, storageClass, isShared, hasHomes, groups, facts, login, accounting } = settings;
  const place = (hasSharedFiles: boolean) => servicePlace(groups, facts, hasSharedFiles);
  const workers = groups.filter(hasWorkers);
  return {
    clusterName,
    slurmKey: { create: false, secretRef: slurmSecrets.auth },
    jwtKey: { create: false, secretRef: slurmSecrets.jwt },
    // By the vendor's own library, of which Slurm has those of both.
    configFiles: { "gres.conf": `AutoDetect=${workers.some(hasAmd) ? "rsmi" : "nvidia"}` },
    controller: {
      logfile: alpine,
      persistence: {
        accessModes: [isShared ? "ReadWriteMany" : "ReadWriteOnce"],
        ...(storageClass !== undefined && { storageClassName: storageClass }),
      },
      podSpec: controllerPlace(settings, place(isShared)),
    },
    restapi: { podSpec: { tolerations: place(false) } },
    ...(accounting && { accounting: { ...accountingOf(accounting), podSpec: { tolerations: place(false) } } }),
    ...(login && {
      loginsets: {
        login: {
          enabled: true,
          initconf: alpine,
          rootSshAuthorizedKeys: login.sshAuthorizedKeys.map((key) => key.trim()).join("\n"),
          ...(hasHomes && { login: { volumeMounts: homeMounts } }),
          podSpec: { tolerations: place(hasHomes), ...(hasHomes && { volumes: homeVolumes }) },
          service: { spec: { type: login.serviceType } },
        },
      },
    }),
    nodesetDefaults: {
      logfile: alpine,
      ...(hasHomes && { slurmd: { volumeMounts: homeMounts }, podSpec: { volumes: homeVolumes } }),
    },
    nodesets: Object.fromEntries(workers.map((group) => [group.name, nodeSet(group, facts)])),
    partitions: { all: { enabled: true } },
  };
}

/** Beside the control plane where its state is on a volume of one zone, for which a group over several zones brings no node. */
function controllerPlace({ blockClass, storageClass }: SlurmSettings, tolerations: Toleration[]) {
  if (blockClass === undefined || (storageClass ?? blockClass) !== blockClass) return { tolerations };
  return { nodeSelector: controlPlaneNodes, tolerations: [...new Set([...tolerations, onControlPlanes])] };
}

/** The operator writes the password into slurmdbd's file, and looks at it again only where the Accounting itself is another. */
function accountingOf({ passwordMark, ...database }: NonNullable<SlurmSettings["accounting"]>) {
  return {
    enabled: true,
    metadata: { annotations: { "gpu-clusters/password": passwordMark } },
    storageConfig: { ...database, passwordKeyRef: slurmSecrets.accounting },
  };
}

function hasAmd({ gpuResources }: Pick<NodeGroupStatus, "gpuResources">): boolean {
  return Object.keys(gpuResources).some((resource) => resource.startsWith("amd.com/"));
}

/**
 * As many of Slurm's nodes as the group has machines at least, each on one of its own with all of its GPUs. Not one on each machine that comes
 * (`DaemonSet`): it would take the GPUs of machines that came for other pods before these do, so that ever more come, and none of them could go again.
 */
function nodeSet(
  { name, gpus, gpuResources, minSize, taints }: SlurmSettings["groups"][number],
  { unmarked = false }: NodeFacts = {},
) {
  const [asked] = Object.values(gpuResources);
  return {
    scalingMode: "StatefulSet",
    replicas: minSize,
    ...(asked !== undefined && {
      slurmd: { resources: { limits: gpuResources } },
      // Slurm finds whole GPUs, not turns on them nor parts of them, and drains a node that it finds fewer on.
      extraConfMap: { Gres: [`gpu:${Math.min(asked, gpus)}`] },
    }),
    partition: { enabled: true },
    podSpec: {
      nodeSelector: { "kubernetes.io/os": "linux", ...(!unmarked && { "gpu-clusters/node-group": name }) },
      tolerations: onNodesWith(taints),
    },
  };
}
